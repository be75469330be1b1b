/** Full authentications over HTTP, beside oidc-provider on the same machine in the same run. */
import { generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { type Child, startChild } from "./child.ts";
import { Connection } from "./connection.ts";
import { asFastAsItGoes, atRate, type Work } from "./load.ts";
import { NodeClient, type ServerFacts } from "./node-client.ts";

const WORKERS = 32;
const WARM_SECONDS = 2;
const ROUNDS = 6;
const SECONDS = Number(process.env["LATCHKEY_BENCH_SECONDS"] ?? 6);

interface Subject {
  readonly name: string;
  readonly child: Child<{ readonly url: string }>;
  readonly work: Work;
}

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

const segment = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

async function peer(): Promise<Subject> {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const jwk = { ...publicKey.export({ format: "jwk" }), alg: "EdDSA", use: "sig", kid: "c" };
  const child = await startChild<{ url: string }>(["peer", JSON.stringify(jwk)]);
  const { url } = child.facts;
  const header = segment({ alg: "EdDSA", kid: "c" });
  const work: Work = async (connection) => {
    const iat = Math.floor(Date.now() / 1000);
    const named = { iss: "bench", sub: "bench", aud: url };
    const signed = `${header}.${segment({ ...named, jti: randomUUID(), iat, exp: iat + 60 })}`;
    const signature = sign(null, Buffer.from(signed), privateKey).toString("base64url");
    const form = new URLSearchParams({
      grant_type: "client_credentials",
      scope: "open",
      client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
      client_assertion: `${signed}.${signature}`,
    });
    const type = "application/x-www-form-urlencoded";
    const { status, body } = await connection.post("/token", type, form.toString());
    if (status !== 200) throw new Error(`the peer: ${status} ${body}`);
  };
  return { name: "oidc-provider", child, work };
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

async function round({ child, work }: Subject, seconds: number): Promise<Round> {
  const before = await child.usage();
  const all = await asFastAsItGoes(child.facts.url, work, { workers: WORKERS, seconds });
  const after = await child.usage();
  const perCore = (all.done * 1e6) / (after.cpuUs - before.cpuUs);
  return { perSecond: all.done / all.seconds, perCore };
}

const best = (numbers: readonly number[]): number => Math.max(...numbers);

/**
 * In turns, and the best of each: on a machine that does other things as well, what disturbs a
 * round makes it slower and never faster.
 */
async function measureAll(subjects: readonly Subject[]): Promise<readonly Measured[]> {
  const rounds = new Map(subjects.map((subject) => [subject, [] as Round[]]));
  for (const subject of subjects) await round(subject, WARM_SECONDS);
  for (let n = 0; n < ROUNDS; n++)
    for (const [subject, done] of rounds) done.push(await round(subject, SECONDS / ROUNDS));
  const measured: Measured[] = [];
  for (const [{ name, child, work }, done] of rounds) {
    const perSecond = best(done.map((each) => each.perSecond));
    const at = { rate: 0.8 * perSecond, seconds: SECONDS / 2, workers: 4 * WORKERS };
    const { p99Ms } = await atRate(child.facts.url, work, at);
    measured.push({ name, perSecond, perCore: best(done.map((each) => each.perCore)), p99Ms });
  }
  return measured;
}

const cell = (text: string): string => text.padStart(16);
const count = (value: number): string => Math.round(value).toLocaleString("en-US");

/** @param stores what there is beside SQLite: names and the environment that chooses them */
export async function benchAuthentications(
  stores: readonly (readonly [string, Readonly<Record<string, string>>])[],
  profile?: string,
): Promise<readonly Measured[]> {
  const subjects = [await ours("SQLite", {}, profile)];
  for (const [name, env] of stores) subjects.push(await ours(name, env));
  subjects.push(await peer());
  try {
    const all = await measureAll(subjects);
    print(all);
    return all;
  } finally {
    for (const { child } of subjects) await child.end();
  }
}

function print(all: readonly Measured[]): void {
  console.log("\nFull authentications over HTTP: challenge, proof, token");
  const head = ["per s", "per s of a core", "p99 ms at 80 %", "to the peer"].map(cell).join("");
  console.log(`${"".padEnd(18)}${head}`);
  const other = all.at(-1)!;
  for (const { name, perSecond, perCore, p99Ms } of all) {
    const ratio = `${(perCore / other.perCore).toFixed(2)} ×`;
    const cells = [count(perSecond), count(perCore), p99Ms.toFixed(1), ratio].map(cell).join("");
    console.log(`${name.padEnd(18)}${cells}`);
  }
}
