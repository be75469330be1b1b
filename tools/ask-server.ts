import { setTimeout as sleep } from "node:timers/promises";
import { isLatchkeyError, LatchkeyError } from "../protocol/errors.ts";

const TIMEOUT_MS = 15_000;
const ATTEMPTS_MAX = 10;

/** POSTs JSON with an operator's token, redirects not followed. @throws network-failed, -timeout */
export function postWithToken(url: string, token: string, body: object): Promise<Answer> {
  return postJson(url, body, { authorization: `Bearer ${token}` });
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** POSTs JSON, redirects not followed. @throws network-failed, network-timeout */
export async function postJson(
  url: string,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Promise<Answer> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
      redirect: "manual",
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return { status: response.status, body: await response.text() };
  } catch (error) {
    const late = error instanceof Error && error.name === "TimeoutError";
    const cause = (error as Error).cause ?? error;
    throw new LatchkeyError(late ? "network-timeout" : "network-failed", { cause });
  }
}

/** Many pages come to the server's rate; it says how long to wait. */
export async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (!isLatchkeyError(error, "rate-limited") || attempt === ATTEMPTS_MAX) throw error;
      await sleep(Number(error.detail["retry_after"] ?? 1) * 1000);
    }
  }
}
