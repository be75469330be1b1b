import { ourNodes } from "./authentications.ts";
import { type Child, type Holding, startChild } from "./child.ts";
import { Connection } from "./connection.ts";
import { asFastAsItGoes, atRate, type Work } from "./load.ts";
import type { NodeClient, ServerFacts } from "./node-client.ts";

const WORKERS = 8;
const NODES = 32;
/** One post of readings to so many authentications. */
const AUTHENTICATIONS_PER_POST = 8;
/** A token is good for 15 minutes. */
const SESSION_MS = 300_000;
/** What the collector and the compiler of the engine do to a heap that does not grow. */
const NOISE_BYTES = 3_000_000;
/** A leaked object for each piece of work is more than this. */
const BYTES_PER_WORK_MAX = 64;

export interface Sample extends Holding {
  /** Pieces of work done by then. */
  readonly done: number;
}

export interface Soak {
  readonly rate: number;
  readonly samples: readonly Sample[];
}

export interface SoakOptions {
  readonly seconds: number;
  readonly samples: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly onSample?: (sample: Sample) => void;
}

/** Each node with a connection of its own when it posts: numbers of a session go in order. */
function mixOf(nodes: readonly NodeClient[]): Work {
  let turn = 0;
  const next = nodes.map(() => 1);
  const openedMs = nodes.map(() => performance.now());
  return async (connection, worker) => {
    if (++turn % AUTHENTICATIONS_PER_POST !== 0) {
      await nodes[turn % NODES]!.authenticate(connection);
      return;
    }
    const poster = NODES + worker;
    const seq = next[poster]!;
    next[poster] = seq + 1;
    if (performance.now() - openedMs[poster]! > SESSION_MS) {
      openedMs[poster] = performance.now();
      await nodes[poster]!.openSession(connection);
    }
    await nodes[poster]!.report(connection, [{ seq, fields: { temperature: 21.5 } }]);
  };
}

/**
 * Half of what it can do, for that long, in equal parts; after each the server is asked what it
 * holds once its collector has been through.
 */
export async function soak(options: SoakOptions): Promise<Soak> {
  const { seconds, samples: parts, env = {}, onSample } = options;
  const child = await startChild<ServerFacts>(["ours"], env);
  try {
    const { url } = child.facts;
    const nodes = await ourNodes(child.facts, NODES + WORKERS);
    const connection = await Connection.open(url);
    for (const node of nodes.slice(NODES)) await node.openSession(connection);
    connection.close();
    const work = mixOf(nodes);
    const most = await asFastAsItGoes(url, work, { workers: WORKERS, seconds: 4 });
    const rate = most.done / most.seconds / 2;
    const part = { rate, seconds: seconds / parts, workers: WORKERS };
    const samples: Sample[] = [];
    let done = 0;
    for (let n = 0; n < parts; n++) {
      await atRate(url, work, part);
      done += rate * part.seconds;
      const sample = { ...(await settled(child)), done };
      samples.push(sample);
      onSample?.(sample);
    }
    return { rate, samples };
  } finally {
    await child.end();
  }
}

const LOOKS = 8;
const PAUSE_MS = 100;

/** What it holds once it has noticed that the connections of the load are closed. */
async function settled({ holding }: Pick<Child<unknown>, "holding">): Promise<Holding> {
  let least = await holding();
  for (let look = 1; look < LOOKS; look++) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    const next = await holding();
    if (next.descriptors < least.descriptors) least = next;
  }
  return least;
}

const mean = (numbers: readonly number[]): number =>
  numbers.reduce((sum, each) => sum + each, 0) / numbers.length;

/** What has leaked; empty when nothing has. The first third is for warming up. */
export function leaksOf(samples: readonly Sample[]): readonly string[] {
  const third = Math.floor(samples.length / 3);
  if (third === 0) throw new RangeError("soak: at least three samples");
  const [before, after] = [samples.slice(third, -third), samples.slice(-third)];
  const grown = (what: (sample: Sample) => number): number =>
    mean(after.map(what)) - mean(before.map(what));
  const leaks: string[] = [];
  const bytes = grown(({ heapUsed }) => heapUsed);
  if (bytes > NOISE_BYTES + BYTES_PER_WORK_MAX * grown(({ done }) => done))
    leaks.push(`the heap grew by ${Math.round(bytes / 1000)} kB`);
  const descriptors = grown((sample) => sample.descriptors);
  if (descriptors >= 2) leaks.push(`${descriptors.toFixed(1)} descriptors more are open`);
  return leaks;
}
