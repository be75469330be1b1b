import assert from "node:assert/strict";
import { revokeIdentity } from "../../protocol/claims/sign-claim.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { sha3 } from "../protocol/claims-stage.ts";
import { NOW } from "../protocol/claims-world.ts";
import { rejectsCode } from "../protocol/error-code.ts";
import type { Board } from "./update-bench.ts";
import { flashWith, hashOf, imageOf, live, program, Release, start } from "./update-bench.ts";

const OLD = imageOf("old", 3 * 4096);
const NEW = imageOf("new", 4 * 4096 + 300);

describe("a firmware update", function () {
  this.timeout(60_000);
  let made: Awaited<ReturnType<typeof Release.of>>;
  let release: Release;
  let board: Board;

  beforeEach(async () => {
    made = await Release.of(NEW, 8);
    release = made.release;
    board = {
      flash: flashWith(0, OLD),
      images: new Map([
        [7, OLD],
        [8, NEW],
      ]),
    };
  });

  const updater = () => program(board, 0, 7, release).updater;
  const codeOf = async () => {
    const decision = await updater().run();
    return decision.decision === "accept" ? "accept" : decision.code;
  };

  it("brings the image into the other slot, tries it and keeps it", async () => {
    assert.equal(await live(board, release, 8), 2);
    const { store } = program(board, 1, 8, release);
    assert.deepEqual(store.state.images[1]?.sha256, hashOf(NEW));
    assert.equal(store.floor, 8);
  });

  it("with a bit wrong on the way is refused, given up and fetched anew", async () => {
    release.parts.image = NEW.slice();
    release.parts.image[5000]! ^= 4;
    assert.equal(await codeOf(), "firmware-mismatch");
    assert.equal(start(board).version, 7);
    assert.equal(program(board, 0, 7, release).store.state.download, undefined);
    release.parts.image = NEW;
    assert.equal(await codeOf(), "accept");
  });

  it("of another signer, or of none, is refused before a byte of it is fetched", async () => {
    const stranger = await Release.of(NEW, 8);
    const theirs = await stranger.world.tree("second");
    const forged = stranger.world.document(theirs);
    release.parts.graph = toUtf8(JSON.stringify({ document: forged, claims: [] }));
    assert.equal(await codeOf(), "issuer-unauthorized");
    for (const graph of ["", "{}", "null", "[".repeat(5000), '{"document":{},"claims":[]}']) {
      release.parts.graph = toUtf8(graph === "" ? " " : graph);
      assert.equal(await codeOf(), "malformed", graph.slice(0, 20));
    }
    release.parts.manifest = release.parts.manifest.slice(0, -1);
    assert.equal(await codeOf(), "malformed");
    assert.equal(board.flash.operations, 0, "nothing was written");
  });

  it("whose signer is revoked while it is under way is refused", async () => {
    const { root, document } = made;
    const revoked = await revokeIdentity(document, "stolen", root, { sha3, issuedAt: NOW - 1 });
    release.onPiece = (part) => {
      if (part === "image")
        release.parts.graph = toUtf8(JSON.stringify({ document, claims: [revoked] }));
    };
    assert.equal(await codeOf(), "identity-revoked");
    assert.equal(start(board).version, 7);
  });

  it("older than what was ever confirmed is refused, also after a way back", async () => {
    await live(board, release, 8);
    const older = await Release.of(OLD, 7);
    const { updater: running } = program(board, 1, 8, older.release);
    const decision = await running.run();
    assert.equal(decision.decision === "refuse" && decision.code, "firmware-rollback");
    const lying = program(board, 1, 0, older.release).updater;
    const again = await lying.run();
    assert.equal(again.decision === "refuse" && again.code, "firmware-rollback", "by the state");
  });

  it("that does not fit into a slot, or whose length is a lie, is refused", async () => {
    const { release: long } = await Release.of(imageOf("long", 7 * 4096), 8);
    await rejectsCode(program(board, 0, 7, long).updater.run(), "storage-full");
    release.parts.image = NEW.slice(0, -1);
    await rejectsCode(updater().run(), "malformed");
    assert.equal(start(board).version, 7);
  });

  it("that is replaced on the way begins anew, with the new one", async () => {
    let pieces = 0;
    release.onPiece = (part) => {
      if (part === "image" && ++pieces === 3) release.release = release.release.replace("6", "7");
    };
    await rejectsCode(updater().run(), "conflict");
    assert.equal(await codeOf(), "accept");
  });

  it("outlives a network that fails at every piece once", async () => {
    const failed = new Set<string>();
    release.onPiece = (part, offset) => {
      if (failed.has(`${part} ${offset}`)) return;
      failed.add(`${part} ${offset}`);
      throw new LatchkeyError("network-timeout");
    };
    for (let attempt = 0; attempt < 30; attempt++)
      try {
        assert.equal(await codeOf(), "accept");
        return;
      } catch (error) {
        assert.ok(error instanceof LatchkeyError && error.code === "network-timeout");
      }
    assert.fail("never");
  });

  it("is not begun while an image is on trial", async () => {
    await updater().run();
    assert.equal(start(board).version, 8);
    const next = await Release.of(imageOf("newer", 5000), 9);
    await rejectsCode(program(board, 1, 8, next.release).updater.run(), "conflict");
  });

  it("is confirmed by network, authentication and reader together, and by no two of them", () => {
    const proofs = ["network", "authenticated", "nfc"] as const;
    return updater()
      .run()
      .then(() => {
        const { slot } = start(board);
        for (const missing of proofs) {
          const { confirmation, store } = program(board, slot!, 8, release);
          for (const proof of proofs) if (proof !== missing) assert.ok(!confirmation.saw(proof));
          assert.ok(store.isOnTrial, `without ${missing}`);
        }
        const { confirmation, store } = program(board, slot!, 8, release);
        assert.deepEqual(
          proofs.map((proof) => confirmation.saw(proof)),
          [false, false, true],
        );
        assert.ok(!store.isOnTrial);
      });
  });

  it("stops with storage-failed where the flash is worn out, and the old image goes on", async () => {
    board.flash.wearOut(10);
    await rejectsCode(updater().run(), "storage-failed");
    assert.equal(start(board).version, 7);
  });
});
