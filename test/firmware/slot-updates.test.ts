import assert from "node:assert/strict";
import { slotUpdates } from "../../firmware/platform/moddable/slot-updates.ts";
import { BootLog } from "../../firmware/update/boot-log.ts";
import { layOutUpdate, UpdateStore } from "../../firmware/update/update-store.ts";
import type { NativeFlash, NativeSlots } from "../../hal/native/natives.ts";
import { portableSha3 } from "../../protocol/crypto/portable-sha3.ts";
import { runningSha256 } from "../../protocol/crypto/running-sha256.ts";
import { throwsCode } from "../protocol/error-code.ts";

const BYTES = (3 + 2 * 4) * 4096;
const built = { product: "reader-pico-2", securityVersion: 7 };
const keccak = {
  sha3_256: (message: Uint8Array) => portableSha3.sha3_256(message).slice().buffer as ArrayBuffer,
  sha3_256Chain: (start: Uint8Array, times: number) =>
    portableSha3.sha3_256Chain(start, times).slice().buffer as ArrayBuffer,
};

const hashes = { keccak, sha256: runningSha256 };

function chip(running: number, { isTrial = false, keeps = true, writes = true } = {}) {
  const bytes = new Uint8Array(BYTES).fill(0xff);
  const calls: string[] = [];
  let trial = isTrial;
  const flash: NativeFlash = {
    bytes: (region) => (region === 2 ? BYTES : assert.fail("another region")),
    read: (_region, at, length) => bytes.slice(at, at + length).buffer,
    isErased: (_region, at, length) => bytes.subarray(at, at + length).every((b) => b === 0xff),
    erase: (_region, at) => void (writes && bytes.fill(0xff, at, at + 4096)),
    program: (_region, at, data) => void (writes && bytes.set(data, at)),
  };
  const slots: NativeSlots = {
    running: () => running,
    isTrial: () => trial,
    start: (slot) => {
      throw new Error(`restarted into ${slot}`);
    },
    keep: () => {
      calls.push("keep");
      if (keeps) trial = false;
      return keeps;
    },
  };
  const log = () =>
    new BootLog(
      layOutUpdate({
        ...{ sizeBytes: BYTES, sectorBytes: 4096, pageBytes: 256 },
        read: (at, length) => bytes.slice(at, at + length),
        erase: (at) => void bytes.fill(0xff, at, at + 4096),
        program: (at, data) => void bytes.set(data, at),
      }).state,
    );
  return { flash, slots, calls, log, board: () => slotUpdates(flash, slots, hashes, built) };
}

const image = { version: "1.8.0", securityVersion: 8, size: 10, sha256: new Uint8Array(32) };

describe("the updates of an image with slots", () => {
  it("are none where the image does not lie in a slot", () => {
    assert.equal(chip(-1).board(), undefined);
  });

  it("are the board's: slot, product, versions, and where the images lie", () => {
    const board = chip(1).board()!;
    assert.deepEqual(
      [board.running, board.product, board.securityVersion, board.bootloader],
      [1, "reader-pico-2", 7, 1],
    );
    assert.equal(board.flash.sizeBytes, BYTES);
    assert.deepEqual(
      board.sha3.sha3_256(new Uint8Array(3)),
      portableSha3.sha3_256(new Uint8Array(3)),
    );
  });

  it("keep at once what a tool wrote, and never twice", () => {
    const { board, calls } = chip(0, { isTrial: true });
    board();
    board();
    assert.deepEqual(calls, ["keep"]);
  });

  it("restart into an image that is armed, and keep it only when it is confirmed", () => {
    const old = chip(0);
    old.log().write({ confirmed: 0, images: [undefined, image], floor: 7, trial: 2 });
    assert.throws(old.board, /restarted into 1/);
    assert.equal(old.log().state?.trial, 1);
    const trial = chip(1, { isTrial: true });
    trial.log().write({ confirmed: 0, images: [undefined, image], floor: 7, trial: 1 });
    const board = trial.board()!;
    assert.deepEqual(trial.calls, []);
    new UpdateStore(board).confirm();
    assert.deepEqual(trial.calls, ["keep"]);
    assert.deepEqual([trial.log().state?.confirmed, trial.log().state?.floor], [1, 8]);
  });

  it("are not confirmed when the ROM could not keep the image", () => {
    const trial = chip(1, { isTrial: true, keeps: false });
    trial.log().write({ confirmed: 0, images: [undefined, image], floor: 7, trial: 1 });
    const store = new UpdateStore(trial.board()!);
    throwsCode(() => store.confirm(), "storage-failed");
    assert.equal(trial.log().state?.confirmed, 0);
  });

  it("say what is wrong with flash that takes nothing", () => {
    const worn = chip(0, { writes: false });
    worn.log().write({ confirmed: 0, images: [undefined, image], floor: 7, trial: 2 });
    throwsCode(worn.board, "storage-failed");
  });
});
