import type { WiredFailure, WiredRequest, WiredResponse } from "../../protocol/wired/message.ts";

/** The server's own bound of a body, and room for an answer that is not ours. */
const ANSWER_MAX = 32_000;
const TIMEOUT_MAX_MS = 60_000;

/**
 * Posts a node's request to one server and nothing else: the path was checked to be an endpoint's
 * name, redirections are not followed, and two headers are all that a node can say.
 */
export async function carryRequest(
  baseUrl: string,
  { id, path, authorization, body, timeoutMs }: WiredRequest,
): Promise<WiredResponse | WiredFailure> {
  try {
    const response = await fetch(`${baseUrl}/${path}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(authorization !== "" && { authorization }),
      },
      body,
      redirect: "manual",
      signal: AbortSignal.timeout(Math.min(Math.max(timeoutMs, 1), TIMEOUT_MAX_MS)),
    });
    const text = await response.text();
    if (text.length > ANSWER_MAX) return { kind: "failure", id, reason: "network-failed" };
    const contentType = (response.headers.get("content-type") ?? "").slice(0, 100);
    return { kind: "response", id, status: response.status, contentType, body: text };
  } catch (error) {
    const late = error instanceof Error && error.name === "TimeoutError";
    return { kind: "failure", id, reason: late ? "network-timeout" : "network-failed" };
  }
}
