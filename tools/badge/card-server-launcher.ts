import { LatchkeyError } from "../../protocol/errors.ts";
import { openLocalService } from "../local-service.ts";
import { type CardServer, relayCard } from "./card-server.ts";

const TIMEOUT_MS = 15_000;

/** A server elsewhere, asked with a manager's token. */
export function remoteCardServer(url: string, token: string): CardServer {
  const base = url.replace(/\/+$/, "");
  return {
    async run({ tenantId, ...wish }, card) {
      if (tenantId === undefined)
        throw new LatchkeyError("usage", { message: "--tenant is needed with --url" });
      const start = { kind: "start", ...wish, tenantId, badgeUid: card.uid } as const;
      return await relayCard((path, body) => post(`${base}/${path}`, token, body), start, card);
    },
    async close() {},
  };
}

async function post(url: string, token: string, body: object) {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
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

/**
 * The server's own data folder, opened here: whoever can read it needs no token. A server that
 * runs on it at the same time is no hindrance.
 * @throws network-failed when there is none; as `openServiceFolder`
 */
export async function localCardServer(folder: string): Promise<CardServer> {
  const service = await openLocalService(folder, process.env);
  return {
    async run({ tenantId, ...wish }, card) {
      const tenant = tenantId ?? (await service.admin.tenants())[0]?.tenantId;
      if (tenant === undefined) throw new LatchkeyError("tenant-unknown");
      const order = { ...wish, tenantId: tenant, badgeUid: card.uid };
      return await service.admin.card(order, card.transceive);
    },
    async close() {
      await service.close();
    },
  };
}
