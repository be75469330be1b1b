/**
 * A server in a process of its own, for tests that kill it: `node serve.ts <folder> [broker]`. Its
 * stores and keys are in the environment, as for `latchkey serve`.
 */
import { storesFrom } from "../../server/environment.ts";
import type { Limits } from "../../server/limits.ts";
import { startServer } from "../../server/start.ts";

const [, , folder, brokerUrl] = process.argv;
if (folder === undefined) throw new Error("usage: serve.ts <folder>");
const log = { write: (...line: unknown[]) => process.stderr.write(`${JSON.stringify(line)}\n`) };
// It is to be killed under load, not to slow the load down.
const often = { burst: 1_000_000, perSecond: 1_000_000 };
const rates = { tapsByNode: often, requestsByNode: often, registerByAddress: often };
const failures = { failuresByAddress: often, failuresByNode: often, failuresByBadge: often };
const load = {
  ...rates,
  ...failures,
  tapsByBadge: often,
  handshakeByAddress: often,
  loginsByNode: often,
};
const own = JSON.parse(process.env["TEST_LIMITS"] ?? "{}") as Partial<Limits>;
const limits = { ...load, badgeChallengesPerNode: 256, ...own };
const skewMs = Number(process.env["TEST_SKEW_MS"] ?? 0);
const { url, firstStart, close } = await startServer({
  folder,
  ...storesFrom(process.env),
  log,
  limits,
  clock: { unixMs: () => Date.now() + skewMs },
  ...(brokerUrl !== undefined && { broker: { url: brokerUrl } }),
});
process.stdout.write(`${JSON.stringify({ url, firstStart })}\n`);
process.on("SIGTERM", () => void close());
