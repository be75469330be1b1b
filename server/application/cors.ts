import { LatchkeyError } from "../../protocol/errors.ts";
import type { ServiceRequest, ServiceResponse } from "../context.ts";
import { emptyResponse } from "../response.ts";
import type { ApplicationOptions } from "./application-options.ts";

/**
 * The headers that let a page of a configured origin read the answer; none for what is no page.
 * The answer to any other page is a refusal, not only unreadable: it must cause nothing either.
 * @throws origin-refused
 */
export function corsHeaders(
  { origins }: ApplicationOptions,
  { headers }: Pick<ServiceRequest, "headers">,
): Readonly<Record<string, string>> {
  const { origin } = headers;
  if (origin === undefined) return {};
  if (!origins.includes(origin)) throw new LatchkeyError("origin-refused");
  return { "access-control-allow-origin": origin, vary: "origin" };
}

/** The answer to a browser that asks beforehand (Fetch standard, CORS-preflight). */
export function preflightResponse(cors: Readonly<Record<string, string>>): ServiceResponse {
  return emptyResponse({
    ...cors,
    "access-control-allow-methods": "POST",
    "access-control-allow-headers": "content-type",
    "access-control-max-age": "600",
  });
}
