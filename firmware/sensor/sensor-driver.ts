import type { IoProvider } from "../../hal/ecma419.ts";
import type { PlausibleOptions } from "../../hal/sensors/plausible.ts";
import type { Clock, Log, Timer } from "../../protocol/platform.ts";
import type { ConfigFields } from "../config-fields.ts";
import type { Wiring } from "../wiring.ts";
import type { SharedBuses } from "./shared-buses.ts";

/**
 * What a sensor measured, by quantity. With the wire's names and units where it has one
 * (`temperature` in °C, `pressure` in hPa …: protocol/telemetry/reading.ts); other quantities are
 * words of a-z, 0-9 and `_`, 16 at most. What was not measured is absent.
 */
export type Measured = Readonly<Record<string, number | boolean>>;

/** A sensor that is configured and has its pins. */
export interface OpenSensor {
  /** @throws sensor-… and whatever else: the code of it is reported */
  measure(): Promise<Measured>;
  close(): void;
}

/** What a sensor is given when it is opened. */
export interface SensorSurroundings {
  readonly io: IoProvider;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly log: Log;
  readonly buses: SharedBuses;
  /** For parts that notice something by themselves: measures at once. Cheap to call often. */
  readonly changed: () => void;
  /** Whether the node's own lock is free, or was a moment ago; absent on a node without one. */
  readonly doorFree?: () => boolean;
}

/** Makes an open sensor; called again after a failure that may have left the part confused. */
export type OpenSensorFactory = (surroundings: SensorSurroundings) => OpenSensor;

/**
 * What the sensor application has to know of a kind of sensor: one object each, listed where the
 * program starts, so that an image carries the drivers it uses and no others.
 * @example see examples/own-sensor.ts
 */
export interface SensorDriver {
  /** What `platform` in the configuration says, ESPHome's word where it has one. */
  readonly platform: string;
  /** Names of the settings beside those that every sensor has. */
  readonly settings: readonly string[];
  /** What it can measure; each may have a filter in the configuration. */
  readonly quantities: readonly string[];
  /** Names of further settings that each quantity has. */
  readonly quantitySettings?: readonly string[];
  /** What is believed of a quantity, in the units of `Measured`; anything in range if absent. */
  readonly plausible?: Readonly<Record<string, PlausibleOptions>>;
  /**
   * What has begun or ended in a measurement and must not be lost, as one word; `undefined` when
   * nothing has. It is kept like a tap, which makes room for nothing. Be sparing: there is room
   * for some hundred of them while the network is away.
   * @param before as it was told last since boot
   */
  readonly eventOf?: (now: Measured, before: Measured | undefined) => string | undefined;
  /** The shortest `update_interval` that the part stands; 100 ms when absent. */
  readonly intervalMinMs?: number;
  /** What a measurement may take; 5 s when absent. */
  readonly measureLimitMs?: number;
  /** Reads the settings and claims the pins. @throws config-invalid */
  configure(settings: ConfigFields, wiring: Wiring): OpenSensorFactory;
}
