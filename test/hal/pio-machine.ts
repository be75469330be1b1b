/** One instruction of a `.pio` source: words, and cycles to wait after it. */
interface Instruction {
  readonly words: readonly string[];
  readonly delay: number;
}

/**
 * A state machine of the RP2350's PIO that executes the source of a program, one instruction and
 * its delay in a cycle each (RP2350 datasheet §11.4), as far as programs of ours use it. Written
 * from the data sheet; what it does not know is an error.
 */
export class PioMachine {
  readonly #program: readonly Instruction[];
  readonly #labels: ReadonlyMap<string, number>;
  readonly #pin: (cycle: number) => boolean;
  readonly #transmit: number[];
  readonly received: number[] = [];
  /** Cycle of every change of the pin's direction. */
  readonly directions: { cycle: number; output: boolean }[] = [];
  cycle = 0;
  flagged = false;
  #at = 0;
  #x = 0;
  #y = 0;
  #isr = 0;
  #osr = 0;

  /** @param pin level at a cycle */
  constructor(source: string, transmit: readonly number[], pin: (cycle: number) => boolean) {
    const { program, labels } = assemble(source);
    this.#program = program;
    this.#labels = labels;
    this.#transmit = [...transmit];
    this.#pin = pin;
  }

  /** Until the flag is raised, or the cycle is reached. */
  runUntil(cycle: number): void {
    while (!this.flagged && this.cycle < cycle) this.#step();
  }

  /** Until the pin is an input again. */
  runUntilReleased(): void {
    while (this.directions.at(-1)?.output !== false) this.#step();
  }

  #step(): void {
    const { words, delay } = this.#program[this.#at]!;
    const [name, ...operands] = words;
    let next = (this.#at + 1) % this.#program.length;
    if (name === "jmp") next = this.#jump(operands, next);
    else if (name === "mov") this.#move(operands[0]!, operands[1]!);
    else if (name === "pull") this.#osr = this.#pulled();
    else if (name === "push") this.received.push(this.#isr);
    else if (name === "set" && operands[0] === "pindirs")
      this.directions.push({ cycle: this.cycle + 1, output: operands[1] === "1" });
    else if (name === "irq") this.flagged = true;
    else throw new Error(`unknown instruction ${words.join(" ")}`);
    this.cycle += 1 + delay;
    this.#at = next;
  }

  #jump(operands: readonly string[], next: number): number {
    const target = this.#labels.get(operands.at(-1)!);
    if (target === undefined) throw new Error(`unknown label ${operands.at(-1)}`);
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

  #pulled(): number {
    const word = this.#transmit.shift();
    if (word === undefined) throw new Error("the machine waits for a word that nobody sent");
    return word;
  }
}

function assemble(source: string) {
  const program: Instruction[] = [];
  const labels = new Map<string, number>();
  for (const raw of source.split("\n")) {
    const line = raw.replace(/;.*/, "").trim();
    const label = /^(\w+):$/.exec(line)?.[1];
    if (label !== undefined) labels.set(label, program.length);
    else if (line !== "" && !line.startsWith(".")) {
      const delay = Number(/\[(\d+)\]/.exec(line)?.[1] ?? 0);
      const words = line.replace(/\[\d+\]/, "").split(/[\s,]+/);
      program.push({ words: words.filter((word) => word !== ""), delay });
    }
  }
  return { program, labels };
}
