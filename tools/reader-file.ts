import { isAbsolute, join } from "node:path";
import { readerConfig } from "../firmware/config.ts";
import type { NodeConfig } from "../firmware/node-config.ts";
import { EVERY_DRIVER } from "../firmware/sensor/drivers/every-driver.ts";
import { sensorNodeConfig } from "../firmware/sensor/sensor-config.ts";
import { LatchkeyError } from "../protocol/errors.ts";
import type { Context } from "./cli/context.ts";

/** The file that `latchkey init` writes: the configuration of one node. */
export const READER_FILE = "latchkey.json";
/** Folder of everything that Latchkey creates beside it: database, keys, the simulator's state. */
export const DATA_FOLDER = ".latchkey";
/** Database and keys of the server; the simulator's desk uses the same. */
export const SERVER_FOLDER = `${DATA_FOLDER}/server`;

export function resolvePath({ cwd }: Context, path: string): string {
  return isAbsolute(path) ? path : join(cwd, path);
}

/** What the file says, or `undefined` when there is none. @throws config-invalid */
export function readReaderFile(context: Context, path = READER_FILE) {
  const text = context.readText(resolvePath(context, path));
  return text === undefined ? undefined : parseReaderText(text, path);
}

function parseReaderText(text: string, path: string) {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    // The engine's message quotes the text, and the text holds keys: only the place is taken.
    const place = /\(line \d+ column \d+\)/.exec((cause as Error).message)?.[0] ?? "";
    throw new LatchkeyError("config-invalid", {
      message: `${path} is not JSON ${place}`.trimEnd(),
      detail: { field: path },
    });
  }
  return nodeConfig(value);
}

/** The configuration of a node of either kind, checked. @throws config-invalid */
export function nodeConfig(value: unknown): NodeConfig {
  const type = (value as { node_type?: unknown } | null)?.node_type;
  return type === "sensor"
    ? sensorNodeConfig(value, EVERY_DRIVER)
    : readerConfig(value, EVERY_DRIVER);
}
