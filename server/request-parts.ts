import { malformed } from "../protocol/errors.ts";
import type { ServiceRequest } from "./context.ts";

const QUERY_LENGTH_MAX = 1024;

/** What a link on a reader's display begins with; the rest is its code. */
export const VISIT_LINK = "V";

/** The path without its slash and query; a link on a display is one path, whatever its code. */
export function normalise(path: string): string {
  const end = path.indexOf("?");
  const whole = path.slice(path.startsWith("/") ? 1 : 0, end < 0 ? undefined : end);
  return whole.startsWith(`${VISIT_LINK}/`) ? VISIT_LINK : whole;
}

/** @throws malformed */
export function queryOf({ path }: ServiceRequest): URLSearchParams {
  const start = path.indexOf("?");
  const text = start < 0 ? "" : path.slice(start + 1);
  if (text.length > QUERY_LENGTH_MAX) throw malformed("query", `longer than ${QUERY_LENGTH_MAX}`);
  return new URLSearchParams(text);
}

/**
 * Anything else is not for us, and a browser's form cannot pretend (it has no such type).
 * @throws malformed
 */
export function requireJson({ headers }: ServiceRequest): void {
  const type = (headers["content-type"] ?? "").split(";")[0]!.trim().toLowerCase();
  if (type !== "application/json") throw malformed("content-type", "not application/json");
}
