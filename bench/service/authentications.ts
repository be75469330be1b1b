/** Full authentications over HTTP, beside oidc-provider on the same machine in the same run. */
import { startChild } from "./child.ts";
import { Connection } from "./connection.ts";
import { asFastAsItGoes, atRate, percentileOf } from "./load.ts";
import { machineLines } from "./machine.ts";
import { NodeClient, type ServerFacts } from "./node-client.ts";
import { peerSubject } from "./peer-client.ts";
import type { Subject } from "./subject.ts";

const WORKERS = 32;
const WARM_SECONDS = 2;
const ROUNDS = 6;
const SECONDS = Number(process.env["LATCHKEY_BENCH_SECONDS"] ?? 6);
/** Of the measurements at a rate; the one in the middle counts. */
const CALM_ROUNDS = 3;
/** What a peer can do at most in a second here, to sign for it beforehand. */
const PEER_MAX = 6000;

export async function ourNodes(facts: ServerFacts, count: number): Promise<NodeClient[]> {
  const connection = await Connection.open(facts.url);
  const nodes = Array.from({ length: count }, () => new NodeClient(facts));
  for (const node of nodes) await node.register(connection);
  connection.close();
  return nodes;
}

async function ours(
  name: string,
  env: Readonly<Record<string, string>>,
  profile?: string,
): Promise<Subject> {
  const child = await startChild<ServerFacts>(["ours"], env, profile);
  const nodes = await ourNodes(child.facts, 4 * WORKERS);
  return {
    name,
    child,
    work: (connection, n) => nodes[n % nodes.length]!.authenticate(connection),
  };
}

interface Floor extends Subject {
  /** The same, after it has kept the processor for as long as an authentication does. */
  readonly busy: (us: number) => Subject;
}

/** The least that two requests and answers of that length take of whatever listens to HTTP. */
async function bare(): Promise<Floor> {
  const child = await startChild<{ url: string }>(["bare"]);
  const body = "x".repeat(250);
  const working = (us: number) => async (connection: Connection) => {
    for (let n = 0; n < 2; n++) await connection.post(`/${us / 2}`, "application/json", body);
  };
  const busy = (us: number) => ({ name: "node:http, as busy", child, work: working(us) });
  return { name: "node:http, bare", child, work: working(0), busy };
}

export interface Measured {
  readonly name: string;
  /** By the clock on the wall, beside whoever else was at work: the best round. */
  readonly perSecond: number;
  /** By the processor time of the server's process: what one core of its own would do. */
  readonly perCore: number;
  readonly p99Ms: number;
}

interface Round {
  readonly perSecond: number;
  readonly perCore: number;
}

async function round({ child, work, prepare }: Subject, seconds: number): Promise<Round> {
  prepare?.(PEER_MAX * seconds);
  const before = await child.usage();
  const all = await asFastAsItGoes(child.facts.url, work, { workers: WORKERS, seconds });
  const after = await child.usage();
  const perCore = (all.done * 1e6) / (after.cpuUs - before.cpuUs);
  return { perSecond: all.done / all.seconds, perCore };
}

const best = (numbers: readonly number[]): number => Math.max(...numbers);
const middle = (numbers: readonly number[]): number => percentileOf(numbers, 0.5);

async function calmRound({ child, work, prepare }: Subject, rate: number): Promise<number> {
  const seconds = SECONDS / CALM_ROUNDS;
  prepare?.(rate * seconds);
  const at = { rate, seconds, workers: 4 * WORKERS };
  return (await atRate(child.facts.url, work, at)).p99Ms;
}

/**
 * In turns, and the best of each: on a machine that does other things as well, what disturbs a
 * round makes it slower and never faster. Bare HTTP is asked at the rate of the first, and made as
 * busy as that: what it waits for then is this machine's doing.
 */
async function measureAll(
  subjects: readonly Subject[],
  floor: Floor,
): Promise<readonly Measured[]> {
  const rounds = new Map([...subjects, floor].map((subject) => [subject, [] as Round[]]));
  for (const subject of rounds.keys()) await round(subject, WARM_SECONDS);
  for (let n = 0; n < ROUNDS; n++)
    for (const [subject, done] of rounds) done.push(await round(subject, SECONDS / ROUNDS));
  const fastest = (subject: Subject): number =>
    best(rounds.get(subject)!.map(({ perSecond }) => perSecond));
  const cheapest = (subject: Subject): number =>
    best(rounds.get(subject)!.map(({ perCore }) => perCore));
  const first = subjects[0]!;
  const busy = floor.busy(1e6 / cheapest(first) - 1e6 / cheapest(floor));
  const waits = new Map([...rounds.keys()].map((subject) => [subject, [] as number[]]));
  for (let n = 0; n < CALM_ROUNDS; n++)
    for (const [subject, p99s] of waits) {
      const rate = 0.8 * fastest(subject === floor ? first : subject);
      p99s.push(await calmRound(subject === floor ? busy : subject, rate));
    }
  return [...rounds.keys()].map((subject) => ({
    name: subject.name,
    perSecond: fastest(subject),
    perCore: cheapest(subject),
    p99Ms: middle(waits.get(subject)!),
  }));
}

const cell = (text: string): string => text.padStart(16);
const count = (value: number): string => Math.round(value).toLocaleString("en-US");

/** @param stores what there is beside SQLite: names and the environment that chooses them */
export async function benchAuthentications(
  stores: readonly (readonly [string, Readonly<Record<string, string>>])[],
  profile?: string,
): Promise<readonly Measured[]> {
  const machine = await machineLines(SECONDS / 4);
  const subjects = [await ours("SQLite", {}, profile)];
  for (const [name, env] of stores) subjects.push(await ours(name, env));
  const peers = [
    await peerSubject("oidc-provider, Ed25519", "same-curves"),
    await peerSubject("oidc-provider, RS256", "as-it-comes"),
  ];
  const floor = await bare();
  try {
    const all = await measureAll([...subjects, ...peers], floor);
    const named = (subject: Subject) => all.find(({ name }) => name === subject.name)!;
    print(all, peers.map(named));
    for (const line of machine) console.log(line);
    return all;
  } finally {
    for (const { child } of [...subjects, ...peers, floor]) await child.end();
  }
}

/** @param peers the ones to compare with: the same curves, and as it comes */
function print(all: readonly Measured[], peers: readonly Measured[]): void {
  console.log("\nFull authentications over HTTP: challenge, proof, token");
  const heads = ["per s", "per s of a core", "p99 ms at 80 %", "to Ed25519", "to RS256"];
  console.log(`${"".padEnd(24)}${heads.map(cell).join("")}`);
  for (const { name, perSecond, perCore, p99Ms } of all) {
    const ratios = peers.map((peer) => `${(perCore / peer.perCore).toFixed(2)} ×`);
    const cells = [count(perSecond), count(perCore), p99Ms.toFixed(1), ...ratios];
    console.log(`${name.padEnd(24)}${cells.map(cell).join("")}`);
  }
  console.log(
    "Bare HTTP waits at the rate of SQLite's 80 %, and works for as long before it answers.",
  );
}
