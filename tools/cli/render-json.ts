import { type LatchkeyError, toLatchkeyError } from "../../protocol/errors.ts";
import type { Sink } from "./context.ts";
import type { CliEvent } from "./event.ts";
import type { Renderer } from "./renderer.ts";

/** One JSON object per line; the shape is the event's own. */
export function jsonRenderer(stdout: Sink): Renderer {
  const print = (value: object): void => stdout.write(`${JSON.stringify(value, withoutBytes)}\n`);
  return {
    event: (event: CliEvent) => {
      if (event.type !== "view") print(event.type === "sim" ? event.event : event);
    },
    error: (error: unknown, verbose: boolean) => {
      const typed: LatchkeyError = toLatchkeyError(error);
      const cause = verbose ? { stack: String((error as Error).stack) } : {};
      print({ type: "error", ...typed.toJSON(), ...cause });
    },
    end: (exitCode: number) => print({ type: "end", exitCode }),
  };
}

/** An image is in its file; its size is enough here. */
function withoutBytes(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? { bytes: value.length } : value;
}
