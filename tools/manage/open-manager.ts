import { setTimeout as sleep } from "node:timers/promises";
import { isLatchkeyError, LatchkeyError } from "../../protocol/errors.ts";
import { fromProblem } from "../../protocol/json/problem.ts";
import { type JsonObject, parseObject } from "../../protocol/json/reader.ts";
import type { ServerPlace } from "../cli/context.ts";
import { openLocalService } from "../local-service.ts";
import type { Manager } from "./manager.ts";

const TIMEOUT_MS = 15_000;
const ATTEMPTS_MAX = 10;
/** Lists are longer than what nodes read. */
const ANSWER_LIMITS = Object.freeze({ length: 8 * 2 ** 20, depth: 16 });

async function post(url: string, token: string, body: object): Promise<JsonObject> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
    body: JSON.stringify(body),
    redirect: "manual",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error) => {
    const late = error instanceof Error && error.name === "TimeoutError";
    const cause = (error as Error).cause ?? error;
    throw new LatchkeyError(late ? "network-timeout" : "network-failed", { cause });
  });
  const text = await response.text();
  if (response.status !== 200) throw fromProblem(response.status, text);
  return parseObject(text, "answer", ANSWER_LIMITS).value;
}

/** Many pages come to the server's rate; it says how long to wait. */
async function patiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask();
    } catch (error) {
      if (!isLatchkeyError(error, "rate-limited") || attempt === ATTEMPTS_MAX) throw error;
      await sleep(Number(error.detail["retry_after"] ?? 1) * 1000);
    }
  }
}

/** A server elsewhere, asked with an operator's token. */
export function remoteManager(url: string, token: string, tenantId: string): Manager {
  const base = url.replace(/\/+$/, "");
  return {
    tenantId,
    ask: (path, body = {}) =>
      patiently(() => post(`${base}/${path}`, token, { tenant_id: tenantId, ...body })),
    async close() {},
  };
}

/** The server's own data: whoever can read it needs no token. */
export async function localManager(folder: string, tenant: string | undefined): Promise<Manager> {
  const { admin, close } = await openLocalService(folder, process.env);
  const tenantId = tenant ?? (await admin.tenants())[0]?.tenantId;
  if (tenantId !== undefined)
    return {
      tenantId,
      ask: (path, body = {}) => admin.ask(path, { tenant_id: tenantId, ...body }),
      close,
    };
  await close();
  throw new LatchkeyError("tenant-unknown");
}

/** @throws usage when a server elsewhere is asked about no tenant */
export async function openManager(
  place: ServerPlace,
  tenantId: string | undefined,
): Promise<Manager> {
  if (!("url" in place)) return localManager(place.dataFolder, tenantId);
  if (tenantId === undefined)
    throw new LatchkeyError("usage", { message: "--tenant is needed with --url" });
  return remoteManager(place.url, place.token, tenantId);
}
