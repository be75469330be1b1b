import { parseReaderConfig } from "../../config.ts";
import { startReader } from "../../reader/reader.ts";
import type { SensorDriver } from "../../sensor/sensor-driver.ts";
import type { Product } from "./run-node.ts";

export function readerProduct(drivers: readonly SensorDriver[]): Product {
  return Object.freeze({
    name: "reader",
    parse: (json) => {
      const config = parseReaderConfig(json, drivers);
      return { config, start: (platform) => startReader(platform, config) };
    },
  } satisfies Product);
}
