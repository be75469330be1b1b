import { LatchkeyError } from "../protocol/errors.ts";
import type { HttpAnswer } from "./cli/context.ts";

/** GET as text, redirects not followed. @throws network-failed, network-timeout */
export async function fetchText(
  url: string,
  { timeoutMs }: { timeoutMs: number },
): Promise<HttpAnswer> {
  const signal = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, { signal, redirect: "manual" });
    const headers = Object.fromEntries(response.headers);
    return { status: response.status, headers, body: await response.text() };
  } catch (error) {
    const late = error instanceof Error && error.name === "TimeoutError";
    const cause = (error as Error).cause ?? error;
    throw new LatchkeyError(late ? "network-timeout" : "network-failed", { cause });
  }
}
