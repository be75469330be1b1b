import assert from "node:assert/strict";
import {
  createFirmwareManifest,
  type FirmwareFacts,
  firmwareFactsOf,
} from "../../protocol/claims/firmware-manifest.ts";
import type { TotemIdentityDocument } from "../../protocol/claims/identity-types.ts";
import type { EdgeServiceManifest, SignedManifest } from "../../protocol/claims/manifest-types.ts";
import { encodeManifest } from "../../protocol/claims/manifest-wire.ts";
import { revokeIdentity, rotateIdentity } from "../../protocol/claims/sign-claim.ts";
import { signManifest } from "../../protocol/claims/sign-manifest.ts";
import type { LeasedSigner } from "../../protocol/claims/signers.ts";
import { type FirmwareOptions, verifyFirmware } from "../../protocol/claims/verify-firmware.ts";
import { fromHex } from "../../protocol/encoding/hex.ts";
import { at, sha3 } from "./claims-stage.ts";
import { ClaimsWorld, DAY, NOW } from "./claims-world.ts";
import { throwsCode } from "./error-code.ts";

const FACTS: FirmwareFacts = {
  product: "reader-pico-2w",
  version: "1.4.0",
  securityVersion: 7,
  sha256: "ab".repeat(32),
  size: 741_376,
  minBootloader: 2,
};
const IMAGE = { size: FACTS.size, sha256: fromHex(FACTS.sha256) };
const INSTALLED = { product: FACTS.product, securityVersion: 7, bootloader: 2 };

describe("a firmware image", function () {
  this.timeout(60_000);
  let world: ClaimsWorld;
  let root: LeasedSigner;
  let document: TotemIdentityDocument;

  beforeEach(async () => {
    world = new ClaimsWorld(sha3);
    root = await world.tree("root");
    document = world.document(root);
  });

  const signed = (facts: FirmwareFacts, by = root, more: { expiresAt?: number } = {}) =>
    signManifest(
      createFirmwareManifest({ facts, operatorAddress: by.addresses.manifest, ...more }, sha3),
      by,
      { sha3, signedAt: NOW - 10, domain: "latchkey/v1/firmware" },
    );

  function decide(
    manifest: SignedManifest,
    claims: readonly unknown[] = [],
    options: Partial<FirmwareOptions> = {},
    image: typeof IMAGE | undefined = IMAGE,
  ) {
    const whole = { ...at, identityId: document.id, installed: INSTALLED, ...options };
    const decision = verifyFirmware(encodeManifest(manifest), { document, claims }, image, whole);
    return decision.decision === "accept" ? "accept" : decision.code;
  }

  it("is accepted when its identity stands behind it", async () => {
    const manifest = await signed(FACTS);
    assert.equal(decide(manifest), "accept");
    assert.equal(decide(manifest, [], {}, undefined), "accept", "before the download");
    assert.deepEqual(firmwareFactsOf(manifest), FACTS);
  });

  it("is accepted from a delegate that may sign manifests, and refused from another", async () => {
    const builder = await world.tree("delegate");
    const manifest = await signed(FACTS, builder);
    const may = await world.delegation(document, root, builder, ["manifest:sign"]);
    const mayNot = await world.delegation(document, root, builder, ["door:open"]);
    assert.equal(decide(manifest, [may]), "accept");
    assert.equal(decide(manifest, [mayNot]), "issuer-unauthorized");
    const revoked = builder.addresses.claim;
    const gone = await revokeIdentity(document, "x", root, { sha3, issuedAt: NOW - 1, revoked });
    assert.equal(decide(manifest, [may, gone]), "issuer-unauthorized");
  });

  it("older than what is installed is refused, the same again is not", async () => {
    const manifest = await signed(FACTS);
    const newer = { installed: { ...INSTALLED, securityVersion: 8 } };
    assert.equal(decide(manifest, [], newer), "firmware-rollback");
    const older = { installed: { ...INSTALLED, securityVersion: 0 } };
    assert.equal(decide(manifest, [], older), "accept");
  });

  it("for another product or a newer bootloader is refused", async () => {
    const manifest = await signed(FACTS);
    const other = { installed: { ...INSTALLED, product: "sensor-pico-2w" } };
    assert.equal(decide(manifest, [], other), "firmware-unsuitable");
    const old = { installed: { ...INSTALLED, bootloader: 1 } };
    assert.equal(decide(manifest, [], old), "firmware-unsuitable");
  });

  it("that is not the signed one is refused", async () => {
    const manifest = await signed(FACTS);
    const image = (more: Partial<typeof IMAGE>) => decide(manifest, [], {}, { ...IMAGE, ...more });
    assert.equal(image({ size: IMAGE.size - 1 }), "firmware-mismatch");
    assert.equal(image({ sha256: new Uint8Array(32) }), "firmware-mismatch");
    assert.equal(image({ sha256: new Uint8Array(0) }), "firmware-mismatch");
  });

  it("of another identity, of a rotated root or a revoked identity is refused", async () => {
    const manifest = await signed(FACTS);
    assert.equal(decide(manifest, [], { identityId: "totem:id:service:00" }), "subject-mismatch");
    const next = (await world.tree("second")).addresses.claim;
    const rotated = await rotateIdentity(document, next, root, { sha3, issuedAt: NOW - DAY });
    assert.equal(decide(manifest, [rotated]), "issuer-unauthorized");
    const revoked = await revokeIdentity(document, "x", root, { sha3, issuedAt: NOW - 1 });
    assert.equal(decide(manifest, [revoked]), "identity-revoked");
  });

  it("with an expired, altered or other manifest is refused", async () => {
    const expired = await signed(FACTS, root, { expiresAt: NOW - 1 });
    assert.equal(decide(expired), "statement-expired");
    const manifest = await signed(FACTS);
    const facts = { ...FACTS, securityVersion: 9 };
    const altered = { ...manifest, manifest: { ...manifest.manifest, firmware: facts } };
    assert.equal(decide(altered), "signature-invalid");
    const untagged = createFirmwareManifest(
      { facts: FACTS, operatorAddress: root.addresses.claim },
      sha3,
    );
    const plain = await signManifest(untagged, root, { sha3, signedAt: NOW - 10 });
    assert.equal(decide(plain), "domain-mismatch", "signed as a manifest, not as firmware");
    const { firmware: _, ...other } = untagged;
    const service = await signManifest(other as EdgeServiceManifest, root, { sha3, signedAt: NOW });
    assert.equal(decide(service), "malformed");
  });

  it("is described by facts that are checked, and that the reference's members repeat", async () => {
    const wrong: readonly Partial<Record<keyof FirmwareFacts, unknown>>[] = [
      ...[{ product: "Two Words" }, { product: "" }, { version: "" }, { version: "1\n" }],
      ...[{ securityVersion: -1 }, { securityVersion: 1.5 }, { securityVersion: 2 ** 32 }],
      ...[{ sha256: "AB".repeat(32) }, { sha256: "ab" }, { size: 0 }, { size: 2 ** 23 }],
      ...[{ minBootloader: "2" }, { minBootloader: undefined }],
    ];
    for (const part of wrong) {
      const facts = { ...FACTS, ...part } as FirmwareFacts;
      const fields = { facts, operatorAddress: root.addresses.claim };
      throwsCode(() => createFirmwareManifest(fields, sha3), "malformed");
    }
    const manifest = createFirmwareManifest({ facts: FACTS, operatorAddress: "x" }, sha3);
    const renamed = { manifest: { ...manifest, name: "other" } } as unknown as SignedManifest;
    throwsCode(() => firmwareFactsOf(renamed), "malformed", "firmware");
  });
});
