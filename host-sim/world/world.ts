import { EventQueue, type QueuedEvent } from "./event-queue.ts";
import { Prng } from "./prng.ts";
import { Trace } from "./trace.ts";

export interface WorldOptions {
  readonly seed: string;
  /** Resolves once no promise job is left: `() => new Promise((done) => setImmediate(done))`. */
  readonly idle: () => Promise<void>;
  readonly trace?: Trace;
}

/** One turn that is over. */
export interface WorldStep {
  readonly kind: "event" | "task";
  /** For how long the node's CPU was busy; 0 for an event of the world. */
  readonly tookUs: number;
}

/**
 * Virtual time and everything that shares it. Two kinds of things happen:
 *
 * - *events* belong to chips, cards and wires. They run exactly at their time, also while the
 *   node's CPU is stuck in a bus transfer;
 * - *tasks* belong to the node's event loop: timers, interrupts, answers from the network. They
 *   run when the CPU is free, late if it was not.
 *
 * The node's code runs inside tasks. What costs it time (a bus transfer, a signature) calls
 * `advance`, which lets the world move on meanwhile.
 */
export class World {
  readonly seed: string;
  readonly trace: Trace;
  readonly #idle: () => Promise<void>;
  readonly #events = new EventQueue();
  readonly #tasks = new EventQueue();
  readonly #streams = new Map<string, Prng>();
  readonly #onStep: ((step: WorldStep) => void)[] = [];
  #nowUs = 0;
  #order = 0;
  #inEvent = false;
  /** The longest time for which the node's event loop was stuck in one turn. */
  longestTurnUs = 0;

  constructor(options: WorldOptions) {
    this.seed = options.seed;
    this.#idle = options.idle;
    this.trace = options.trace ?? new Trace();
  }

  /** Microseconds since the world began. */
  nowUs(): number {
    return this.#nowUs;
  }

  /** The random stream of that name; the same object on every call. */
  rng(stream: string): Prng {
    let found = this.#streams.get(stream);
    if (found === undefined) {
      found = new Prng(this.seed, stream);
      this.#streams.set(stream, found);
    }
    return found;
  }

  record(source: string, text: string): void {
    this.trace.record(this.#nowUs, source, text);
  }

  /** Schedules an event of the world `delayUs` from now. */
  after(delayUs: number, run: () => void): QueuedEvent {
    return this.#schedule(this.#events, delayUs, run);
  }

  /** Schedules a task of the node's event loop `delayUs` from now. */
  task(delayUs: number, run: () => void): QueuedEvent {
    return this.#schedule(this.#tasks, delayUs, run);
  }

  /** Whether the node's code runs now, or nothing does: time may be spent. */
  get canAdvance(): boolean {
    return !this.#inEvent;
  }

  /**
   * Calls back after every event and every task with its promise jobs. What a listener throws
   * ends the run: it comes out of `step` and `run`.
   */
  onStep(listener: (step: WorldStep) => void): void {
    this.#onStep.push(listener);
  }

  cancel(event: QueuedEvent): void {
    event.cancelled = true;
  }

  /** Lets `durationUs` pass while the node's CPU is busy: events run, tasks wait. */
  advance(durationUs: number): void {
    if (this.#inEvent) throw new Error("an event of the world takes no time: schedule another");
    if (!(durationUs >= 0)) throw new RangeError(`advance by ${durationUs} µs`);
    const target = this.#nowUs + durationUs;
    for (;;) {
      const next = this.#events.peek();
      if (next === undefined || next.timeUs > target) break;
      this.#events.pop();
      this.#nowUs = Math.max(this.#nowUs, next.timeUs);
      this.#runEvent(next);
    }
    this.#nowUs = target;
  }

  /** When the next event or task is due, or `undefined` when nothing is scheduled. */
  nextUs(): number | undefined {
    const event = this.#events.peek();
    const task = this.#tasks.peek();
    if (event === undefined) return task?.timeUs;
    return task === undefined ? event.timeUs : Math.min(event.timeUs, task.timeUs);
  }

  /**
   * Runs until `done` says so (true) or the time is up (false). `done` is asked after every
   * turn. Returns at once, false, when nothing is left to happen.
   */
  async run(done: () => boolean, limitUs: number): Promise<boolean> {
    const deadline = this.#nowUs + limitUs;
    await this.#idle();
    while (!done()) {
      const next = this.nextUs();
      if (next === undefined || next > deadline) {
        this.#nowUs = Math.max(this.#nowUs, deadline);
        return false;
      }
      await this.step();
    }
    return true;
  }

  /** Lets `durationUs` pass with everything that happens in it. */
  async runFor(durationUs: number): Promise<void> {
    await this.run(() => false, durationUs);
  }

  /** Runs the next event or task, and the promise jobs that it sets free. */
  async step(): Promise<void> {
    const event = this.#events.peek();
    const task = this.#tasks.peek();
    if (event !== undefined && (task === undefined || event.timeUs <= task.timeUs)) {
      this.#events.pop();
      this.#nowUs = Math.max(this.#nowUs, event.timeUs);
      this.#runEvent(event);
      this.#stepped({ kind: "event", tookUs: 0 });
    } else if (task !== undefined) {
      this.#tasks.pop();
      this.#nowUs = Math.max(this.#nowUs, task.timeUs);
      const start = this.#nowUs;
      task.run();
      await this.#idle();
      const tookUs = this.#nowUs - start;
      this.longestTurnUs = Math.max(this.longestTurnUs, tookUs);
      this.#stepped({ kind: "task", tookUs });
    }
  }

  /** Moves virtual time forward to `nowUs` (of a wall clock) when nothing is due before it. */
  catchUp(nowUs: number): void {
    const next = this.nextUs();
    this.#nowUs = Math.max(this.#nowUs, next === undefined ? nowUs : Math.min(nowUs, next));
  }

  #stepped(step: WorldStep): void {
    for (const listener of this.#onStep) listener(step);
  }

  #runEvent(event: QueuedEvent): void {
    this.#inEvent = true;
    try {
      event.run();
    } finally {
      this.#inEvent = false;
    }
  }

  #schedule(queue: EventQueue, delayUs: number, run: () => void): QueuedEvent {
    if (!(delayUs >= 0)) throw new RangeError(`schedule in ${delayUs} µs`);
    const event = {
      timeUs: this.#nowUs + delayUs,
      order: this.#order++,
      run,
      cancelled: false,
    };
    queue.push(event);
    return event;
  }
}
