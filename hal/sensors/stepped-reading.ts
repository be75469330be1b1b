import { LatchkeyError, toLatchkeyError } from "../../protocol/errors.ts";
import { delay, type Timing } from "../timing.ts";

/** The steps of one reading: each yields for how many ms nothing is to be done. */
export type ReadingSteps<Sample> = Generator<number, Sample, void>;

/**
 * One description of how a reading is taken, for both ways to ask for it:
 *
 * ```
 * measure()   step … wait … step … wait … step → sample        from the event loop
 * sample()    step │ sample() → undefined │ sample() → sample   by whoever polls
 * ```
 * A driver writes its steps as a generator that yields where the chip needs time. No step keeps
 * the event loop for longer than its own transfers.
 */
export class SteppedReading<Sample extends object> {
  readonly #begin: () => ReadingSteps<Sample>;
  readonly #timing: Timing;
  #steps: ReadingSteps<Sample> | undefined;
  #dueMs = 0;
  #measuring = false;
  #closed = false;

  constructor(begin: () => ReadingSteps<Sample>, timing: Timing) {
    this.#begin = begin;
    this.#timing = timing;
  }

  /** Goes on as far as it can without waiting. @throws what the steps throw; busy, cancelled */
  sample(): Sample | undefined {
    if (this.#measuring) throw new LatchkeyError("busy");
    this.#assertOpen();
    while (this.#timing.clock.monotonicMs() >= this.#dueMs) {
      this.#steps ??= this.#begin();
      const step = this.#next(this.#steps);
      if (step.done === true) return step.value;
      this.#dueMs = this.#timing.clock.monotonicMs() + step.value;
    }
    return undefined;
  }

  /** A reading that begins now. @throws what the steps throw; busy, cancelled */
  async measure(): Promise<Sample> {
    if (this.#measuring) throw new LatchkeyError("busy");
    this.#measuring = true;
    try {
      this.#steps = this.#begin();
      for (;;) {
        this.#assertOpen();
        const step = this.#next(this.#steps);
        if (step.done === true) return step.value;
        // Timers of the device count whole milliseconds.
        await delay(this.#timing.timer, Math.ceil(step.value));
      }
    } finally {
      this.#measuring = false;
    }
  }

  /** A reading under way ends with `cancelled`. */
  close(): void {
    this.#closed = true;
  }

  /** Forgets a reading that `sample` has begun. @throws busy while `measure` is under way */
  restart(): void {
    if (this.#measuring) throw new LatchkeyError("busy");
    this.#steps = undefined;
    this.#dueMs = 0;
  }

  #next(steps: ReadingSteps<Sample>): IteratorResult<number, Sample> {
    let done = true;
    try {
      const step = steps.next();
      done = step.done === true;
      return step;
    } catch (error) {
      throw toLatchkeyError(error);
    } finally {
      if (done) {
        this.#steps = undefined;
        this.#dueMs = 0;
      }
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw new LatchkeyError("cancelled", { message: "the sensor was closed" });
  }
}
