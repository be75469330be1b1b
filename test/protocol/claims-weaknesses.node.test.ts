/**
 * What was shown to be wrong with the reference, by the names that docs/claims.md gives it. Each
 * test does to strict rules what the reference accepts.
 */
import assert from "node:assert/strict";
import { verifyManifestIdentity } from "../../protocol/claims/bind-manifest.ts";
import { canonicalJson } from "../../protocol/claims/canonical-json.ts";
import { createIdentityClaim, createRotationClaim } from "../../protocol/claims/claim.ts";
import { unsafeSignIdentityClaim } from "../../protocol/claims/compat/claim.ts";
import { unsafeSignManifest } from "../../protocol/claims/compat/manifest.ts";
import {
  revokeIdentity,
  rotateIdentity,
  signIdentityClaim,
} from "../../protocol/claims/sign-claim.ts";
import { signManifest } from "../../protocol/claims/sign-manifest.ts";
import { verifyIdentityClaim } from "../../protocol/claims/verify-claim.ts";
import { verifyManifest } from "../../protocol/claims/verify-manifest.ts";
import {
  at,
  bound,
  describeWeaknesses,
  rotation,
  sha3,
  statusOf,
  thermo,
  type Weaknesses,
} from "./claims-stage.ts";
import { DAY, NOW } from "./claims-world.ts";
import { rejectsCode, throwsCode } from "./error-code.ts";

const WEAKNESSES: Weaknesses = {
  D1: [
    "a key's two addresses are one signer: the root signs its own manifest",
    async (stage) => {
      for (const form of ["claim", "manifest"] as const) {
        const signed = await signManifest(thermo(stage.root, form), stage.root, {
          sha3,
          signedAt: NOW,
        });
        assert.equal(bound(stage, signed).valid, true);
      }
    },
  ],
  D2: [
    "a manifest forged in the victim's name is refused",
    async (stage) => {
      const thief = stage.world.seed("thief");
      const honest = thermo(stage.root);
      const signed = unsafeSignManifest(honest, thief, { keyIndex: 0, signedAt: NOW }, sha3);
      const forged = { ...signed, authorAddress: honest.operatorAddress };
      assert.equal(verifyManifest(forged, at).code, "signer-mismatch");
      assert.equal(bound(stage, forged).valid, false);
    },
  ],
  D3: [
    "a document with another controller or root gives nobody authority",
    async (stage) => {
      const { world, document, delegate: thief } = stage;
      const controlled = { ...document, controllerAddress: thief.addresses.claim };
      const claim = await world.delegation(document, thief, await world.oneTime("x"), ["*"]);
      const result = world.resolve(controlled, [claim]);
      assert.equal(result.errors[0]?.code, "issuer-unauthorized");
      assert.equal(result.resolved?.controllerAddress, document.rootAddress);
      const rooted = world.resolve({ ...document, rootAddress: thief.addresses.claim }, []);
      assert.equal(rooted.resolved, null);
      assert.equal(rooted.errors[0]?.code, "id-mismatch");
    },
  ],
  D4: [
    "a delegate with proof:create may not revoke, rotate or grant",
    async (stage) => {
      const { world, document, root, delegate } = stage;
      const claims = [
        await world.delegation(document, root, delegate, ["proof:create"]),
        await revokeIdentity(document, "x", delegate, { sha3, issuedAt: NOW - 3 }),
        await rotateIdentity(document, root.addresses.claim, delegate, { sha3, issuedAt: NOW - 2 }),
        await world.delegation(document, delegate, await world.oneTime("x"), ["*"], {
          issuedAt: NOW - 1,
        }),
      ];
      const { resolved, errors } = world.resolve(document, claims);
      assert.equal(resolved?.status, "active");
      assert.equal(resolved?.delegates.length, 1);
      assert.deepEqual(
        errors.map(({ code }) => code),
        Array(3).fill("issuer-unauthorized"),
      );
    },
  ],
  D5: [
    "a delegate without scopes may not sign manifests",
    async (stage) => {
      const { world, document, root, delegate } = stage;
      const signed = await signManifest(thermo(delegate), delegate, { sha3, signedAt: NOW });
      for (const scopes of [[], ["proof:create"], ["manifest:*"]]) {
        const claims = [await world.delegation(document, root, delegate, scopes)];
        assert.equal(bound(stage, signed, claims).code, "issuer-unauthorized");
      }
      const allowed = [await world.delegation(document, root, delegate, ["manifest:sign"])];
      assert.equal(bound(stage, signed, allowed).valid, true);
    },
  ],
  D6: [
    "a rotation has effect, and the order of the array has none",
    async (stage) => {
      const { root, delegate: next } = stage;
      const claims = [await rotation(stage, next)];
      const old = await signManifest(thermo(root), root, { sha3, signedAt: NOW });
      const now = await signManifest(thermo(next), next, { sha3, signedAt: NOW });
      assert.equal(bound(stage, old, claims).code, "issuer-unauthorized");
      assert.equal(bound(stage, now, claims).valid, true);
    },
  ],
  D7: [
    "revoking one delegate revokes one delegate",
    async (stage) => {
      const { world, document, root, delegate } = stage;
      const revoked = delegate.addresses.claim;
      const claims = [
        await world.delegation(document, root, delegate, ["*"]),
        await revokeIdentity(document, "lost", root, { sha3, issuedAt: NOW - 1, revoked }),
      ];
      assert.equal(statusOf(stage, claims), "active");
      assert.deepEqual(world.resolve(document, claims).resolved?.delegates, []);
    },
  ],
  D8: [
    "a claim's id is the hash of its content",
    async ({ world, document, root, delegate }) => {
      const { claim } = await world.delegation(document, root, delegate, ["x"]);
      const renamed = unsafeSignIdentityClaim(
        { ...claim, id: "00".repeat(32) },
        world.seed("x"),
        0,
        sha3,
      );
      assert.equal(verifyIdentityClaim(renamed, at).code, "id-mismatch");
      await rejectsCode(signIdentityClaim({ ...claim, id: "00" }, root, { sha3 }), "id-mismatch");
    },
  ],
  D9: [
    "times are whole milliseconds, not in the future, not before the issuer's own",
    async (stage) => {
      const { world, document, root, delegate } = stage;
      const grant = await world.delegation(document, root, delegate, ["identity:*"]);
      const claim = {
        ...createRotationClaim(
          {
            issuer: root.addresses.claim,
            subject: document.id,
            newAddress: delegate.addresses.claim,
            issuedAt: NOW,
          },
          sha3,
        ),
      };
      const refusedAt = (issuedAt: number) => {
        const late = createIdentityClaim({ ...claim, issuedAt }, sha3);
        return world.sign(late, root).then((one) => world.resolve(document, [one]).errors[0]?.code);
      };
      assert.equal(await refusedAt(NOW + 200_000), "time-implausible");
      assert.equal(await refusedAt(NOW / 1000), "time-implausible");
      const early = await world.delegation(
        document,
        delegate,
        await world.oneTime("x"),
        ["identity:*"],
        { issuedAt: NOW - 2 * DAY },
      );
      assert.equal(world.resolve(document, [grant, early]).errors[0]?.code, "issuer-unauthorized");
      const never = { ...grant, claim: { ...grant.claim, expiresAt: "never" } };
      assert.equal(world.resolve(document, [never]).errors[0]?.code, "malformed");
      throwsCode(
        () => createIdentityClaim({ ...claim, issuedAt: -5 }, sha3),
        "malformed",
        "issuedAt",
      );
    },
  ],
  D10: [
    "no malformed claim stops the resolution of the others",
    async ({ world, document, root, delegate }) => {
      const good = await world.delegation(document, root, delegate, ["x"]);
      let nested: unknown = 1;
      for (let depth = 0; depth < 100_000; depth++) nested = [nested];
      const circle: Record<string, unknown> = {};
      circle["self"] = circle;
      const trap = {
        get claim(): never {
          throw new Error("a getter ran");
        },
        proof: {},
      };
      const hostile = [
        ...[null, undefined, 1, "x", [], {}, trap, circle, { claim: null, proof: null }],
        ...[
          { ...good, proof: null },
          { ...good, claim: { ...good.claim, payload: { a: 1n } } },
        ],
        ...[{ ...good, claim: { ...good.claim, payload: { nested } } }],
        new Proxy(
          {},
          {
            getOwnPropertyDescriptor: () => {
              throw new Error("a proxy ran");
            },
          },
        ),
      ];
      const { resolved, errors } = world.resolve(document, [...hostile, good]);
      assert.equal(resolved?.delegates.length, 1);
      assert.deepEqual(
        errors.map(({ code }) => code),
        hostile.map(() => "malformed"),
      );
      for (const graph of [null, undefined, 1, {}, { document }, { document: null, claims: [] }])
        assert.equal(verifyManifestIdentity(null, graph, at).valid, false);
    },
  ],
  D11: [
    "values that JSON cannot carry are refused before they are hashed",
    () => {
      for (const bad of [
        undefined,
        Number.NaN,
        Number.POSITIVE_INFINITY,
        new Date(0),
        new Map(),
        1n,
        () => {},
        Symbol("x"),
        [undefined],
        Object.assign([1], { x: 1 }),
        new Array(2),
        new Uint8Array(1),
        JSON.parse('{"__proto__":1}'),
      ])
        throwsCode(() => canonicalJson({ bad }, "x"), "malformed", "x");
    },
  ],
  D12: [
    "one claim in two spellings is one claim",
    async ({ world, document, root, delegate }) => {
      const one = await world.delegation(document, root, delegate, ["x"]);
      const { publicKey, signature } = one.proof;
      const other = {
        ...one,
        proof: {
          ...one.proof,
          publicKey: `0x${publicKey.toLowerCase()}`,
          signature: signature.toLowerCase(),
        },
      };
      assert.equal(verifyIdentityClaim(other, at).valid, true);
      const { resolved, errors } = world.resolve(document, [one, other, { ...one, more: 1 }]);
      assert.equal(resolved?.delegates.length, 1);
      assert.deepEqual(
        errors.map(({ code }) => code),
        ["claim-duplicate", "claim-duplicate"],
      );
    },
  ],
};

describeWeaknesses(
  "a weakness of the reference is none here (authority, time, encodings):",
  WEAKNESSES,
  Array.from({ length: 12 }, (_, i) => `D${i + 1}`),
);
