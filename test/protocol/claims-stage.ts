import assert from "node:assert/strict";
import { verifyManifestIdentity } from "../../protocol/claims/bind-manifest.ts";
import type { EdgeServiceManifest } from "../../protocol/claims/manifest-types.ts";
import { rotateIdentity } from "../../protocol/claims/sign-claim.ts";
import type { LeasedSigner } from "../../protocol/claims/signers.ts";
import { wasmSha3 } from "../../server/wasm-sha3.ts";
import { ClaimsWorld, DAY, NOW } from "./claims-world.ts";

export const sha3 = wasmSha3();
export const at = { sha3, nowMs: NOW };

/** A manifest of the least that one must have. */
export function thermo(
  author: LeasedSigner,
  form: "claim" | "manifest" = "manifest",
): EdgeServiceManifest {
  return {
    ...{ type: "edge-service", serviceId: "", name: "thermo", version: "1.0.0" },
    ...{ operatorAddress: author.addresses[form], serviceType: "sensor", description: "d" },
    ...{ capabilities: [], tags: [] },
  };
}

/** An identity whose root signs often, and another key. */
export interface Stage {
  readonly world: ClaimsWorld;
  readonly root: LeasedSigner;
  readonly delegate: LeasedSigner;
  readonly document: ReturnType<ClaimsWorld["document"]>;
}

export const rotation = ({ document, root }: Stage, to: LeasedSigner, issuedAt = NOW - DAY) =>
  rotateIdentity(document, to.addresses.claim, root, { sha3, issuedAt });
export const statusOf = ({ world, document }: Stage, claims: readonly unknown[]) =>
  world.resolve(document, claims).resolved?.status;
export const bound = ({ document }: Stage, signed: unknown, claims: readonly unknown[] = []) =>
  verifyManifestIdentity(signed, { document, claims }, at);

/** Weaknesses of the reference by the names of docs/claims.md: a fact, and the test of it. */
export type Weaknesses = Readonly<Record<string, readonly [string, (stage: Stage) => unknown]>>;

/** One test for each, and one that none is missing. */
export function describeWeaknesses(
  title: string,
  weaknesses: Weaknesses,
  names: readonly string[],
): void {
  describe(title, function () {
    this.timeout(60_000);
    let stage: Stage;

    beforeEach(async () => {
      const world = new ClaimsWorld(sha3);
      const root = await world.tree("root");
      const delegate = await world.tree("delegate");
      stage = { world, root, delegate, document: world.document(root) };
    });

    for (const [name, [fact, check]] of Object.entries(weaknesses))
      it(`${name}, ${fact}`, async () => void (await check(stage)));

    it(`all ${names.length} are here`, () => assert.deepEqual(Object.keys(weaknesses), names));
  });
}
