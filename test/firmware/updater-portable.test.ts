import assert from "node:assert/strict";
import type { FirmwareSource } from "../../firmware/update/firmware-source.ts";
import { UpdateStore } from "../../firmware/update/update-store.ts";
import { Updater } from "../../firmware/update/updater.ts";
import { portableSha3 as sha3 } from "../../protocol/crypto/portable-sha3.ts";
import { runningSha256 } from "../../protocol/crypto/running-sha256.ts";
import { fromBase64 } from "../../protocol/encoding/base64.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { FIRMWARE_CHUNK } from "../../protocol/node/firmware-part.ts";
import { NOW } from "../protocol/claims-world.ts";
import { rejectsCode } from "../protocol/error-code.ts";
import { StrictFlash } from "./strict-flash.ts";
import fixture from "./update-fixture.json" with { type: "json" };

/**
 * What the root's one-time key signed for the image below: making a signature takes too long on
 * XS, where each decision computes one in JavaScript as it is.
 */
const { document } = fixture;
const IMAGE = new Uint8Array(5000).map((_, i) => 7 * i);
const SECTOR = 4096;

function updating(
  image: Uint8Array,
  productOf = "reader-pico-2w",
  graph: object = { document, claims: [] },
) {
  const flash = new StrictFlash((3 + 2 * 3) * SECTOR);
  const parts = {
    manifest: fromBase64(fixture.wire),
    graph: toUtf8(JSON.stringify(graph)),
    image,
  };
  const source: FirmwareSource = {
    piece: async (part, offset) => ({
      release: "6f1c2e5a-8d34-4c8e-9b7a-0d1e2f3a4b5c",
      total: parts[part].length,
      data: parts[part].slice(offset, offset + FIRMWARE_CHUNK),
    }),
  };
  const store = new UpdateStore({ flash, running: 0, securityVersion: 7 });
  let pauses = 0;
  let stopAfter = Number.POSITIVE_INFINITY;
  const updater = new Updater({
    ...{ store, source, sha3, sha256: runningSha256, identityId: document.id },
    ...{ product: productOf, bootloader: 0, nowMs: () => NOW },
    pause: async () => {
      if (++pauses > stopAfter) throw new LatchkeyError("cancelled");
    },
  });
  const stop = (after: number) => {
    stopAfter = after;
  };
  return { stop, store, run: () => updater.run(), pauses: () => pauses };
}

describe("an update, computed by the node itself", function () {
  this.timeout(120_000);

  it("is taken when all of it fits, in many turns", async () => {
    const { store, run, pauses } = updating(IMAGE);
    const decision = await run();
    assert.equal(decision.decision, "accept", JSON.stringify(decision));
    assert.equal(store.state.trial, 3);
    assert.deepEqual(store.read(0, IMAGE.length), IMAGE);
    assert.ok(pauses() > 2 * 20, `${pauses()} turns`);
  });

  it("with one bit of the image wrong is refused before its second signature, and let go", async () => {
    const image = IMAGE.slice();
    image[4999] = image[4999]! ^ 1;
    const { store, run } = updating(image);
    const decision = await run();
    assert.equal(decision.decision === "refuse" && decision.code, "firmware-mismatch");
    assert.deepEqual([store.state.trial, store.state.download], [undefined, undefined]);
  });

  it("that is stopped while it verifies is stopped, and not refused", async () => {
    for (const after of [0, 3, 20]) {
      const { run, stop, store } = updating(IMAGE);
      stop(after);
      await rejectsCode(run(), "cancelled");
      assert.equal(store.state.download, undefined);
    }
  });

  it("with a longer manifest or claim than a node reads is refused before it is hashed", async () => {
    const long = { claim: { payload: "x".repeat(2100) }, proof: {} };
    const { run } = updating(IMAGE, "reader-pico-2w", { document, claims: [long] });
    const decision = await run();
    assert.equal(decision.decision, "refuse");
    assert.match(decision.decision === "refuse" ? decision.reason : "", /longer than 2048/);
  });

  it("for another product is refused before anything of it is fetched or computed", async () => {
    const { run, store } = updating(IMAGE, "sensor-pico-2w");
    const decision = await run();
    assert.equal(decision.decision === "refuse" && decision.code, "firmware-unsuitable");
    assert.equal(store.state.download, undefined);
  });
});
