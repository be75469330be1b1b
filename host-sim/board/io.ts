import type { IoProvider, SerialOptions } from "../../hal/ecma419.ts";
import { type DigitalBehaviour, digitalClass } from "./digital.ts";
import { i2cClass } from "./i2c.ts";
import type { I2CBus } from "./i2c-bus.ts";
import { oneWirePortClass } from "./one-wire-port.ts";
import type { Pins } from "./pins.ts";
import { pulseCaptureClass } from "./pulse-capture.ts";
import { PwmRecorder, pwmClass } from "./pwm.ts";
import { type SerialLine, serialClass } from "./serial.ts";

export interface BoardIoOptions {
  readonly pins: Pins;
  readonly buses: readonly I2CBus[];
  /** Serial lines by the board's transmit pin. */
  readonly serials?: ReadonlyMap<number, SerialLine>;
  readonly pwm?: PwmRecorder;
  readonly digital?: DigitalBehaviour;
}

/**
 * The ECMA-419 classes of one simulated board. Make a new one at every restart of the
 * microcontroller (after `Pins.releaseAll`): what the last program left open is gone then.
 * @example
 * const pins = new Pins(world);
 * const bus = new I2CBus({ world, pins, data: 4, clock: 5 });
 * const io = boardIo({ pins, buses: [bus] });
 * const i2c = new io.I2C({ data: 4, clock: 5, hz: 100_000, address: 0x24 });
 */
export function boardIo(options: BoardIoOptions): IoProvider {
  const { pins, buses, serials } = options;
  // Whoever listened before the restart does so no more.
  for (const line of serials?.values() ?? []) line.connect(undefined);
  const lineOf = (serial: SerialOptions): SerialLine | undefined =>
    serial.transmit === undefined ? undefined : serials?.get(serial.transmit);
  return {
    I2C: i2cClass(pins, buses),
    Digital: digitalClass(pins, options.digital ?? { initialValue: true }),
    Serial: serialClass(pins.world, lineOf),
    PWM: pwmClass(pins, options.pwm ?? new PwmRecorder()),
    PulseCapture: pulseCaptureClass(pins),
    OneWirePort: oneWirePortClass(pins),
  };
}
