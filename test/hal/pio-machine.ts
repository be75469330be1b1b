import { assemble, type PioSource } from "./pio-source.ts";

const WORD_BITS = 32;
const FIFO_WORDS = 4;
/**
 * A state machine of the RP2350's PIO that executes the source of a program, one instruction and
 * its delay in a cycle each (RP2350 datasheet §11.4), as far as programs of ours use it. Written
 * from the data sheet; what it does not know is an error, and so is waiting for a FIFO: our
 * programs are given all words before they start, and the space for all that they push.
 *
 * Pins are looked at, and change, at the beginning of an instruction's cycle: in the first of the
 * 15 or 150 system clocks that it is long.
 */
export class PioMachine {
  readonly #program: PioSource;
  readonly #pin: (cycle: number) => boolean;
  readonly #transmit: number[];
  readonly received: number[] = [];
  /** Cycle of every change of the pin's direction. */
  readonly directions: { cycle: number; output: boolean }[] = [];
  cycle = 0;
  flagged = false;
  #at: number;
  #x = 0;
  #y = 0;
  #isr = 0;
  #isrBits = 0;
  #osr = 0;
  #osrBits = WORD_BITS;

  /**
   * @param pin level at a cycle
   * @param entry label at which it starts; the program's first instruction unless told
   */
  constructor(
    source: string,
    transmit: readonly number[],
    pin: (cycle: number) => boolean,
    entry?: string,
  ) {
    this.#program = assemble(source);
    this.#transmit = [...transmit];
    this.#pin = pin;
    this.#at = entry === undefined ? 0 : this.#label(entry);
  }

  /** Of the next instruction, from the program's first. */
  get address(): number {
    return this.#at;
  }

  /** Whether the next instruction is that of a label. */
  isAt(label: string): boolean {
    return this.#at === this.#label(label);
  }

  /** Until the flag is raised, or the cycle is reached. */
  runUntil(cycle: number): void {
    while (!this.flagged && this.cycle < cycle) this.step();
  }

  /** Until the pin is an input again. */
  runUntilReleased(): void {
    while (this.directions.at(-1)?.output !== false) this.step();
  }

  /** One instruction with its delay. */
  step(): void {
    const { words, delay } = this.#program.instructions[this.#at]!;
    const [name, ...operands] = words;
    let next = (this.#at + 1) % this.#program.instructions.length;
    if (name === "jmp") next = this.#jump(operands, next);
    else if (name === "mov") this.#move(operands[0]!, operands[1]!);
    else if (name === "pull") this.#osr = this.#pulled();
    else if (name === "push") this.#push();
    else if (name === "in") this.#in(operands);
    else if (name === "out") this.#out(operands);
    else if (name === "set") this.#set(operands[0]!, Number(operands[1]));
    else if (name === "irq") this.flagged = true;
    else if (name !== "nop") throw new Error(`unknown instruction ${words.join(" ")}`);
    if (name !== "out") this.#refill();
    this.cycle += 1 + delay;
    this.#at = next;
  }

  #label(name: string): number {
    const at = this.#program.labels.get(name);
    if (at === undefined) throw new Error(`unknown label ${name}`);
    return at;
  }

  #jump(operands: readonly string[], next: number): number {
    const target = this.#label(operands.at(-1)!);
    const condition = operands.length === 1 ? "" : operands[0];
    if (condition === "") return target;
    if (condition === "pin") return this.#pin(this.cycle) ? target : next;
    // Tested before it is counted down.
    const value = condition === "x--" ? this.#x : this.#y;
    const less = (value - 1) >>> 0;
    if (condition === "x--") this.#x = less;
    else if (condition === "y--") this.#y = less;
    else throw new Error(`unknown condition ${condition}`);
    return value === 0 ? next : target;
  }

  #move(to: string, from: string): void {
    const value = { x: this.#x, y: this.#y, osr: this.#osr }[from];
    if (value === undefined) throw new Error(`unknown source ${from}`);
    if (to === "x") this.#x = value;
    else if (to === "y") this.#y = value;
    else if (to === "isr") this.#isr = value;
    else throw new Error(`unknown destination ${to}`);
  }

  #set(to: string, value: number): void {
    if (!Number.isInteger(value) || value < 0 || value > 31) throw new Error(`sets ${value}`);
    if (to === "x") this.#x = value;
    else if (to === "y") this.#y = value;
    else if (to === "pindirs") this.#direct(value);
    else throw new Error(`sets ${to}`);
  }

  #direct(output: number): void {
    this.directions.push({ cycle: this.cycle, output: (output & 1) === 1 });
  }

  /** `in pins, n`: the pin is the lowest of the bits, the others are not wired. */
  #in([from, count]: readonly string[]): void {
    if (from !== "pins" || count !== "1") throw new Error(`takes ${count} of ${from}`);
    const bit = this.#pin(this.cycle) ? 1 : 0;
    const { isRight, auto } = this.#program.in;
    this.#isr = (isRight ? (this.#isr >>> 1) | (bit << 31) : (this.#isr << 1) | bit) >>> 0;
    this.#isrBits = Math.min(WORD_BITS, this.#isrBits + 1);
    if (auto !== undefined && this.#isrBits >= auto) this.#push();
  }

  #out([to, bits]: readonly string[]): void {
    const { isRight, auto } = this.#program.out;
    const count = Number(bits);
    if (!isRight || auto === undefined) throw new Error("shifts out to the left, or pulls");
    if (this.#osrBits >= auto) {
      // Nothing had time to refill it: the instruction waits for a cycle.
      this.#osr = this.#pulled();
      this.#osrBits = 0;
      this.cycle++;
    }
    const value = count === WORD_BITS ? this.#osr : this.#osr & ((1 << count) - 1);
    this.#osr = count === WORD_BITS ? 0 : this.#osr >>> count;
    this.#osrBits += count;
    if (to === "y") this.#y = value;
    else if (to === "x") this.#x = value;
    else if (to === "pindirs") this.#direct(value);
    else throw new Error(`shifts out to ${to}`);
  }

  /** Autopull, in every cycle of another instruction than OUT. */
  #refill(): void {
    const { auto } = this.#program.out;
    if (auto === undefined || this.#osrBits < auto || this.#transmit.length === 0) return;
    this.#osr = this.#pulled();
    this.#osrBits = 0;
  }

  #push(): void {
    // A capture has a DMA channel behind its FIFO; what pushes by itself has not.
    if (this.#program.in.auto !== undefined && this.received.length === FIFO_WORDS)
      throw new Error("the FIFO is full");
    this.received.push(this.#isr);
    this.#isr = 0;
    this.#isrBits = 0;
  }

  #pulled(): number {
    const word = this.#transmit.shift();
    if (word === undefined) throw new Error("the machine waits for a word that nobody sent");
    return word;
  }
}
