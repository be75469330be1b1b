import { LatchkeyError } from "../../protocol/errors.ts";
import { postWithToken } from "../ask-server.ts";
import { openLocalService } from "../local-service.ts";
import { type CardServer, relayCard } from "./card-server.ts";

/** A server elsewhere, asked with a manager's token. */
export function remoteCardServer(url: string, token: string): CardServer {
  const base = url.replace(/\/+$/, "");
  return {
    async run({ tenantId, ...wish }, card) {
      if (tenantId === undefined)
        throw new LatchkeyError("usage", { message: "--tenant is needed with --url" });
      const start = { kind: "start", ...wish, tenantId, badgeUid: card.uid } as const;
      return await relayCard(
        (path, body) => postWithToken(`${base}/${path}`, token, body),
        start,
        card,
      );
    },
    async close() {},
  };
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
