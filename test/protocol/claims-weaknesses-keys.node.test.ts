/**
 * What was shown to be wrong with the reference, by the names that docs/claims.md gives it. Each
 * test does to strict rules what the reference accepts.
 */
import assert from "node:assert/strict";
import { bindManifestToIdentity } from "../../protocol/claims/bind-manifest.ts";
import { canonicalJson } from "../../protocol/claims/canonical-json.ts";
import { createIdentityClaim } from "../../protocol/claims/claim.ts";
import { unsafeSignIdentityClaim } from "../../protocol/claims/compat/claim.ts";
import { flatIndex } from "../../protocol/claims/compat/lease-journal.ts";
import { isRevocationClaim, isRotationClaim } from "../../protocol/claims/guards.ts";
import { childTreeSeed, rootTreeSeed } from "../../protocol/claims/key-tree.ts";
import { decodeManifest, encodeManifest } from "../../protocol/claims/manifest-wire.ts";
import { signIdentityClaim } from "../../protocol/claims/sign-claim.ts";
import { signManifest } from "../../protocol/claims/sign-manifest.ts";
import { treeVerify } from "../../protocol/claims/tree-proof.ts";
import { verifyIdentityClaim } from "../../protocol/claims/verify-claim.ts";
import { verifyManifest } from "../../protocol/claims/verify-manifest.ts";
import { oneTimeSecret, wotsPublicKey } from "../../protocol/claims/wots-secret.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import {
  at,
  bound,
  describeWeaknesses,
  rotation,
  sha3,
  thermo,
  type Weaknesses,
} from "./claims-stage.ts";
import { NOW } from "./claims-world.ts";
import { rejectsCode, throwsCode } from "./error-code.ts";

const WEAKNESSES: Weaknesses = {
  D13: [
    "a signed manifest is no claim and a claim no manifest",
    async ({ world, document, root, delegate }) => {
      const { claim } = await world.delegation(document, root, delegate, ["*"]);
      const asManifest = { ...claim, latchkey: { domain: "latchkey/v1/manifest" } };
      const signed = unsafeSignIdentityClaim(asManifest as never, world.seed("x"), 0, sha3);
      assert.equal(verifyIdentityClaim(signed, at).code, "domain-mismatch");
      const bare = await signIdentityClaim(createIdentityClaim({ ...claim }, sha3), root, {
        sha3,
        untagged: true,
      });
      assert.equal(verifyIdentityClaim(bare, at).valid, true);
      assert.equal(
        verifyIdentityClaim(bare, { sha3, requireDomain: true }).code,
        "domain-mismatch",
      );
    },
  ],
  D14: [
    "an expired manifest is refused",
    async (stage) => {
      const manifest = { ...thermo(stage.root), expiresAt: NOW - 1 };
      const signed = await signManifest(manifest, stage.root, { sha3, signedAt: NOW - 5 });
      assert.equal(verifyManifest(signed, at).code, "statement-expired");
      assert.equal(verifyManifest(signed, { sha3, nowMs: NOW - 1 }).valid, true);
    },
  ],
  D15: [
    "the wire form is one sequence of bytes",
    async ({ root }) => {
      const wire = encodeManifest(await signManifest(thermo(root), root, { sha3, signedAt: NOW }));
      assert.deepEqual(encodeManifest(decodeManifest(wire)), wire);
      for (const length of [0, 5, 6, 100, wire.length - 1])
        throwsCode(() => decodeManifest(wire.subarray(0, length)), "malformed");
      throwsCode(() => decodeManifest(Uint8Array.of(...wire, 0)), "malformed");
      const trailer = wire.slice();
      trailer[trailer.length - 1] = trailer.at(-1)! ^ 1;
      throwsCode(() => decodeManifest(trailer), "malformed");
    },
  ],
  D16: [
    "a root that claims foreign keys proves nothing",
    async (stage) => {
      const { delegate: stranger } = stage;
      const signed = await signManifest(thermo(stranger), stranger, { sha3, signedAt: NOW });
      assert.equal(
        bound(stage, { ...signed, rootIdentityProof: "anything" }).code,
        "issuer-unauthorized",
      );
    },
  ],
  D17: [
    "a root's proof on an invalid claim authorises nobody",
    async (stage) => {
      const { world, document, root, delegate } = stage;
      const claim = await world.delegation(document, root, delegate, ["*"]);
      const invalid = {
        ...claim,
        claim: { ...claim.claim, object: root.addresses.claim },
        rootIdentityProof: "p",
      };
      const signed = await signManifest(thermo(delegate), delegate, { sha3, signedAt: NOW });
      const verifier = {
        proofVerifiers: {
          "root-identity": {
            verify: () => ({ valid: true, provenAddresses: [signed.authorAddress] }),
          },
        },
      };
      const graph = { document, claims: [invalid] };
      assert.equal(
        (await bindManifestToIdentity(signed, graph, { ...at, ...verifier })).valid,
        false,
      );
    },
  ],
  D18: [
    "a tree's use is spent on the disk, and a signature has all three levels",
    async ({ world, root }) => {
      const digest = sha3.sha3_256(new Uint8Array(1));
      const [one, two] = [await root.sign(digest), await root.sign(digest)];
      assert.notEqual(toHex(one), toHex(two));
      assert.equal((await world.keeper.audit(rootTreeSeed(sha3, world.seed("root")))).length, 3);
      const proof = Uint8Array.of(0, 1, 1, ...one.subarray(3, 3 + 1374));
      assert.equal(treeVerify(sha3, root.publicKey, digest, proof), false);
      assert.equal(treeVerify(sha3, new Uint8Array(0), digest, one), false);
    },
  ],
  D19: [
    "guards are deep, and true for what the constructors make",
    async (stage) => {
      const { claim } = await rotation(stage, stage.delegate);
      assert.equal(isRotationClaim(claim), true);
      assert.equal(isRevocationClaim(claim), false);
      const flat = { claimId: "c", issuer: "i", subject: "s", newAddress: "n", issuedAt: 1 };
      assert.equal(isRotationClaim(flat), true);
      assert.equal(isRevocationClaim(flat), false);
      assert.equal(isRotationClaim({ ...claim, payload: [] }), false);
    },
  ],
  D20: [
    "no name pollutes a prototype",
    async ({ world, document }) => {
      const claims = JSON.parse(
        '[{"__proto__":{"polluted":1},"claim":{"constructor":1},"proof":{}}]',
      );
      assert.equal(world.resolve(document, claims).errors[0]?.code, "malformed");
      assert.equal(({} as { polluted?: number }).polluted, undefined);
    },
  ],
  D21: [
    "an index is an integer of 32 bits and nothing else",
    ({ world }) => {
      for (const index of [undefined, Number.NaN, "abc", "2", 0.9, 2 ** 32, -1, null, 1n])
        throwsCode(
          () => wotsPublicKey(sha3, world.seed("x"), index as number),
          "malformed",
          "keyIndex",
        );
    },
  ],
  D22: [
    "one address signs many times when it is a tree's, and once when it is a one-time key's",
    async (stage) => {
      const { world, document, root, delegate } = stage;
      const many = [];
      for (const scope of ["a", "b", "c"])
        many.push(await world.delegation(document, root, delegate, [scope]));
      assert.equal(world.resolve(document, many).resolved?.delegates.length, 3);
      const once = await world.oneTime("once");
      await world.delegation(document, once, delegate, ["a"]);
      await rejectsCode(world.delegation(document, once, delegate, ["b"]), "lease-spent");
      const seed = world.seed("spent");
      const spent = await world.oneTime("spent");
      const own = world.document(spent);
      const parties = {
        issuer: spent.addresses.claim,
        subject: own.id,
        object: delegate.addresses.claim,
      };
      const reused = ["a", "b"].map((scope) =>
        unsafeSignIdentityClaim(
          createIdentityClaim(
            { ...parties, type: "delegates_to", payload: { scopes: [scope] }, issuedAt: NOW },
            sha3,
          ),
          seed,
          0,
          sha3,
        ),
      );
      const { resolved, errors } = world.resolve(own, reused);
      assert.deepEqual(resolved?.delegates, []);
      assert.deepEqual(
        errors.map(({ code }) => code),
        ["key-reused", "key-reused"],
      );
    },
  ],
  D23: [
    "places in a tree are counted for every lane",
    () => {
      assert.equal(flatIndex(1, 2, 3), 4096 + 128 + 3);
      assert.equal(flatIndex(63, 63, 63), 262_143);
    },
  ],
  D24: [
    "a seed is 32 bytes, not a text of 32 characters",
    () => {
      for (const length of [0, 31, 33, 64])
        throwsCode(
          () => wotsPublicKey(sha3, new Secret(new Uint8Array(length)), 0),
          "malformed",
          "seed",
        );
      const text = "0123456789abcdefghijklmnopqrstuv" as unknown as Uint8Array;
      assert.throws(() => wotsPublicKey(sha3, new Secret(text), 0));
    },
  ],
  D25: [
    "no two purposes share a seed: a tree's keys are not the seed's one-time keys",
    ({ world }) => {
      const seed = world.seed("x");
      const root = rootTreeSeed(sha3, seed);
      const used = [
        seed.bytes,
        root.bytes,
        oneTimeSecret(sha3, seed, 0),
        childTreeSeed(sha3, root, 0).bytes,
      ];
      assert.equal(new Set(used.map(toHex)).size, used.length);
      assert.notEqual(toHex(wotsPublicKey(sha3, root, 0)), toHex(wotsPublicKey(sha3, seed, 0)));
    },
  ],
  D26: [
    "nothing is verified by its types alone",
    async (stage) => {
      const proof = {
        address: stage.root.addresses.claim,
        publicKey: "00".repeat(32),
        signature: "00".repeat(1088),
      };
      const { claim } = await rotation(stage, stage.delegate);
      assert.equal(verifyIdentityClaim({ claim, proof }, at).valid, false);
      const signed = await signManifest(thermo(stage.root), stage.root, { sha3, signedAt: NOW });
      assert.equal(
        verifyManifest({ ...signed, signature: "00".repeat(1088) }, at).code,
        "signature-invalid",
      );
    },
  ],
  D27: [
    "there is one canonical form: scopes, order of names and numbers are in it",
    () => {
      const text = canonicalJson({ scopes: ["b", "a"], B: 1e21, a: -0, "10": 0.1 });
      assert.equal(text, '{"10":0.1,"B":1e+21,"a":0,"scopes":["b","a"]}');
    },
  ],
  D28: [
    "a root's tree signs its own manifests",
    async (stage) => {
      const signed = await signManifest(thermo(stage.root), stage.root, { sha3, signedAt: NOW });
      assert.equal(signed.signature.length, 2 * 4125);
      assert.equal(bound(stage, signed).valid, true);
    },
  ],
  D30: [
    "a tree's signature is one sequence of bytes",
    async ({ root }) => {
      const digest = sha3.sha3_256(new Uint8Array(1));
      const good = await root.sign(digest);
      assert.equal(treeVerify(sha3, root.publicKey, digest, good), true);
      const changed = (at: number, to: number) => good.map((byte, i) => (i === at ? to : byte));
      const blockTime = 3 + 36 + 1092;
      for (const bad of [
        good.subarray(0, -1),
        good.subarray(0, -3),
        Uint8Array.of(...good, ...new Uint8Array(1000)),
        changed(blockTime + 2, 1),
        changed(blockTime, 1),
        changed(blockTime + 6, 7),
      ])
        assert.equal(treeVerify(sha3, root.publicKey, digest, bad), false);
    },
  ],
};

describeWeaknesses(
  "a weakness of the reference is none here (wire, proofs, keys; D29 never had a name):",
  WEAKNESSES,
  [...Array(18).keys()].map((i) => `D${i + 13}`).filter((name) => name !== "D29"),
);
