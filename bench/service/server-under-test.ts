/**
 * The server that is measured, in a process of its own: `node server-under-test.ts <kind>`. Tells
 * where it is, and what processor time and memory it has used whenever it is asked.
 */
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storesFrom } from "../../server/environment.ts";
import { startServer } from "../../server/start.ts";
import { startBare } from "./bare.ts";
import { startPeer } from "./peer.ts";

/** What is measured is the work, not how it is refused. */
const often = { burst: 1e9, perSecond: 1e9 };
const limits = {
  handshakeByAddress: often,
  loginsByNode: often,
  registerByAddress: often,
  requestsByNode: often,
  readingsByNode: often,
  requestsByTenant: often,
};

async function startOurs() {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-bench-"));
  const server = await startServer({ folder, ...storesFrom(process.env), limits });
  const { admin } = server.service;
  const [tenant] = await admin.tenants();
  const { tenantId, commKey, commIv, serverKeys } = await admin.provisioning(tenant!.tenantId);
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
  const keys = { commKey: hex(commKey.bytes), commIv: hex(commIv), serverPk: hex(serverKeys[0]!) };
  return {
    facts: { url: server.url, tenantId, ...keys },
    async close() {
      await server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

const [, , kind, options] = process.argv;
const starts = {
  ours: startOurs,
  bare: startBare,
  peer: () => startPeer(JSON.parse(options!)),
};
const { facts, close } = await starts[kind as keyof typeof starts]();
process.on("message", async (asked) => {
  if (asked === "usage") {
    const { user, system } = process.cpuUsage();
    process.send!({ cpuUs: user + system });
  }
  if (asked === "holding") {
    globalThis.gc?.();
    const { heapUsed, rss } = process.memoryUsage();
    process.send!({ heapUsed, rss, descriptors: readdirSync("/proc/self/fd").length });
  }
  if (asked === "end") {
    await close();
    process.exit(0);
  }
});
process.on("disconnect", () => process.exit(1));
process.send!(facts);
