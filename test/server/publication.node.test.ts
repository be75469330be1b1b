import assert from "node:assert/strict";
import { createFirmwareManifest } from "../../protocol/claims/firmware-manifest.ts";
import type {
  SignedIdentityClaim,
  TotemIdentityDocument,
} from "../../protocol/claims/identity-types.ts";
import { encodeManifest } from "../../protocol/claims/manifest-wire.ts";
import { signManifest } from "../../protocol/claims/sign-manifest.ts";
import type { LeasedSigner } from "../../protocol/claims/signers.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { toBase64Url } from "../../protocol/encoding/base64.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import type { JsonObject } from "../../protocol/json/reader.ts";
import {
  PUBLISH_AUTHORITY_PATH,
  PUBLISH_RELEASE_PATH,
  UPLOAD_PIECE_PATH,
} from "../../server/api/management-paths.ts";
import type { Role } from "../../server/roles.ts";
import { sha3 } from "../protocol/claims-stage.ts";
import { ClaimsWorld } from "../protocol/claims-world.ts";
import { codeOf, Desk } from "./desk.ts";

const PIECE = 8192;
const IMAGE = Uint8Array.from({ length: 20_000 }, (_, i) => (i * 31) ^ (i >> 8));
const nameOf = (bytes: Uint8Array) => toHex(nobleCrypto.sha256(bytes));

describe("publishing by the network", function () {
  this.timeout(60_000);
  let desk: Desk;
  let tenantId: string;
  let world: ClaimsWorld;
  let root: LeasedSigner;
  let document: TotemIdentityDocument;
  const tokens = new Map<string, string>();

  beforeEach(async () => {
    desk = new Desk({ sha3 });
    ({ tenantId } = await desk.tenant());
    for (const role of ["admin", "manager"] as const)
      tokens.set(role, await desk.service.admin.createOperator({ name: role, role, tenantId }));
    world = new ClaimsWorld(sha3);
    root = await world.tree("root");
    document = world.document(root);
  });
  afterEach(() => desk.close());

  const ask = async (path: string, body: JsonObject, role: Role = "admin") => {
    const authorization = `Bearer ${tokens.get(role)}`;
    return desk.post(path, { tenant_id: tenantId, ...body }, { authorization });
  };
  const answer = async (...asked: Parameters<typeof ask>) => {
    const response = await ask(...asked);
    assert.equal(response.status, 200, response.body);
    return JSON.parse(response.body) as Record<string, unknown>;
  };
  const refused = async (...asked: Parameters<typeof ask>) => codeOf(await ask(...asked));

  const pieceOf = (part: string, bytes: Uint8Array, offset: number, sha256 = nameOf(bytes)) => ({
    ...{ part, sha256, offset },
    data: toBase64Url(bytes.subarray(offset, offset + PIECE)),
  });
  async function upload(part: string, bytes: Uint8Array): Promise<string> {
    for (let offset = 0; offset < bytes.length; offset += PIECE)
      await answer(UPLOAD_PIECE_PATH, pieceOf(part, bytes, offset), "manager");
    return nameOf(bytes);
  }
  const uploadGraph = (claims: readonly unknown[]) =>
    upload("graph", toUtf8(JSON.stringify({ document, claims })));

  const delegated = async (scopes: readonly string[]): Promise<SignedIdentityClaim> =>
    world.delegation(document, root, await world.oneTime("d"), scopes, {
      issuedAt: desk.nowMs - 9,
    });
  const manifestOf = async (by: LeasedSigner) =>
    encodeManifest(
      await signManifest(
        createFirmwareManifest(
          {
            facts: {
              ...{ product: "reader-pico-2w", version: "1.4", securityVersion: 7 },
              ...{ size: IMAGE.length, sha256: nameOf(IMAGE), minBootloader: 0 },
            },
            operatorAddress: by.addresses.manifest,
          },
          sha3,
        ),
        by,
        { sha3, signedAt: desk.nowMs, domain: "latchkey/v1/firmware" },
      ),
    );
  const publishRelease = async (manifest: Uint8Array, role: Role = "manager") => ({
    ...{ manifest: await upload("manifest", manifest), image: await upload("image", IMAGE) },
    role,
  });

  it("brings a graph, and an image that its nodes get", async () => {
    const graph = await uploadGraph([await delegated(["door:open"]), { junk: true }]);
    assert.deepEqual(await answer(PUBLISH_AUTHORITY_PATH, { graph }), {
      ...{ identity_id: document.id, claims: 1, ended: [] },
      refused: [{ index: 1, code: "malformed" }],
    });
    const { role, ...named } = await publishRelease(await manifestOf(root));
    const done = await answer(PUBLISH_RELEASE_PATH, named, role);
    assert.deepEqual([done["product"], done["version"]], ["reader-pico-2w", "1.4"]);
    const rows = await desk.service.admin.auditRows(tenantId);
    const by = (kind: string) => JSON.parse(rows.find((row) => row.kind === kind)!.data)["by"];
    assert.deepEqual([by("authority-changed"), by("release-published")], ["admin", "manager"]);
    // What was published is not kept once more.
    assert.equal(await refused(PUBLISH_RELEASE_PATH, named), "not-found");
    assert.equal(await refused(PUBLISH_AUTHORITY_PATH, { graph }), "not-found");
  });

  it("lets no manager say whose word counts", async () => {
    const graph = await uploadGraph([]);
    assert.equal(await refused(PUBLISH_AUTHORITY_PATH, { graph }, "manager"), "forbidden-role");
  });

  it("takes no image that a node would refuse", async () => {
    await answer(PUBLISH_AUTHORITY_PATH, { graph: await uploadGraph([]) });
    const { role: _, ...named } = await publishRelease(
      await manifestOf(await world.tree("second")),
    );
    assert.equal(await refused(PUBLISH_RELEASE_PATH, named), "issuer-unauthorized");
  });

  it("takes nothing under the name of something else, and does not stay with it", async () => {
    const other = IMAGE.slice().fill(1);
    for (let offset = 0; offset < IMAGE.length; offset += PIECE)
      await answer(UPLOAD_PIECE_PATH, pieceOf("image", other, offset, nameOf(IMAGE)));
    const named = { manifest: await upload("manifest", Uint8Array.of(1)), image: nameOf(IMAGE) };
    assert.equal(await refused(PUBLISH_RELEASE_PATH, named), "conflict");
    assert.equal(await refused(PUBLISH_RELEASE_PATH, named), "not-found");
    await upload("image", IMAGE);
    assert.equal(await refused(PUBLISH_RELEASE_PATH, named), "not-found", "there is no authority");
  });

  it("goes on where a connection broke, and knows when a piece is missing", async () => {
    const at = (offset: number) => pieceOf("image", IMAGE, offset);
    assert.deepEqual(await answer(UPLOAD_PIECE_PATH, at(0)), { length: PIECE });
    assert.deepEqual(await answer(UPLOAD_PIECE_PATH, at(0)), { length: PIECE });
    assert.equal(await refused(UPLOAD_PIECE_PATH, at(2 * PIECE)), "conflict");
    assert.deepEqual(await answer(UPLOAD_PIECE_PATH, at(PIECE)), { length: 2 * PIECE });
    assert.deepEqual(await answer(UPLOAD_PIECE_PATH, at(0)), { length: 2 * PIECE });
  });

  it("takes no more than there is room for", async () => {
    const much = new Uint8Array(33 * 1024);
    for (let offset = 0; offset < 32 * 1024; offset += PIECE)
      await answer(UPLOAD_PIECE_PATH, pieceOf("manifest", much, offset));
    assert.equal(
      await refused(UPLOAD_PIECE_PATH, pieceOf("manifest", much, 32 * 1024)),
      "malformed",
    );
  });

  it("refuses graphs that are none, however deep or long", async () => {
    const texts = [
      ...["x", "[]", "null", "{}", '{"document":7,"claims":[]}', "[".repeat(100_000)],
      JSON.stringify({ document, claims: Array(257).fill(null) }),
      JSON.stringify({ document, claims: {} }),
    ];
    for (const bytes of [...texts.map((text) => toUtf8(text)), Uint8Array.of(0xff, 0xfe)]) {
      const graph = await upload("graph", bytes);
      assert.equal(await refused(PUBLISH_AUTHORITY_PATH, { graph }), "malformed");
    }
  });

  it("gives nobody what another tenant uploaded", async () => {
    const graph = await uploadGraph([]);
    const { tenantId: other } = await desk.tenant();
    const token = await desk.service.admin.createOperator({
      ...{ name: "other", role: "admin", tenantId: other },
    });
    const authorization = `Bearer ${token}`;
    const theirs = await desk.post(
      PUBLISH_AUTHORITY_PATH,
      { tenant_id: other, graph },
      { authorization },
    );
    assert.equal(codeOf(theirs), "not-found");
  });
});
