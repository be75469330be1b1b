/** A server in a process of its own, for tests that kill it: `node serve.ts <folder> [broker]`. */
import { startServer } from "../../server/start.ts";

const [, , folder, brokerUrl] = process.argv;
if (folder === undefined) throw new Error("usage: serve.ts <folder>");
const log = { write: (...line: unknown[]) => process.stderr.write(`${JSON.stringify(line)}\n`) };
// It is to be killed under load, not to slow the load down.
const often = { burst: 1_000_000, perSecond: 1_000_000 };
const limits = { tapsByNode: often, requestsByNode: often };
const { url, firstStart, close } = await startServer({
  folder,
  log,
  limits,
  ...(brokerUrl !== undefined && { broker: { url: brokerUrl } }),
});
process.stdout.write(`${JSON.stringify({ url, firstStart })}\n`);
process.on("SIGTERM", () => void close());
