import type { Platform } from "../firmware/platform.ts";
import { sensorNodeConfig } from "../firmware/sensor/sensor-config.ts";
import type { SensorDriver } from "../firmware/sensor/sensor-driver.ts";
import { type SensorNodeHandle, startSensorNode } from "../firmware/sensor/sensor-node.ts";
import { NodeBoard, type NodeBoardOptions } from "./node-board.ts";
import type { SensorEntry } from "./rig/simulated-sensor.ts";

export interface SensorBoardOptions extends Omit<NodeBoardOptions, "sensors"> {
  /** The node's configuration, as JSON has it. @throws config-invalid */
  readonly config: Readonly<Record<string, unknown>>;
  readonly drivers: readonly SensorDriver[];
}

/** A complete sensor node on the desk: microcontroller, sensors, display, flash and wires. */
export class SensorBoard extends NodeBoard<SensorNodeHandle> {
  readonly #config: Readonly<Record<string, unknown>>;
  readonly #drivers: readonly SensorDriver[];

  constructor({ config, drivers, ...options }: SensorBoardOptions) {
    // Checked first: what is wired follows from it.
    const checked = sensorNodeConfig(config, drivers);
    super({ ...options, sensors: config["sensors"] as readonly SensorEntry[] }, checked);
    this.#config = config;
    this.#drivers = drivers;
  }

  get stage(): string {
    return this.handle?.stage ?? "off";
  }

  protected chipsOn(): void {}

  protected chipsOff(): void {}

  protected ownBuses(): readonly never[] {
    return [];
  }

  protected start(platform: Platform): SensorNodeHandle {
    return startSensorNode(platform, this.#config, { drivers: this.#drivers });
  }

  protected follow(handle: SensorNodeHandle, listener: () => void): void {
    handle.onStage(listener);
  }
}
