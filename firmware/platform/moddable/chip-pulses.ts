import type { NativePulses } from "../../../hal/native/natives.ts";
import { pulseDurations, pulseRounds } from "../../../hal/native/pulse-words.ts";
import type {
  PulseCapture,
  PulseCaptureConstructor,
  PulseCaptureOptions,
} from "../../../hal/pulse-capture.ts";
import type { Timer, TimerHandle } from "../../../protocol/platform.ts";

const US_MAX = 0xffff;
const DURATIONS_MAX = 1024;
/** The hardware keeps what it measured: nothing is lost by not being told at once. */
const LOOK_MS = 2;

function assertCount(name: string, value: number, max: number): void {
  if (!Number.isInteger(value) || value < 1 || value > max) throw new RangeError(`invalid ${name}`);
}

/** `PulseCapture` by the state machines of the RP2350. */
export function chipPulses(natives: NativePulses, timer: Timer): PulseCaptureConstructor {
  return class ChipPulses implements PulseCapture {
    readonly #options: PulseCaptureOptions;
    readonly #idleRounds: number;
    #capture: number | undefined;
    #look: TimerHandle | undefined;
    #result: Uint16Array<ArrayBuffer> | undefined;

    constructor(options: PulseCaptureOptions) {
      assertCount("startUs", options.startUs, US_MAX);
      assertCount("idleUs", options.idleUs, US_MAX);
      assertCount("durationsMax", options.durationsMax, DURATIONS_MAX);
      this.#options = options;
      this.#idleRounds = pulseRounds(options.idleUs);
      // One word more: the rise after the release.
      this.#capture = natives.open(options.pin, options.durationsMax + 1);
    }

    trigger(): void {
      const capture = this.#opened();
      if (this.#look !== undefined) throw new Error("busy");
      this.#result = undefined;
      const { startUs, durationsMax, idleUs } = this.#options;
      natives.start(capture, pulseRounds(startUs), durationsMax, this.#idleRounds);
      this.#wait((startUs + idleUs) / 1000);
    }

    read(): ArrayBuffer | undefined {
      this.#opened();
      const result = this.#result;
      this.#result = undefined;
      return result?.buffer;
    }

    close(): void {
      if (this.#capture === undefined) return;
      if (this.#look !== undefined) timer.clear(this.#look);
      this.#look = undefined;
      natives.close(this.#capture);
      this.#capture = undefined;
    }

    #opened(): number {
      if (this.#capture === undefined) throw new Error("closed");
      return this.#capture;
    }

    #wait(delayMs: number): void {
      this.#look = timer.set(() => {
        const words = natives.words(this.#opened());
        if (words === undefined) {
          this.#wait(LOOK_MS);
          return;
        }
        this.#look = undefined;
        const result = pulseDurations(new Uint32Array(words), this.#idleRounds);
        this.#result = result;
        this.#options.onReadable.call(this, result.length);
      }, delayMs);
    }
  };
}
