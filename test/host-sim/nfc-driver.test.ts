import assert from "node:assert/strict";
import { runInField } from "../../host-sim/nfc/air-procedure.ts";
import { createBadgeChip } from "../../host-sim/nfc/badge-chip.ts";
import { NfcField } from "../../host-sim/nfc/field.ts";
import { IsoDepLink } from "../../host-sim/nfc/iso-dep-link.ts";
import { activate, request, select } from "../../host-sim/nfc/iso14443.ts";
import type { ShortFileIds } from "../../host-sim/nfc/ntag424-memory.ts";
import { World } from "../../host-sim/world/world.ts";
import { buildBadgeFile, parseBadgeFile } from "../../protocol/badge/link.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { fromHex } from "../../protocol/encoding/hex.ts";
import { getVersion, readNdefFile } from "../../protocol/nfc/ntag424-read.ts";
import { verifySdm } from "../../protocol/nfc/sdm.ts";

const UID = fromHex("04958caa5c5e80");

/** A badge in the field behind an ISO-DEP link, and the transceive of a driver over it. */
async function inTheField(shortIds: ShortFileIds) {
  const idle = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) await Promise.resolve();
  };
  const world = new World({ seed: "driver", idle });
  const field = new NfcField(world);
  const content = { keyId: Uint8Array.of(1, 2, 3), payload: new Uint8Array(114).fill(9) };
  const built = buildBadgeFile({ host: "door.example", ...content });
  const chip = createBadgeChip({
    uid: UID,
    crypto: nobleCrypto,
    random: world.rng("chip"),
    ndefFile: built.file,
    shortIds,
    sdm: {
      metaReadKey: 1,
      fileReadKey: 2,
      piccDataOffset: built.piccOffset,
      macInputOffset: built.macInputOffset,
      macOffset: built.macOffset,
    },
  });
  field.enter(chip);
  field.switchOn();
  await world.runFor(5_000);
  const links: IsoDepLink[] = [];
  runInField(
    world,
    field,
    (function* () {
      yield* request(false);
      yield* select();
      return yield* activate(5);
    })(),
    (link) => {
      assert.ok(link instanceof IsoDepLink);
      links.push(link);
    },
  );
  await world.runFor(100_000);
  const transceive = (apdu: Uint8Array): Promise<Uint8Array> =>
    new Promise((resolve, reject) => {
      runInField(world, field, links[0]!.exchange(apdu), (result) => {
        // Answers reach the node through its event loop.
        world.task(0, () => {
          if ("failed" in result) reject(new Error(result.why));
          else resolve(result.response);
        });
      });
    });
  const settle = async <T>(promise: Promise<T>): Promise<T> => {
    let done = false;
    promise.finally(() => {
      done = true;
    });
    await world.run(() => done, 1_000_000);
    return promise;
  };
  return { chip, transceive, settle, file: built.file };
}

describe("the NFC driver on the chip model, over the air protocol", () => {
  for (const shortIds of ["file-id", "file-number", "none"] as const) {
    it(`reads and verifies a badge whose short identifiers are: ${shortIds}`, async () => {
      const { transceive, settle, chip, file } = await inTheField(shortIds);
      const read = await settle(readNdefFile(transceive, { lengthHint: file.length }));
      assert.equal(read.file.length, file.length);
      const keys = { metaReadKey: new Uint8Array(16), fileReadKey: () => new Uint8Array(16) };
      const message = parseBadgeFile(read.file);
      const { uid, readCounter } = verifySdm(nobleCrypto, keys, message);
      assert.deepEqual([uid, readCounter], [UID, 1]);
      assert.equal(chip.file(2).readCounter, 1);
    });
  }

  it("keeps the parts of one message together when the length was not known", async () => {
    const { transceive, settle, chip } = await inTheField("file-id");
    const read = await settle(readNdefFile(transceive, { lengthHint: 20 }));
    const keys = { metaReadKey: new Uint8Array(16), fileReadKey: () => new Uint8Array(16) };
    assert.equal(verifySdm(nobleCrypto, keys, parseBadgeFile(read.file)).readCounter, 1);
    assert.equal(chip.file(2).readCounter, 1);
  });

  it("gets the version in its three frames", async () => {
    const { transceive, settle } = await inTheField("file-id");
    const version = await settle(getVersion(transceive));
    assert.deepEqual(version.uid, UID);
  });
});
