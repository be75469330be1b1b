import type { SimEvent } from "../../host-sim/scenario/events.ts";
import type { JsonObject } from "../../protocol/json/reader.ts";
import type { LogLine } from "../console/log-filter.ts";

/**
 * Everything a command has to say. Commands yield these and print nothing: one renderer writes
 * them for people, another as JSON lines.
 */
export type CliEvent =
  /** Something was done. */
  | { readonly type: "done"; readonly text: string; readonly fields?: Fields }
  /** Worth knowing, nothing to do. */
  | { readonly type: "note"; readonly text: string }
  /** Something is wrong that does not stop the command. */
  | { readonly type: "warning"; readonly text: string; readonly next?: string }
  /** One finding of a check-up. */
  | {
      readonly type: "check";
      readonly name: string;
      readonly state: "ok" | "warning" | "failed" | "skipped";
      readonly text: string;
      readonly next?: string;
    }
  /** How far something long has come; the last one says that it is over. */
  | { readonly type: "progress"; readonly text: string; readonly done: number; readonly of: number }
  /** What to type now. */
  | { readonly type: "next"; readonly text: string; readonly command?: string }
  /** Something that is shown once and never again, such as an admin token. */
  | { readonly type: "secret"; readonly name: string; readonly value: string }
  /** Bytes of a serial line, as text. */
  | { readonly type: "serial"; readonly text: string; readonly time?: string }
  /** An entry of a node's log. */
  | { readonly type: "log"; readonly line: LogLine; readonly time?: string }
  /** Plain text that is the result: help, version. */
  | { readonly type: "text"; readonly text: string }
  /** A table of results. */
  | { readonly type: "table"; readonly title: string; readonly rows: readonly Row[] }
  /** What a node reported, in the form of the server's answers. */
  | { readonly type: "reading"; readonly text: string; readonly reading: JsonObject }
  /** One of a list, in the form of the server's answers. */
  | {
      readonly type: "item";
      readonly kind: string;
      readonly text: string;
      readonly item: JsonObject;
    }
  /** A whole screen that replaces the one before; `undefined` gives the terminal back. */
  | { readonly type: "view"; readonly text: string | undefined }
  /** What the simulator reports. */
  | { readonly type: "sim"; readonly event: SimEvent };

export type Fields = Readonly<Record<string, string | number | boolean | undefined>>;
export type Row = readonly [label: string, value: string];
