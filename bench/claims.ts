import * as reference from "@totemsdk/identity";
import * as manifests from "@totemsdk/manifest";
import { UnifiedIdentityWallet } from "@totemsdk/root-identity";
import { createDelegationClaim } from "../protocol/claims/claim.ts";
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
import { measureUs } from "./measure.ts";

const CLAIMS = 1000;
const TIMES = 15;

/** Milliseconds: the median of calls that are awaited. */
async function measureMs(work: (call: number) => unknown, times = TIMES): Promise<number> {
  const samples: number[] = [];
  for (let call = 0; call < times; call++) {
    const start = performance.now();
    await work(call);
    samples.push(performance.now() - start);
  }
  return samples.sort((a, b) => a - b)[times >> 1]!;
}

function row(name: string, theirsMs: number, oursMs: number): void {
  const cell = (ms: number) => `${ms.toFixed(2)} ms`.padStart(14);
  const ratio = `${(theirsMs / oursMs).toFixed(1)} ×`.padStart(10);
  console.log(`${name.padEnd(34)}${cell(theirsMs)}${cell(oursMs)}${ratio}`);
}

/** Beside `@totemsdk/identity` 1.0.0, in one process; its answers first, ours after it. */
export async function benchClaims(): Promise<void> {
  const sha3 = wasmSha3();
  const at = { sha3, nowMs: NOW };
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
    await measureMs(() => reference.signIdentityClaim(theirs, seed(), 0)),
    await measureMs((n) =>
      signIdentityClaim(claimOf(0, signers[n]!.addresses.claim), signers[n]!, { sha3 }),
    ),
  );
  const more: OneTimeSigner[] = [];
  for (let n = 0; n < TIMES; n++) more.push(await world.oneTime("manifests", n));
  row(
    "sign a manifest",
    await measureMs(() => manifests.signManifest(thermo(signer) as never, seed(), 0)),
    await measureMs((n) => signManifest(thermo(more[n]!), more[n]!, { sha3, signedAt: NOW })),
  );

  const signed = await reference.signIdentityClaim(theirs, seed(), 0);
  row(
    "verify a claim",
    measureUs(() => reference.verifyIdentityClaim(signed)) / 1000,
    measureUs(() => verifyIdentityClaim(signed as never, { sha3 })) / 1000,
  );
  const manifest = await manifests.signManifest(thermo(signer) as never, seed(), 0);
  // It took the machine's time.
  const now = { sha3, nowMs: Date.now() };
  if (!verifyManifest(manifest as never, now).valid)
    throw new Error("a refusal is no verification");
  row(
    "verify a manifest",
    measureUs(() => manifests.verifyManifest(manifest)) / 1000,
    measureUs(() => verifyManifest(manifest as never, now)) / 1000,
  );

  const claims = [];
  for (let n = 0; n < CLAIMS; n++)
    claims.push(await reference.signIdentityClaim(claimOf(n) as never, seed(), 0));
  const graph = { document, claims };
  const options = { ...at, maxClaims: CLAIMS };
  // One key signed them all: the reference believes them, ours refuses each, once it is verified.
  row(
    `resolve ${CLAIMS} claims of one key`,
    await measureMs(() => reference.resolveIdentityGraph(graph as never), 3),
    await measureMs(() => resolveIdentityGraph(graph, options), 3),
  );

  const rootSeed = () => rootTreeSeed(sha3, world.seed("tree"));
  row(
    "root of a key tree",
    await measureMs(() => new UnifiedIdentityWallet(world.seed("tree").bytes).getRootAddress(), 3),
    await measureMs(() => new KeyTree(sha3, rootSeed()).publicKey(), 3),
  );
}
