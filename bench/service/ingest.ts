/** Readings that nodes post in batches, stored on disk before they are answered. */

import { ourNodes } from "./authentications.ts";
import { type Child, startChild } from "./child.ts";
import { Connection } from "./connection.ts";
import { asFastAsItGoes, type Work } from "./load.ts";
import type { ServerFacts } from "./node-client.ts";

const WORKERS = 16;
/** Of a node that has been away for a while. */
const BATCH = 64;
const SECONDS = 4;

export async function benchIngest(): Promise<number> {
  const child: Child<ServerFacts> = await startChild<ServerFacts>(["ours"]);
  const nodes = await ourNodes(child.facts, WORKERS);
  const connection = await Connection.open(child.facts.url);
  for (const node of nodes) await node.openSession(connection);
  connection.close();
  const next = nodes.map(() => 1);
  const work: Work = async (live, n) => {
    const first = next[n]!;
    next[n] = first + BATCH;
    const readings = Array.from({ length: BATCH }, (_, i) => ({
      seq: first + i,
      fields: { temperature: 20 + (i % 50) / 10, humidity: 40 + (i % 20), pressure: 1013 },
    }));
    await nodes[n]!.report(live, readings);
  };
  await asFastAsItGoes(child.facts.url, work, { workers: WORKERS, seconds: 1 });
  const before = await child.usage();
  const run = { workers: WORKERS, seconds: SECONDS };
  const { done, seconds } = await asFastAsItGoes(child.facts.url, work, run);
  const { cpuUs } = await child.usage();
  await child.end();
  const perSecond = (done * BATCH) / seconds;
  const perCore = (done * BATCH * 1e6) / (cpuUs - before.cpuUs);
  const shown = (value: number) => Math.round(value).toLocaleString("en-US").padStart(16);
  console.log(`\nReadings stored in SQLite, ${BATCH} to a request of ${WORKERS} nodes`);
  console.log(`  per second        ${shown(perSecond)}`);
  console.log(`  per s of a core   ${shown(perCore)}`);
  return perSecond;
}
