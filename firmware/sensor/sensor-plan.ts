import type { PlausibleOptions } from "../../hal/sensors/plausible.ts";
import type { OpenSensorFactory, SensorDriver } from "./sensor-driver.ts";

/** When a value of one quantity is worth telling. */
export interface QuantityFilter {
  /** Not told before it has moved by this much since it was told last. */
  readonly delta?: number;
  /** Crossing it is told, and sent, at once. */
  readonly above?: number;
  readonly below?: number;
}

/** One sensor of the node as it was configured. */
export interface SensorPlan {
  readonly name: string;
  readonly platform: string;
  readonly intervalMs: number;
  /** The longest silence: then it tells its value, or what is wrong, in any case. */
  readonly heartbeatMs: number;
  readonly measureLimitMs: number;
  readonly filters: ReadonlyMap<string, QuantityFilter>;
  /** What each quantity is called on the wire: `temperature`, or `attic.temperature`. */
  readonly wireNames: ReadonlyMap<string, string>;
  readonly plausible: Readonly<Record<string, PlausibleOptions>>;
  readonly eventOf: SensorDriver["eventOf"];
  readonly open: OpenSensorFactory;
}
