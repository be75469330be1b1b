import { LatchkeyError } from "../../protocol/errors.ts";
import { type JsonValue, parseValue } from "../../protocol/json/reader.ts";
import type { Context } from "../cli/context.ts";
import { resolvePath } from "../reader-file.ts";
import { GRAPH_LIMITS } from "./authority-files.ts";

/** A file that must be there. @throws file-unusable */
export function neededBytes(context: Context, path: string): Uint8Array {
  const bytes = context.readBytes(resolvePath(context, path));
  if (bytes === undefined)
    throw new LatchkeyError("file-unusable", { message: `there is no ${path}` });
  return bytes;
}

/** An identity document with its claims, from anybody: nothing in it is checked yet. */
export function readGraph(context: Context, path: string): JsonValue {
  const text = Buffer.from(neededBytes(context, path)).toString("utf8");
  return parseValue(text, path, GRAPH_LIMITS);
}
