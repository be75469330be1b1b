import assert from "node:assert/strict";
import type { Records } from "../../server/store/records.ts";
import type { AuthorityChange, NewRelease } from "../../server/store/releases.ts";
import { addTenant, newNode, RECORD_STORES, type ScratchStore } from "./record-stores.ts";

const entry = (kind: string) => ({ tenantId: "t", at: 1, kind, data: {} });

const change = (replaces: number, more: Partial<AuthorityChange> = {}): AuthorityChange => ({
  ...{ tenantId: "t", identityId: "ab".repeat(32), graph: '{"claims":["Ünï 🚪"]}' },
  ...{ requiresDelegation: true, replaces, seen: [], entry: entry("authority-published") },
  ...more,
});

/** As large as an image gets. */
const IMAGE = Uint8Array.from({ length: 4 * 1024 * 1024 }, (_, i) => (i * 31) ^ (i >> 8));

const release = (releaseId: string, more: Partial<NewRelease> = {}): NewRelease => ({
  ...{ tenantId: "t", product: "reader-pico-2w", releaseId, version: "1.2.0" },
  ...{ securityVersion: 5, publishedAt: 9, manifest: Uint8Array.of(0, 255, 128), image: IMAGE },
  ...{ entry: entry("release-published"), ...more },
});

for (const { name, make } of RECORD_STORES)
  describe(`authorities and releases in ${name}`, function () {
    this.timeout(30_000);
    let store: ScratchStore;
    let records: Records;
    beforeEach(async function () {
      store = await make(this);
      records = await store.open();
      await addTenant(records, "t");
    });
    afterEach(() => store?.drop());

    const kinds = async () => (await records.auditRows("t", 100)).map(({ kind }) => kind);

    it("keeps the identity behind a tenant as it came, and counts its changes", async () => {
      assert.equal(await records.authority("t"), undefined);
      assert.equal(await records.saveAuthority(change(0)), true);
      const { identityId, graph } = change(0);
      const first = { identityId, graph, requiresDelegation: true, revision: 1 };
      assert.deepEqual(await records.authority("t"), first);
      assert.equal(await records.authority("T"), undefined);
      const second = change(1, { graph: "{}", requiresDelegation: false });
      assert.equal(await records.saveAuthority(second), true);
      await records.enrolNode(newNode("t", "n", 1), undefined);
      const asked = async () => (await records.admission("t", "n"))?.authority;
      assert.equal(await asked(), undefined, "no delegation is asked for");
      const now = { ...first, graph: "{}", requiresDelegation: false, revision: 2 };
      assert.deepEqual(await records.authority("t"), now);
      assert.equal(await records.saveAuthority(change(2)), true);
      assert.equal(await asked(), 3);
      assert.equal((await kinds()).length, 4);
    });

    it("takes one of two changes to the same revision, from whichever replica", async () => {
      const other = await store.open();
      const both = await Promise.all([
        records.saveAuthority(change(0, { graph: '{"by":"one"}' })),
        other.saveAuthority(change(0, { graph: '{"by":"other"}' })),
      ]);
      assert.deepEqual(both.sort(), [false, true]);
      assert.equal(await records.saveAuthority(change(0)), false);
      assert.equal((await records.authority("t"))?.revision, 1);
      assert.equal((await kinds()).length, 1);
    });

    it("does not let a claim that was seen be seen again at another time", async () => {
      await records.saveAuthority(change(0, { seen: [["c1", 1_790_000_000_123]] }));
      const later = [
        ["c1", 5],
        ["c2", 1_790_000_000_456],
      ] as const;
      await records.saveAuthority(change(1, { seen: later }));
      const seen = await records.claimsSeen("t");
      assert.equal(seen.size, 2);
      assert.equal(seen.get("c1"), 1_790_000_000_123);
      assert.equal(seen.get("c2"), 1_790_000_000_456);
      assert.equal((await records.claimsSeen("u")).size, 0);
    });

    it("gives an image back piece by piece, and what it replaced no more", async () => {
      await records.saveRelease(release("first"));
      const { manifest, image, entry: _, ...facts } = release("first");
      assert.deepEqual(await records.release("t", "reader-pico-2w"), facts);
      assert.equal(await records.release("t", "reader-pico-2"), undefined);
      const piece = await records.releasePiece("first", "manifest", 1, 100);
      assert.deepEqual(piece, { total: 3, data: manifest.slice(1) });
      for (const [offset, length] of [
        [0, 1024],
        [1_234_567, 4096],
        [image.length - 10, 4096],
        [image.length, 10],
      ] as const) {
        const part = await records.releasePiece("first", "image", offset, length);
        assert.equal(part?.total, image.length);
        assert.ok(Buffer.from(part.data).equals(image.subarray(offset, offset + length)));
      }
      await records.saveRelease(release("second", { image: Uint8Array.of(1) }));
      assert.equal(await records.releasePiece("first", "image", 0, 1), undefined);
      assert.equal((await records.releasePiece("second", "image", 0, 9))?.total, 1);
      assert.equal((await kinds()).length, 2);
    });

    it("never puts an image of a lower security version in the place of a higher one", async () => {
      await records.saveRelease(release("six", { securityVersion: 6 }));
      await assert.rejects(records.saveRelease(release("five")), { code: "firmware-rollback" });
      assert.equal((await records.release("t", "reader-pico-2w"))?.releaseId, "six");
      await records.saveRelease(release("other", { product: "sensor-pico-2w" }));
      assert.equal((await kinds()).length, 2);
    });

    it("tells once that a node went back from an image", async () => {
      const other = await store.open();
      const note = entry("release-reversed");
      await Promise.all([
        records.saveReversal("n", "first", note),
        other.saveReversal("n", "first", note),
      ]);
      await records.saveReversal("n", "first", note);
      assert.equal(await records.hasReversal("t", "n", "first"), true);
      assert.equal(await records.hasReversal("t", "n", "second"), false);
      assert.equal(await records.hasReversal("t", "N", "first"), false);
      assert.deepEqual(await kinds(), ["release-reversed"]);
    });
  });
