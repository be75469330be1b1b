import assert from "node:assert/strict";
import type { Records } from "../../server/store/records.ts";
import { UPLOAD_KEPT_SECONDS, type UploadPiece } from "../../server/store/uploads.ts";
import { addTenant, RECORD_STORES, type ScratchStore } from "./record-stores.ts";

const [ONE, OTHER] = ["ab".repeat(32), "cd".repeat(32)];
const piece = (offset: number, more: Partial<UploadPiece> = {}): UploadPiece => ({
  ...{ tenantId: "t", part: "image", sha256: ONE, offset, at: 1000 },
  data: Uint8Array.of(0, 255, offset & 255),
  ...more,
});

for (const { name, make } of RECORD_STORES)
  describe(`uploads in ${name}`, function () {
    this.timeout(30_000);
    let store: ScratchStore;
    let records: Records;
    beforeEach(async function () {
      store = await make(this);
      records = await store.open();
      for (const tenant of ["t", "u"]) await addTenant(records, tenant);
    });
    afterEach(() => store?.drop());

    const bytes = async (sha256 = ONE, tenantId = "t") =>
      (await records.upload(tenantId, "image", sha256))?.join();

    it("are put together in their order, however often a piece comes", async () => {
      assert.equal(await bytes(), undefined);
      assert.equal(await records.addPiece(piece(0)), 3);
      assert.equal(await records.addPiece(piece(3)), 6);
      assert.equal(await records.addPiece(piece(0)), 6, "it is here");
      assert.equal(await records.addPiece(piece(9)), 6, "one is missing");
      assert.equal(await records.addPiece(piece(6)), 9);
      assert.equal(await bytes(), "0,255,0,0,255,3,0,255,6");
    });

    it("are one of each part: another that begins takes its place", async () => {
      await records.addPiece(piece(0));
      await records.addPiece(piece(0, { part: "graph" }));
      assert.equal(await records.addPiece(piece(3, { sha256: OTHER })), 0);
      assert.equal(await records.addPiece(piece(0, { sha256: OTHER })), 3);
      assert.equal(await bytes(), undefined);
      assert.equal(await bytes(OTHER), "0,255,0");
      assert.equal(await records.addPiece(piece(3)), 0);
      assert.notEqual(await records.upload("t", "graph", ONE), undefined);
      await records.removeUpload("t", "image");
      assert.equal(await bytes(OTHER), undefined);
      assert.notEqual(await records.upload("t", "graph", ONE), undefined);
    });

    it("are the tenant's own", async () => {
      await records.addPiece(piece(0));
      assert.equal(await bytes(ONE, "u"), undefined);
      await records.addPiece(piece(0, { tenantId: "u", data: Uint8Array.of(7) }));
      await records.removeUpload("u", "image");
      assert.equal(await bytes(), "0,255,0");
    });

    it("take one of two pieces for one place, from whichever replica", async () => {
      const other = await store.open();
      await records.addPiece(piece(0));
      const both = await Promise.all([records.addPiece(piece(3)), other.addPiece(piece(3))]);
      assert.deepEqual(both, [6, 6]);
      assert.equal(await bytes(), "0,255,0,0,255,3");
    });

    it("are forgotten after a while", async () => {
      await records.addPiece(piece(0));
      await records.sweep(1000 + UPLOAD_KEPT_SECONDS, 0);
      assert.equal(await bytes(), "0,255,0");
      await records.sweep(1001 + UPLOAD_KEPT_SECONDS, 0);
      assert.equal(await bytes(), undefined);
    });
  });
