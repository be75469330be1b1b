import type { Flash } from "../../firmware/platform.ts";
import type {
  DigitalOptions,
  I2COptions,
  IoProvider,
  PWMOptions,
  SerialOptions,
} from "../../hal/ecma419.ts";
import type { OneWirePortConstructor, OneWirePortOptions } from "../../hal/one-wire-port.ts";
import type { PulseCaptureConstructor, PulseCaptureOptions } from "../../hal/pulse-capture.ts";

/** Thrown at code that still runs after its power went; never seen by a living program. */
export class PowerLost extends Error {
  override readonly name = "PowerLost";
}

/** What a dead program gets for a pin: it may write to it, and nothing happens. */
const DEAD_PIN = Object.freeze({ write: () => undefined, read: () => 0, close: () => undefined });

/**
 * The power of one run of the program, from boot to cut. JavaScript cannot stop a function in the
 * middle, so what a dead program could still reach is cut off instead: what it asks for throws,
 * what it writes goes nowhere (there may be nobody left to catch an error), its callbacks stay
 * silent.
 */
export class PowerGate {
  #on = true;

  get on(): boolean {
    return this.#on;
  }

  cut(): void {
    this.#on = false;
  }

  check(): void {
    if (!this.#on) throw new PowerLost("the power is gone");
  }

  /** The callback, as long as there is power. */
  while<A extends unknown[], T>(
    callback: ((this: T, ...args: A) => void) | undefined,
  ): ((this: T, ...args: A) => void) | undefined {
    if (callback === undefined) return undefined;
    const gate = this;
    return function (this: T, ...args: A) {
      if (gate.on) callback.apply(this, args);
    };
  }

  flash(flash: Flash): Flash {
    const gate = this;
    return {
      sizeBytes: flash.sizeBytes,
      sectorBytes: flash.sectorBytes,
      pageBytes: flash.pageBytes,
      read(offset, length) {
        gate.check();
        return flash.read(offset, length);
      },
      erase(offset) {
        gate.check();
        flash.erase(offset);
        gate.check(); // cut in the middle: the program never learns how far it came
      },
      program(offset, data) {
        gate.check();
        flash.program(offset, data);
        gate.check();
      },
    };
  }

  io(io: IoProvider): IoProvider {
    const gate = this;
    const { PulseCapture, OneWirePort } = io;
    return {
      ...(PulseCapture === undefined ? {} : { PulseCapture: this.#pulseCapture(PulseCapture) }),
      ...(OneWirePort === undefined ? {} : { OneWirePort: this.#oneWirePort(OneWirePort) }),
      I2C: class extends io.I2C {
        constructor(options: I2COptions) {
          gate.check();
          super(options);
        }
        override read(...args: unknown[]): ArrayBuffer {
          gate.check();
          // biome-ignore lint/suspicious/noExplicitAny: passes every overload on as it came
          return (super.read as any)(...args);
        }
        override write(buffer: ArrayBuffer | Uint8Array, stop?: boolean): void {
          if (gate.on) super.write(buffer, stop);
        }
      },
      Digital: class extends io.Digital {
        // biome-ignore lint/correctness/noUnreachableSuper: nor takes one
        constructor(options: DigitalOptions) {
          // biome-ignore lint/correctness/noConstructorReturn: a dead program gets no pin
          if (!gate.on) return DEAD_PIN as never;
          const onReadable = gate.while(options.onReadable);
          super(onReadable === undefined ? options : { ...options, onReadable });
        }
        override write(value: number): void {
          if (gate.on) super.write(value);
        }
      },
      Serial: class extends io.Serial {
        constructor(options: SerialOptions) {
          gate.check();
          const onReadable = gate.while(options.onReadable);
          const onWritable = gate.while(options.onWritable);
          super({
            ...options,
            ...(onReadable === undefined ? {} : { onReadable }),
            ...(onWritable === undefined ? {} : { onWritable }),
          });
        }
        override write(buffer: ArrayBuffer | Uint8Array): void {
          if (gate.on) super.write(buffer);
        }
      },
      PWM: class extends io.PWM {
        // biome-ignore lint/correctness/noUnreachableSuper: nor takes one
        constructor(options: PWMOptions) {
          // biome-ignore lint/correctness/noConstructorReturn: a dead program gets no pin
          if (!gate.on) return DEAD_PIN as never;
          super(options);
        }
        override write(duty: number): void {
          if (gate.on) super.write(duty);
        }
      },
    };
  }

  #pulseCapture(PulseCapture: PulseCaptureConstructor): PulseCaptureConstructor {
    const gate = this;
    return class extends PulseCapture {
      constructor(options: PulseCaptureOptions) {
        gate.check();
        super({ ...options, onReadable: gate.while(options.onReadable)! });
      }
      override trigger(): void {
        if (gate.on) super.trigger();
      }
    };
  }

  #oneWirePort(OneWirePort: OneWirePortConstructor): OneWirePortConstructor {
    const gate = this;
    return class extends OneWirePort {
      constructor(options: OneWirePortOptions) {
        gate.check();
        super(options);
      }
      override reset(): void {
        if (gate.on) super.reset();
      }
      override write(bits: Uint8Array): void {
        if (gate.on) super.write(bits);
      }
    };
  }
}
