import assert from "node:assert/strict";
import { canonicalDigest } from "../../protocol/claims/canonical-json.ts";
import { createDelegationClaim } from "../../protocol/claims/claim.ts";
import type {
  IdentityGraph,
  SignedIdentityClaim,
  TotemIdentityDocument,
} from "../../protocol/claims/identity-types.ts";
import { revokeIdentity } from "../../protocol/claims/sign-claim.ts";
import type { LeasedSigner } from "../../protocol/claims/signers.ts";
import { unsafeWotsSign } from "../../protocol/claims/wots-secret.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { sha3 } from "../protocol/claims-stage.ts";
import { ClaimsWorld } from "../protocol/claims-world.ts";
import { Desk } from "./desk.ts";

/** Claims of a graph: no more than that are read. */
const ROOM = 256;

describe("what a server keeps of a graph", function () {
  this.timeout(60_000);
  let desk: Desk;
  let tenantId: string;
  let world: ClaimsWorld;
  let root: LeasedSigner;
  let key: LeasedSigner;
  let document: TotemIdentityDocument;
  let granted: SignedIdentityClaim;

  beforeEach(async () => {
    desk = new Desk({ sha3 });
    ({ tenantId } = await desk.tenant());
    world = new ClaimsWorld(sha3);
    root = await world.tree("root");
    key = await world.oneTime("manager");
    document = world.document(root);
    granted = await world.delegation(document, root, key, ["*"], { issuedAt: desk.nowMs - 9000 });
  });
  afterEach(() => desk.close());

  const publish = (claims: readonly SignedIdentityClaim[]) =>
    desk.service.admin.publishAuthority({ tenantId, graph: { document, claims } });
  const claimOf = (n: number, by = key) =>
    createDelegationClaim(
      {
        ...{ issuer: by.addresses.claim, subject: document.id, scopes: [`s:${n}`] },
        ...{ delegatedAddress: root.addresses.claim, issuedAt: desk.nowMs - 5000 + n },
      },
      sha3,
    );
  /** What the key signs however often it has signed. */
  function signed(n: number): SignedIdentityClaim {
    const claim = claimOf(n);
    const digest = canonicalDigest(sha3, claim);
    const { signature, publicKey } = unsafeWotsSign(sha3, world.seed("manager"), 0, digest);
    const hex = (bytes: Uint8Array) => toHex(bytes).toUpperCase();
    const proof = { publicKey: hex(publicKey), signature: hex(signature) };
    return { claim, proof: { address: key.addresses.claim, ...proof } };
  }
  const forged = (n: number) => ({ claim: claimOf(n), proof: signed(0).proof });

  it("are no forgeries in a rightful key's name, however many, and they cost it nothing", async () => {
    const forgeries = Array.from({ length: ROOM - 2 }, (_, n) => forged(n + 1));
    const first = await publish([granted, signed(0), ...forgeries]);
    assert.equal(first.claims, 2);
    assert.equal(first.refused.length, ROOM - 2);
    assert.ok(first.refused.every(({ code }) => code === "signature-invalid"));
    // There is room for others, and what the key said counts.
    const again = await publish([granted, signed(0)]);
    assert.deepEqual(again.refused, []);
  });

  it("are two claims of a key that signed twice, and nothing else in its name", async () => {
    const more = [signed(1), forged(9), signed(2), forged(8), signed(3)];
    const { claims, refused } = await publish([granted, signed(0), ...more]);
    assert.equal(claims, 3);
    assert.deepEqual(refused, [
      { index: 3, code: "key-reused" },
      { index: 4, code: "key-reused" },
      { index: 5, code: "key-reused" },
      { index: 6, code: "key-reused" },
    ]);
    const later = await publish([granted, signed(0), signed(1), signed(4), forged(7)]);
    assert.equal(later.claims, 3);
    assert.deepEqual(
      later.refused.map(({ index }) => index),
      [3, 4],
    );
  });

  it("is what showed later that a key signed twice: then the first does not count any more", async () => {
    await publish([granted, signed(0)]);
    const { claims, refused } = await publish([granted, signed(0), signed(1)]);
    assert.deepEqual([claims, refused], [3, []]);
  });

  it("are no claims of strangers", async () => {
    const stranger = await world.oneTime("stranger");
    const theirs = await world.sign(claimOf(1, stranger), stranger);
    const { claims, refused } = await publish([granted, theirs]);
    assert.equal(claims, 1);
    assert.deepEqual(refused, [{ index: 1, code: "issuer-unauthorized" }]);
  });

  it("is what counted once, also when it does not any more", async () => {
    await publish([granted, signed(0)]);
    const revoked = key.addresses.claim;
    const options = { sha3, issuedAt: desk.nowMs - 8000, revoked };
    const ending = await revokeIdentity(document, "stolen", root, options);
    const { claims, refused } = await publish([granted, signed(0), ending]);
    assert.deepEqual([claims, refused], [3, []]);
    await assert.rejects(publish([granted, ending]), { code: "conflict" });
  });

  it("is not junk", async () => {
    const junk = [null, 7, { claim: {} }, granted, { ...granted, proof: {} }];
    const { claims, refused } = await publish([granted, ...junk] as IdentityGraph["claims"]);
    assert.equal(claims, 1);
    assert.deepEqual(
      refused.map(({ code }) => code),
      ["malformed", "malformed", "malformed", "claim-duplicate", "malformed"],
    );
  });
});
