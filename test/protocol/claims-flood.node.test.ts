import assert from "node:assert/strict";
import { createDelegationClaim, createRevocationClaim } from "../../protocol/claims/claim.ts";
import type {
  IdentityClaim,
  IdentityResolutionResult,
  SignedIdentityClaim,
  TotemIdentityDocument,
} from "../../protocol/claims/identity-types.ts";
import type { LeasedSigner } from "../../protocol/claims/signers.ts";
import { sha3 } from "./claims-stage.ts";
import { ClaimsWorld, DAY, NOW } from "./claims-world.ts";
import { countingSha3 } from "./counting-sha3.ts";

const FLOOD = 1200;
/** The most hashes of one one-time signature's chains. */
const MOST = 6098;
/** What a test allows in place of the default, so that it is over sooner. */
const FEW = 50;

const codesOf = ({ errors }: IdentityResolutionResult) => [
  ...new Set(errors.map(({ code }) => code)),
];

/** Claims of which nobody signed any: each has the key and the signature of `genuine`. */
function forgeries(
  genuine: SignedIdentityClaim,
  count: number,
  make: (n: number) => IdentityClaim,
): SignedIdentityClaim[] {
  return Array.from({ length: count }, (_, n) => ({ claim: make(n), proof: genuine.proof }));
}

const isOther = (a: SignedIdentityClaim, b: SignedIdentityClaim) =>
  a.proof.signature !== b.proof.signature;

describe("a flood of forgeries in a rightful key's name", function () {
  this.timeout(60_000);
  let world: ClaimsWorld;
  let root: LeasedSigner;
  let document: TotemIdentityDocument;
  let genuine: SignedIdentityClaim;

  const delegation = (n: number): IdentityClaim =>
    createDelegationClaim(
      {
        ...{ issuer: genuine.claim.issuer, subject: document.id, scopes: [`forged:${n}`] },
        // Before the genuine one, so that they are looked at before it.
        ...{ delegatedAddress: genuine.claim.object, issuedAt: NOW - 2 * DAY + n },
      },
      sha3,
    );
  const revocation = (n: number): IdentityClaim =>
    createRevocationClaim(
      {
        ...{ issuer: genuine.claim.issuer, subject: document.id, issuedAt: NOW - 2 * DAY + n },
        reason: `forged ${n}`,
      },
      sha3,
    );

  async function found(signer: LeasedSigner) {
    root = signer;
    document = world.document(root);
    const to = await world.oneTime("delegate");
    genuine = await world.delegation(document, root, to, ["door:open"]);
  }

  /** Resolves it and says how many hashes of chains that took. */
  function resolved(claims: readonly SignedIdentityClaim[], options: object = {}) {
    const counting = countingSha3(sha3);
    const more = { sha3: counting, maxClaims: FLOOD + 1, ...options };
    return { ...world.resolve(document, claims, more), steps: counting.steps };
  }

  beforeEach(() => {
    world = new ClaimsWorld(sha3);
  });

  for (const kind of ["one-time key", "tree"] as const)
    describe(`of a ${kind}`, () => {
      beforeEach(async () =>
        found(kind === "tree" ? await world.tree("root") : await world.oneTime("root")),
      );

      it("costs no more hashes than allowed, and nobody knows who is in control", () => {
        for (const make of [delegation, revocation]) {
          const result = resolved([...forgeries(genuine, FLOOD, make), genuine], {
            maxSignatures: FEW,
          });
          assert.equal(result.resolved, null);
          assert.deepEqual(codesOf(result), ["signatures-exceeded"]);
          assert.ok(result.steps <= FEW * MOST, `${result.steps} hashes`);
        }
      });

      it("is told by the genuine claim, where that was seen before, in any order", () => {
        const firstSeenMs = (id: string) => (id === genuine.claim.id ? NOW - DAY : undefined);
        for (const make of [delegation, revocation]) {
          const forged = forgeries(genuine, FLOOD, make);
          for (const claims of [
            [...forged, genuine],
            [genuine, ...forged],
          ]) {
            const result = resolved(claims, { firstSeenMs, maxSignatures: FEW });
            assert.equal(result.resolved?.status, "active");
            assert.equal(result.resolved.delegates.length, 1);
            assert.equal(result.errors.length, FLOOD);
            assert.deepEqual(codesOf(result), ["signature-invalid"]);
            // Three for a tree; and a few steps for each of the others.
            assert.ok(result.steps <= 3 * MOST + 20 * FLOOD, `${result.steps} hashes`);
          }
        }
      });

      it("is told by the genuine claim, where that is older, also when nobody saw it", () => {
        const late = forgeries(genuine, FLOOD, (n) => {
          const claim = delegation(n);
          return createDelegationClaim(
            {
              ...{ issuer: claim.issuer, subject: claim.subject, scopes: [`forged:${n}`] },
              ...{ delegatedAddress: claim.object, issuedAt: NOW - DAY + 1 + n },
            },
            sha3,
          );
        });
        const result = resolved([...late, genuine]);
        assert.equal(result.resolved?.delegates.length, 1);
        assert.ok(result.steps <= 3 * MOST + 20 * FLOOD, `${result.steps} hashes`);
      });

      it("is told by it also where they say the same, if it is the first of them", () => {
        const { claim, proof } = genuine;
        const forged = Array.from({ length: FLOOD }, (_, n) => {
          // In one chain of the lowest level.
          const other = (n + 0x1000).toString(16).toUpperCase();
          const at = proof.signature.length - 2 * 1000;
          const signature = proof.signature.slice(0, at) + other + proof.signature.slice(at + 4);
          return { claim, proof: { ...proof, signature } };
        });
        const others = forged.filter((one) => isOther(one, genuine));
        // They have one id, so nothing but their order tells which of them was seen.
        const result = resolved([genuine, ...others], { maxSignatures: FEW });
        assert.equal(result.resolved?.delegates.length, 1);
        assert.ok(result.steps <= 3 * MOST, `${result.steps} hashes`);
        const last = resolved([...others, genuine], { maxSignatures: FEW });
        assert.deepEqual([last.resolved, codesOf(last)], [null, ["signatures-exceeded"]]);
      });

      it("is refused at a cost that its sender cannot choose, by default", () => {
        const result = resolved([...forgeries(genuine, 1100, delegation), genuine]);
        assert.equal(result.resolved, null);
        assert.ok(result.steps <= 1000 * MOST, `${result.steps} hashes`);
        const patient = resolved([...forgeries(genuine, 60, delegation), genuine]);
        assert.equal(patient.resolved?.delegates.length, 1);
      });
    });

  it("does not hide a revocation: all of the graph is refused, or none of it", async () => {
    await found(await world.tree("root"));
    const real = await world.sign(revocation(FLOOD), root);
    for (const claims of [
      [...forgeries(genuine, 100, revocation), real],
      [real, ...forgeries(genuine, 100, delegation)],
    ])
      for (const maxSignatures of [1, 2, 3, 10, 60, 99]) {
        const result = resolved([...claims, genuine], { maxSignatures });
        assert.ok(result.resolved === null || result.resolved.status === "revoked");
      }
  });

  it("of values that were shown by the key is none that its own next signature falls with", async () => {
    // A one-time key that did sign twice: both fit, and are refused for that alone.
    await found(await world.oneTime("root"));
    const again = new ClaimsWorld(sha3);
    const second = await again.sign(delegation(1), await again.oneTime("root"));
    const firstSeenMs = () => NOW - DAY;
    const forged = forgeries(genuine, 20, (n) => delegation(n + 2));
    const result = resolved([genuine, second, ...forged], { firstSeenMs });
    const codes = result.errors.map(({ code }) => code);
    assert.deepEqual(codes.slice(0, 2), ["key-reused", "key-reused"]);
    assert.equal(result.resolved?.delegates.length, 0);
  });
});
