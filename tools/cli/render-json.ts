import { type LatchkeyError, toLatchkeyError } from "../../protocol/errors.ts";
import type { Sink } from "./context.ts";
import type { CliEvent } from "./event.ts";
import type { Renderer } from "./renderer.ts";

/** One JSON object per line; the shape is the event's own. */
export function jsonRenderer(stdout: Sink): Renderer {
  const print = (value: object): void => stdout.write(`${JSON.stringify(value, withoutBytes)}\n`);
  let time: string | undefined;
  const serial = new SerialLines((text) => {
    print({ type: "serial", ...(time === undefined ? {} : { time }), text });
  });
  return {
    event: (event: CliEvent) => {
      if (event.type === "serial") {
        time = event.time;
        serial.add(event.text);
      } else if (event.type === "reading") print({ type: "reading", ...event.reading });
      else if (event.type === "item") print({ type: event.kind, ...event.item });
      else if (event.type !== "view") print(event.type === "sim" ? event.event : event);
    },
    error: (error: unknown, verbose: boolean) => {
      const typed: LatchkeyError = toLatchkeyError(error);
      serial.flush();
      const cause = verbose ? { stack: String((error as Error).stack) } : {};
      print({ type: "error", ...typed.toJSON(), ...cause });
    },
    end: (exitCode: number) => {
      serial.flush();
      print({ type: "end", exitCode });
    },
  };
}

/** A serial port gives a few bytes at a time; a program wants `{"state":…}` in one piece. */
class SerialLines {
  readonly #say: (line: string) => void;
  #rest = "";

  constructor(say: (line: string) => void) {
    this.#say = say;
  }

  add(text: string): void {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) this.#say(line.replace(/\r$/, ""));
  }

  /** What came without an end of line, such as a prompt. */
  flush(): void {
    if (this.#rest !== "") this.#say(this.#rest);
    this.#rest = "";
  }
}

/** An image is in its file; its size is enough here. */
function withoutBytes(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? { bytes: value.length } : value;
}
