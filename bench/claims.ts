import * as reference from "@totemsdk/identity";
import * as manifests from "@totemsdk/manifest";
import { UnifiedIdentityWallet } from "@totemsdk/root-identity";
import { createDelegationClaim } from "../protocol/claims/claim.ts";
import type { IdentityClaim, SignedIdentityClaim } from "../protocol/claims/identity-types.ts";
import { KeyTree, rootTreeSeed } from "../protocol/claims/key-tree.ts";
import { resolveIdentityGraph } from "../protocol/claims/resolve.ts";
import { signIdentityClaim } from "../protocol/claims/sign-claim.ts";
import { signManifest } from "../protocol/claims/sign-manifest.ts";
import type { OneTimeSigner } from "../protocol/claims/signers.ts";
import { verifyIdentityClaim } from "../protocol/claims/verify-claim.ts";
import { verifyManifest } from "../protocol/claims/verify-manifest.ts";
import { wasmSha3 } from "../server/wasm-sha3.ts";
import { thermo } from "../test/protocol/claims-stage.ts";
import { ClaimsWorld, DAY, NOW } from "../test/protocol/claims-world.ts";

const CLAIMS = 1000;
const TIMES = 15;
const MANY = 30;

type Work = (call: number) => unknown;

const median = (samples: number[]) => samples.sort((a, b) => a - b)[samples.length >> 1]!;

/** Processor time of this thread, so that other programs count for little. */
async function elapsedMs(work: Work, call: number, repeats = 1): Promise<number> {
  const start = process.threadCpuUsage();
  for (let i = 0; i < repeats; i++) await work(call);
  const { user, system } = process.threadCpuUsage(start);
  return (user + system) / 1000 / repeats;
}

/**
 * Milliseconds of each, the median of calls in turn: what the machine does meanwhile hits both.
 */
async function beside(
  theirs: Work,
  ours: Work,
  { times = TIMES, repeats = 1 } = {},
): Promise<[number, number]> {
  const samples: [number[], number[]] = [[], []];
  for (let call = 0; call < times; call++) {
    samples[0].push(await elapsedMs(theirs, call, repeats));
    samples[1].push(await elapsedMs(ours, call, repeats));
  }
  return [median(samples[0]), median(samples[1])];
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
  for (let n = 0; n < TIMES; n++) signers.push(await world.oneTime("signing", n));
  const theirs = claimOf(0) as never;
  row(
    "sign a claim",
    await beside(
      () => reference.signIdentityClaim(theirs, seed(), 0),
      (n) => signIdentityClaim(claimOf(0, signers[n]!.addresses.claim), signers[n]!, { sha3 }),
    ),
  );
  const more: OneTimeSigner[] = [];
  for (let n = 0; n < TIMES; n++) more.push(await world.oneTime("manifests", n));
  row(
    "sign a manifest",
    await beside(
      () => manifests.signManifest(thermo(signer) as never, seed(), 0),
      (n) => signManifest(thermo(more[n]!), more[n]!, { sha3, signedAt: NOW }),
    ),
  );

  const signed = await reference.signIdentityClaim(theirs, seed(), 0);
  row(
    "verify a claim",
    await beside(
      () => reference.verifyIdentityClaim(signed),
      () => verifyIdentityClaim(signed as never, { sha3 }),
      { repeats: MANY },
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
      { repeats: MANY },
    ),
  );
  await benchGraphs({ world, signer, claimOf });

  const rootSeed = () => rootTreeSeed(sha3, world.seed("tree"));
  row(
    "root of a key tree",
    await beside(
      () => new UnifiedIdentityWallet(world.seed("tree").bytes).getRootAddress(),
      () => new KeyTree(sha3, rootSeed()).publicKey(),
      { times: 3 },
    ),
  );
}

interface Stage {
  readonly world: ClaimsWorld;
  readonly signer: OneTimeSigner;
  readonly claimOf: (n: number, by?: string) => IdentityClaim;
}

async function benchGraphs({ world, signer, claimOf }: Stage): Promise<void> {
  const { sha3 } = world;
  const options = { sha3, nowMs: NOW, maxClaims: 10_000 };
  const resolve = (name: string, graph: object) =>
    beside(
      () => reference.resolveIdentityGraph(graph as never),
      () => resolveIdentityGraph(graph, options),
      { times: 3 },
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

  // One key signed them all: the reference believes them; ours refuses all, after two signatures.
  const seed = world.seed("bench").bytes;
  const claims = [];
  for (let n = 0; n < CLAIMS; n++)
    claims.push(await reference.signIdentityClaim(claimOf(n) as never, seed, 0));
  await resolve(`resolve ${CLAIMS} claims of one key`, { document, claims });

  const stranger = await reference.signIdentityClaim(claimOf(0) as never, world.seed("x").bytes, 0);
  const hostile = Array.from({ length: 10_000 }, (_, n) => {
    const claim = claimOf(n, stranger.proof.address);
    return { claim, proof: stranger.proof };
  });
  const ms = await elapsedMs(() => resolveIdentityGraph({ document, claims: hostile }, options), 0);
  console.log(`${"refuse 10,000 claims of a stranger".padEnd(48)}${ms.toFixed(2).padStart(11)} ms`);
}
