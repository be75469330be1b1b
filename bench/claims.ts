import { availableParallelism } from "node:os";
import * as reference from "@totemsdk/identity";
import * as manifests from "@totemsdk/manifest";
import { UnifiedIdentityWallet } from "@totemsdk/root-identity";
import { createDelegationClaim } from "../protocol/claims/claim.ts";
import type { ResolveOptions } from "../protocol/claims/claim-reader.ts";
import type { IdentityClaim, SignedIdentityClaim } from "../protocol/claims/identity-types.ts";
import { KeyTree, rootTreeSeed } from "../protocol/claims/key-tree.ts";
import { resolveIdentityGraph } from "../protocol/claims/resolve.ts";
import { signIdentityClaim } from "../protocol/claims/sign-claim.ts";
import { signManifest } from "../protocol/claims/sign-manifest.ts";
import type { OneTimeSigner } from "../protocol/claims/signers.ts";
import { verifyIdentityClaim } from "../protocol/claims/verify-claim.ts";
import { verifyManifest } from "../protocol/claims/verify-manifest.ts";
import { threadedSha3 } from "../server/threaded-sha3.ts";
import { wasmSha3 } from "../server/wasm-sha3.ts";
import { thermo } from "../test/protocol/claims-stage.ts";
import { ClaimsWorld, DAY, NOW } from "../test/protocol/claims-world.ts";

const CLAIMS = 1000;
const FLOOD = 10_000;
const SAMPLES = 5;
/** What one sample takes at least: the clock of processor time ticks every 4 ms on some kernels. */
const SAMPLE_MS = 200;
/** Signatures in a sample of ours: each needs a key of its own, made before. */
const SIGNATURES = 100;

type Work = (call: number) => unknown;

const median = (samples: number[]) => samples.sort((a, b) => a - b)[samples.length >> 1]!;

/** Processor time of this thread for calls `from` to `from + count`, each on the average. */
async function elapsedMs(work: Work, from: number, count: number): Promise<number> {
  const start = process.threadCpuUsage();
  for (let call = from; call < from + count; call++) await work(call);
  const { user, system } = process.threadCpuUsage(start);
  return (user + system) / 1000 / count;
}

/** How many calls make a sample; they warm the compiler up, too. */
async function callsOfSample(work: Work): Promise<number> {
  for (let count = 1; ; count *= 2) {
    const start = performance.now();
    for (let call = 0; call < count; call++) await work(call);
    const ms = performance.now() - start;
    if (ms >= SAMPLE_MS / 2) return Math.ceil((count * SAMPLE_MS) / ms);
  }
}

interface Sampling {
  readonly samples?: number;
  /** Calls in a sample of ours; found out when absent. */
  readonly calls?: number;
}

/**
 * Milliseconds of each, the median of samples in turn: what the machine does meanwhile hits both.
 */
async function beside(
  theirs: Work,
  ours: Work,
  { samples = SAMPLES, calls }: Sampling = {},
): Promise<[number, number]> {
  const taken: [number[], number[]] = [[], []];
  const [their, our] = [await callsOfSample(theirs), calls ?? (await callsOfSample(ours))];
  for (let n = 0; n < samples; n++) {
    taken[0].push(await elapsedMs(theirs, 0, their));
    taken[1].push(await elapsedMs(ours, n * our, our));
  }
  return [median(taken[0]), median(taken[1])];
}

function row(name: string, [theirsMs, oursMs]: readonly [number, number]): void {
  const cell = (ms: number) => `${ms.toFixed(2)} ms`.padStart(14);
  const ratio = `${(theirsMs / oursMs).toFixed(1)} ×`.padStart(10);
  console.log(`${name.padEnd(34)}${cell(theirsMs)}${cell(oursMs)}${ratio}`);
}

/** Beside `@totemsdk/identity` 1.0.0, in one process; its answers first, ours after it. */
export async function benchClaims(): Promise<void> {
  const sha3 = wasmSha3();
  const world = new ClaimsWorld(sha3);
  const signer = await world.oneTime("bench");
  const seed = () => world.seed("bench").bytes;
  const issuer = signer.addresses.claim;
  const document = world.document(signer);
  const claimOf = (n: number, by = issuer) => {
    const fields = { issuer: by, subject: document.id, delegatedAddress: issuer };
    return createDelegationClaim({ ...fields, scopes: [`s:${n}`], issuedAt: NOW - DAY + n }, sha3);
  };
  console.log(
    `\nClaims, beside @totemsdk/identity${"reference".padStart(15)}${"ours".padStart(14)}`,
  );

  // The reference signs with one key as often as it likes; ours takes the next key each time.
  const signers: OneTimeSigner[] = [];
  const count = SAMPLES * SIGNATURES;
  for (let n = 0; n < count; n++) signers.push(await world.oneTime("signing", n));
  const theirs = claimOf(0) as never;
  row(
    "sign a claim",
    await beside(
      () => reference.signIdentityClaim(theirs, seed(), 0),
      (n) => signIdentityClaim(claimOf(0, signers[n]!.addresses.claim), signers[n]!, { sha3 }),
      { calls: SIGNATURES },
    ),
  );
  const more: OneTimeSigner[] = [];
  for (let n = 0; n < count; n++) more.push(await world.oneTime("manifests", n));
  row(
    "sign a manifest",
    await beside(
      () => manifests.signManifest(thermo(signer) as never, seed(), 0),
      (n) => signManifest(thermo(more[n]!), more[n]!, { sha3, signedAt: NOW }),
      { calls: SIGNATURES },
    ),
  );

  const signed = await reference.signIdentityClaim(theirs, seed(), 0);
  row(
    "verify a claim",
    await beside(
      () => reference.verifyIdentityClaim(signed),
      () => verifyIdentityClaim(signed as never, { sha3 }),
    ),
  );
  const manifest = await manifests.signManifest(thermo(signer) as never, seed(), 0);
  // It took the machine's time.
  const now = { sha3, nowMs: Date.now() };
  if (!verifyManifest(manifest as never, now).valid)
    throw new Error("a refusal is no verification");
  row(
    "verify a manifest",
    await beside(
      () => manifests.verifyManifest(manifest),
      () => verifyManifest(manifest as never, now),
    ),
  );
  await benchGraphs({ world, signer, claimOf });

  const rootSeed = () => rootTreeSeed(sha3, world.seed("tree"));
  row(
    "root of a key tree",
    await beside(
      () => new UnifiedIdentityWallet(world.seed("tree").bytes).getRootAddress(),
      () => new KeyTree(sha3, rootSeed()).publicKey(),
      { samples: 3 },
    ),
  );
}

type Proven = Pick<SignedIdentityClaim, "proof">;

interface Stage {
  readonly world: ClaimsWorld;
  readonly signer: OneTimeSigner;
  readonly claimOf: (n: number, by?: string) => IdentityClaim;
}

async function benchGraphs({ world, signer, claimOf }: Stage): Promise<void> {
  const { sha3 } = world;
  const options = { sha3, nowMs: NOW, maxClaims: CLAIMS };
  const resolve = (name: string, graph: object, how: ResolveOptions = options) =>
    beside(
      () => reference.resolveIdentityGraph(graph as never),
      () => resolveIdentityGraph(graph, how),
      { samples: 3 },
    ).then((times) => row(name, times));
  const document = world.document(signer);

  // Each key delegates to the next, so that each of the signatures matters to both.
  const chain: SignedIdentityClaim[] = [];
  let issuer = signer;
  for (let n = 0; n < CLAIMS; n++) {
    const next = await world.oneTime("chain", n);
    chain.push(await world.delegation(document, issuer, next, ["*"], { issuedAt: NOW - DAY + n }));
    issuer = next;
  }
  const { resolved } = resolveIdentityGraph({ document, claims: chain }, options);
  if (resolved?.delegates.length !== CLAIMS) throw new Error("a refusal is no resolution");
  await resolve(`resolve ${CLAIMS} claims of as many keys`, { document, claims: chain });
  // Of ours the time of the thread that asks, which is what passes where the others are idle.
  const shared = { ...options, sha3: threadedSha3() };
  await resolve(`the same, ${availableParallelism()} cores`, { document, claims: chain }, shared);

  // One key signed them all: the reference believes them; ours refuses all, after two signatures.
  const seed = world.seed("bench").bytes;
  const claims = [];
  for (let n = 0; n < CLAIMS; n++)
    claims.push(await reference.signIdentityClaim(claimOf(n) as never, seed, 0));
  await resolve(`resolve ${CLAIMS} claims of one key`, { document, claims });

  const own = chain[0]!;
  const stranger = await reference.signIdentityClaim(claimOf(0) as never, world.seed("x").bytes, 0);
  await flood("refuse 10,000 claims of a stranger", stranger, stranger.proof.address);
  await flood("the same forged in its own key's name", own, signer.addresses.claim);
  const seen = { firstSeenMs: (id: string) => (id === own.claim.id ? NOW : undefined) };
  await flood("the same, told by what was seen", own, signer.addresses.claim, seen);

  async function flood(name: string, { proof }: Proven, by: string, more: object = {}) {
    const hostile = Array.from({ length: FLOOD }, (_, n) => ({ claim: claimOf(n, by), proof }));
    const graph = { document, claims: [...hostile, own] };
    const resolveIt = () => resolveIdentityGraph(graph, { ...options, maxClaims: 20_000, ...more });
    const ms = await elapsedMs(resolveIt, 0, 1);
    console.log(`${name.padEnd(48)}${ms.toFixed(2).padStart(11)} ms`);
  }
}
