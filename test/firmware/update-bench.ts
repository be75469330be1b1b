import { chooseBoot } from "../../firmware/update/boot-choice.ts";
import { BOOT_SECTORS, BootLog } from "../../firmware/update/boot-log.ts";
import type { Slot } from "../../firmware/update/boot-state.ts";
import { Confirmation, READER_PROOFS } from "../../firmware/update/confirmation.ts";
import type { FirmwareSource } from "../../firmware/update/firmware-source.ts";
import { NodeUpdate, type NodeUpdateOptions } from "../../firmware/update/node-update.ts";
import { layOutUpdate, UpdateStore } from "../../firmware/update/update-store.ts";
import { Updater } from "../../firmware/update/updater.ts";
import { FlashModel } from "../../host-sim/flash/flash-model.ts";
import { Prng } from "../../host-sim/world/prng.ts";
import { createFirmwareManifest } from "../../protocol/claims/firmware-manifest.ts";
import { encodeManifest } from "../../protocol/claims/manifest-wire.ts";
import { signManifest } from "../../protocol/claims/sign-manifest.ts";
import { type RunningHash, runningSha256 } from "../../protocol/crypto/running-sha256.ts";
import { equalBytes } from "../../protocol/encoding/bytes.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { FIRMWARE_CHUNK } from "../../protocol/node/firmware-part.ts";
import { sha3 } from "../protocol/claims-stage.ts";
import { ClaimsWorld, NOW } from "../protocol/claims-world.ts";

export const PRODUCT = "reader-pico-2w";
export const SLOT_SECTORS = 6;
const RELEASE = "6f1c2e5a-8d34-4c8e-9b7a-0d1e2f3a4b5c";

export function imageOf(word: string, size: number): Uint8Array {
  return new Prng(word, "image").bytes(size);
}

export function hashOf(bytes: Uint8Array): Uint8Array {
  const hash: RunningHash = runningSha256();
  hash.update(bytes);
  return hash.digest();
}

/** What a server has for a node: its parts can be changed by tests. */
export class Release implements FirmwareSource {
  readonly parts: { manifest: Uint8Array; graph: Uint8Array; image: Uint8Array };
  readonly identityId: string;
  release = RELEASE;
  /** Pieces that were asked for. */
  asked = 0;
  /** Called before each piece. */
  onPiece = (_part: string, _offset: number): void => {};

  private constructor(parts: Release["parts"], identityId: string) {
    this.parts = parts;
    this.identityId = identityId;
  }

  static async of(image: Uint8Array, securityVersion: number, version = `1.${securityVersion}.0`) {
    const world = new ClaimsWorld(sha3);
    const root = await world.tree("root");
    const facts = {
      ...{ product: PRODUCT, version, securityVersion, size: image.length, minBootloader: 0 },
      sha256: toHex(hashOf(image)),
    };
    const operatorAddress = root.addresses.manifest;
    const signed = await signManifest(
      createFirmwareManifest({ facts, operatorAddress }, sha3),
      root,
      {
        ...{ sha3, signedAt: NOW - 10 },
        domain: "latchkey/v1/firmware",
      },
    );
    const document = world.document(root);
    const graph = toUtf8(JSON.stringify({ document, claims: [] }));
    const parts = { manifest: encodeManifest(signed), graph, image };
    return { release: new Release(parts, document.id), world, root, document };
  }

  async piece(part: keyof Release["parts"], offset: number, release?: string) {
    this.asked++;
    this.onPiece(part, offset);
    if (release !== undefined && release !== this.release) throw new LatchkeyError("conflict");
    const whole = this.parts[part];
    const data = whole.slice(offset, offset + FIRMWARE_CHUNK);
    return { release: this.release, total: whole.length, data };
  }
}

export interface Board {
  readonly flash: FlashModel;
  /** By security version. */
  readonly images: ReadonlyMap<number, Uint8Array>;
}

export function flashWith(slot: Slot, image: Uint8Array, rng = new Prng("update", "flash")) {
  const sizeBytes = (BOOT_SECTORS + 2 * SLOT_SECTORS) * 4096;
  const bytes = new Uint8Array(sizeBytes).fill(0xff);
  bytes.set(image, (BOOT_SECTORS + slot * SLOT_SECTORS) * 4096);
  return new FlashModel({ rng, sizeBytes, image: bytes });
}

/** What boot code does; gives the slot, and which of the known images lies there. */
export function start({ flash, images }: Board) {
  const { state: region, slots } = layOutUpdate(flash);
  const log = new BootLog(region);
  const holds = (slot: Slot, image: Uint8Array) =>
    equalBytes(slots[slot].read(0, image.length), image);
  let slot: Slot | undefined = 0;
  if (log.state !== undefined) {
    const { state } = log;
    const choice = chooseBoot(state, (asked) => {
      const image = state.images[asked];
      return (
        image !== undefined && equalBytes(hashOf(slots[asked].read(0, image.size)), image.sha256)
      );
    });
    if (choice.next !== state) log.write(choice.next);
    slot = choice.slot;
  }
  const found = [...images].find(([, image]) => slot !== undefined && holds(slot, image));
  return { slot, version: found?.[0] };
}

/** The program of a version, as far as it matters here. */
export function program(
  { flash }: Board,
  slot: Slot,
  version: number,
  release: Release,
  keep = () => {},
) {
  const store = new UpdateStore({ flash, running: slot, securityVersion: version, keep });
  const updater = new Updater({
    ...{ store, source: release, sha3, sha256: runningSha256, product: PRODUCT, bootloader: 0 },
    ...{ identityId: release.identityId, nowMs: () => NOW, pause: async () => {} },
  });
  return { store, updater, confirmation: new Confirmation(store, READER_PROOFS) };
}

/** Everything that a node does from its start until there is nothing left to do. */
export async function live(board: Board, release: Release, wanted: number): Promise<number> {
  for (let starts = 1; starts < 10; starts++) {
    const { slot, version } = start(board);
    if (slot === undefined || version === undefined) throw new Error("neither old nor new");
    const { store, updater, confirmation } = program(board, slot, version, release);
    if (version === wanted) {
      for (const proof of READER_PROOFS) confirmation.saw(proof);
      if (store.state.confirmed !== slot) throw new Error("runs unconfirmed");
      return starts;
    }
    const decision = await updater.run();
    if (decision.decision === "refuse") throw new LatchkeyError(decision.code);
  }
  throw new Error("never got to the new image");
}

/** A board's boot code for the simulator; notes the version of each start. */
export function bootCode(board: Board, versions: (number | undefined)[]) {
  return () => {
    board.flash.powerOn();
    const { slot, version } = start(board);
    versions.push(version);
    if (slot === undefined || version === undefined) throw new Error("neither old nor new");
    const facts = {
      product: PRODUCT,
      securityVersion: version,
      bootloader: 0,
      sha3,
      sha256: runningSha256,
    };
    const update = { ...facts, flash: board.flash, running: slot, start: startUpdates };
    return { version: `1.${version}.0`, update };
  };
}

function startUpdates(options: NodeUpdateOptions): NodeUpdate {
  return new NodeUpdate(options);
}
