import { l76x, neo6m } from "../../sensor/drivers/gnss-drivers.ts";
import { parseSensorNodeConfig } from "../../sensor/sensor-config.ts";
import { startSensorNode } from "../../sensor/sensor-node.ts";
import { DOOR_DRIVERS } from "./door-drivers.ts";
import type { Product } from "./run-node.ts";

export * from "./image-program.ts";

const DRIVERS = Object.freeze([...DOOR_DRIVERS, l76x, neo6m]);

/** A node that measures. */
export const product: Product = Object.freeze({
  name: "sensor",
  parse: (json) => ({
    config: parseSensorNodeConfig(json, DRIVERS),
    start: (platform) => startSensorNode(platform, JSON.parse(json), { drivers: DRIVERS }),
  }),
} satisfies Product);
