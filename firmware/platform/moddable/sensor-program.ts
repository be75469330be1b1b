import { parseSensorNodeConfig } from "../../sensor/sensor-config.ts";
import { startSensorNode } from "../../sensor/sensor-node.ts";
import { IMAGE_DRIVERS } from "./image-drivers.ts";
import type { Product } from "./run-node.ts";

export * from "./image-program.ts";

/** A node that measures. */
export const product: Product = Object.freeze({
  name: "sensor",
  parse: (json) => ({
    config: parseSensorNodeConfig(json, IMAGE_DRIVERS),
    start: (platform) => startSensorNode(platform, JSON.parse(json), { drivers: IMAGE_DRIVERS }),
  }),
} satisfies Product);
