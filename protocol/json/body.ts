import { fromUtf8, toUtf8 } from "../encoding/utf8.ts";
import { malformed } from "../errors.ts";
import { type JsonReader, parseObject } from "./reader.ts";

/** The bytes of a JSON object, as they are sealed. @throws malformed for what JSON cannot carry */
export function encodeBody(body: object): Uint8Array {
  let text: string | undefined;
  try {
    text = JSON.stringify(body);
  } catch {
    // A cycle or a BigInt; the engine's message is no help to whoever wrote the call.
  }
  if (text === undefined || text[0] !== "{") throw malformed("body", "not a JSON object");
  return toUtf8(text);
}

/** The object in the bytes that an envelope held. @throws malformed */
export function decodeBody(plain: Uint8Array): JsonReader {
  return parseObject(fromUtf8(plain, "body"));
}
