import assert from "node:assert/strict";
import * as reference from "@totemsdk/identity";
import * as manifests from "@totemsdk/manifest";
import { UnifiedIdentityWallet } from "@totemsdk/root-identity";
import { Prng } from "../../host-sim/world/prng.ts";
import { createIdentityClaim } from "../../protocol/claims/claim.ts";
import { computeIdentityId, createIdentityDocument } from "../../protocol/claims/document.ts";
import { IDENTITY_CLAIM_TYPES, IDENTITY_KINDS } from "../../protocol/claims/identity-types.ts";
import { computeManifestId } from "../../protocol/claims/manifest-form.ts";
import { decodeManifest, encodeManifest } from "../../protocol/claims/manifest-wire.ts";
import { signIdentityClaim } from "../../protocol/claims/sign-claim.ts";
import { signManifest } from "../../protocol/claims/sign-manifest.ts";
import { OneTimeSigner } from "../../protocol/claims/signers.ts";
import { verifyIdentityClaim } from "../../protocol/claims/verify-claim.ts";
import { verifyManifest } from "../../protocol/claims/verify-manifest.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import type { JsonValue } from "../../protocol/json/reader.ts";
import { sha3 } from "./claims-stage.ts";
import { ClaimsWorld, DAY, NOW } from "./claims-world.ts";

const CASES = 200;
/** Of key 0 of the seed 00 … 1f. */
const ROOT = "MxG083ZJNQPA1CSR2JWWFH1TN0SEVYCZ44Y04STQM666SGA6PMYAY0BJTA38GMH";
const LETTERS = [
  "a",
  "Z",
  "9",
  " ",
  '"',
  "\\",
  "\n",
  "ü",
  "€",
  "\u2028",
  "😀",
  "\ud800",
  "__",
  ".",
];

/** Claims and manifests that nobody thought of, the same ones each time. */
class Chance {
  readonly #rng: Prng;

  constructor(name: string) {
    this.#rng = new Prng(name, "interop");
  }

  int(max: number): number {
    return this.#rng.int(0, max);
  }

  bytes(length: number): Uint8Array {
    return this.#rng.bytes(length);
  }

  of<T>(list: readonly T[]): T {
    return list[this.int(list.length - 1)]!;
  }

  text(max = 12): string {
    return Array.from({ length: this.int(max) }, () => this.of(LETTERS)).join("");
  }

  json(depth = 3): JsonValue {
    const kind = this.int(depth > 0 ? 6 : 4);
    if (kind === 0) return null;
    if (kind === 1) return this.int(1) === 1;
    if (kind === 2) return this.of([0, -0, 1e21, 1e-7, 0.1, -5, 2 ** 53, this.int(1e9)]);
    if (kind < 5) return this.text();
    if (kind === 5) return Array.from({ length: this.int(4) }, () => this.json(depth - 1));
    return this.object(depth - 1);
  }

  object(depth = 2): Record<string, JsonValue> {
    const names = Array.from({ length: this.int(4) }, (_, i) => `${this.text(5)}${i}`);
    return Object.fromEntries(names.map((name) => [name, this.json(depth)]));
  }
}

/** As it comes out of a file or a wire. */
const sent = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

describe("@totemsdk/identity 1.0.0, installed", function () {
  this.timeout(300_000);
  const world = new ClaimsWorld(sha3);

  async function signer(chance: Chance) {
    const bytes = chance.bytes(32);
    const seed = new Secret(bytes.slice());
    const index = chance.of([0, 1, 63, 255, 256, 65_535, 2 ** 31, 2 ** 32 - 1, chance.int(1e6)]);
    await world.keeper.create(seed, OneTimeSigner.uses);
    const own = new OneTimeSigner({ sha3, seed, keeper: world.keeper, index });
    return { own, bytes, index };
  }

  function claimOf(chance: Chance, issuer: string) {
    const issuedAt = NOW - chance.int(DAY);
    const kind = chance.of(IDENTITY_KINDS);
    return {
      ...{ type: chance.of(IDENTITY_CLAIM_TYPES), issuer, issuedAt },
      subject: computeIdentityId(kind, issuer, sha3),
      object: chance.text(40),
      payload: chance.object(),
      ...(chance.int(1) === 0 ? {} : { expiresAt: issuedAt + chance.int(DAY) }),
    };
  }

  function manifestOf(chance: Chance, operatorAddress: string) {
    const words = () => Array.from({ length: chance.int(3) }, () => chance.text());
    const some = () => `x${chance.text()}`;
    return {
      ...{ type: "edge-service" as const, serviceId: "", name: some(), operatorAddress },
      ...{ version: some(), serviceType: some(), description: some() },
      ...{ capabilities: words(), tags: words() },
      ...(chance.int(1) === 0 ? {} : { price: chance.text() }),
    };
  }

  it(`verifies ${CASES} claims that we signed, with our tag and without it`, async () => {
    for (let n = 0; n < CASES; n++) {
      const chance = new Chance(`ours ${n}`);
      const { own, bytes, index } = await signer(chance);
      const claim = createIdentityClaim(claimOf(chance, own.addresses.claim), sha3);
      const signed = sent(await signIdentityClaim(claim, own, { sha3, untagged: n % 2 === 0 }));
      const { valid, reason } = reference.verifyIdentityClaim(signed as never);
      assert.ok(valid, `case ${n}: ${reason}`);
      if (n % 8 !== 0) continue;
      const theirs = await reference.signIdentityClaim(claim as never, bytes, index);
      assert.deepEqual(signed, sent(theirs), `case ${n}: byte for byte`);
    }
  });

  it(`signs ${CASES} claims that we verify, and none once a letter is changed`, async () => {
    for (let n = 0; n < CASES; n++) {
      const chance = new Chance(`theirs ${n}`);
      const { own, bytes, index } = await signer(chance);
      const claim = reference.createIdentityClaim(claimOf(chance, own.addresses.claim) as never);
      const signed = sent(await reference.signIdentityClaim(claim, bytes, index));
      const { valid, reason } = verifyIdentityClaim(signed as never, { sha3 });
      assert.ok(valid, `case ${n}: ${reason}`);
      const changed = { ...signed, claim: { ...signed.claim, object: `${signed.claim.object}x` } };
      assert.ok(!verifyIdentityClaim(changed as never, { sha3 }).valid, `case ${n}`);
    }
  });

  it(`verifies ${CASES} manifests that we signed, over the wire`, async () => {
    for (let n = 0; n < CASES; n++) {
      const chance = new Chance(`our manifest ${n}`);
      const { own } = await signer(chance);
      const manifest = manifestOf(chance, own.addresses.manifest);
      const options = { sha3, signedAt: NOW, untagged: n % 2 === 0 };
      const wire = encodeManifest(await signManifest(manifest, own, options));
      const { valid, reason } = manifests.verifyManifest(manifests.decodeManifest(wire));
      assert.ok(valid, `case ${n}: ${reason}`);
    }
  });

  it(`signs ${CASES} manifests that we verify, over the wire`, async () => {
    // It takes the machine's time, and so do we.
    const options = { sha3, nowMs: Date.now() + DAY };
    for (let n = 0; n < CASES; n++) {
      const chance = new Chance(`their manifest ${n}`);
      const { own, bytes, index } = await signer(chance);
      const manifest = manifestOf(chance, own.addresses.manifest);
      const signed = await manifests.signManifest(manifest as never, bytes, index);
      const received = decodeManifest(manifests.encodeManifest(signed));
      const { valid, reason } = verifyManifest(received, options);
      assert.ok(valid, `case ${n}: ${reason}`);
    }
  });

  it(`has the ids that we have, of ${CASES} documents, claims and manifests`, () => {
    const rootAddress = ROOT;
    for (let n = 0; n < CASES; n++) {
      const chance = new Chance(`ids ${n}`);
      const kind = chance.of(IDENTITY_KINDS);
      const fields = { kind, rootAddress, controllerAddress: rootAddress, createdAt: NOW };
      const { id } = createIdentityDocument(fields, sha3);
      assert.equal(reference.computeIdentityId(kind, rootAddress), id);
      const claim = claimOf(chance, rootAddress);
      const theirs = reference.createIdentityClaim(claim as never);
      assert.deepEqual(theirs, createIdentityClaim(claim, sha3), `case ${n}`);
      const manifest = manifestOf(chance, rootAddress);
      assert.equal(
        manifests.computeManifestId(manifest as never),
        computeManifestId(manifest, sha3),
      );
    }
  });

  it("has the tree that we have for a seed", async () => {
    const wallet = new UnifiedIdentityWallet(world.seed("root").bytes.slice());
    const root = await world.tree("root");
    assert.equal(wallet.getRootAddress(), root.addresses.claim);
  });
});
