import { LatchkeyError } from "../../protocol/errors.ts";
import type { JsonObject } from "../../protocol/json/reader.ts";
import type { ServiceContext } from "../context.ts";
import { checkReadiness, requireReady } from "../readiness.ts";

/** livez: this process answers. What it depends on is no reason to end it. */
export async function reportLife(): Promise<JsonObject> {
  return { status: "alive" };
}

/**
 * readyz: whether a balancer should send requests here: stores, schema and clock are in order, and
 * it is not about to end.
 * @throws unavailable, with what is not in order as `field`
 */
export async function reportReadiness(context: ServiceContext): Promise<JsonObject> {
  if (context.isEnding())
    throw new LatchkeyError("unavailable", {
      message: "not ready: the server is about to end",
      detail: { field: "ending", retry_after: 2 },
    });
  const readiness = await checkReadiness(context);
  requireReady(readiness);
  return { status: "ready", checks: { ...readiness.checks } };
}
