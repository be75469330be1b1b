import type { NativeKeccak } from "../../../hal/native/native-crypto.ts";
import { nativeSha3 } from "../../../hal/native/native-sha3.ts";
import { FLASH_REGION, type NativeFlash, type NativeSlots } from "../../../hal/native/natives.ts";
import type { RunningHash } from "../../../protocol/crypto/running-sha256.ts";
import { LatchkeyError } from "../../../protocol/errors.ts";
import type { UpdateBoard } from "../../platform.ts";
import { BootLog } from "../../update/boot-log.ts";
import type { Slot } from "../../update/boot-state.ts";
import { NodeUpdate } from "../../update/node-update.ts";
import { type BootRom, chooseImage } from "../../update/slot-start.ts";
import { layOutUpdate } from "../../update/update-store.ts";
import { regionFlash } from "./region-flash.ts";

/** The ROM of the RP2350, in the numbers of `minBootloader`. */
const BOOTLOADER = 1;

/** What the image was built as (`latchkey/build`). */
export interface BuiltImage {
  /** A word: the board and program. */
  readonly product: string;
  readonly securityVersion: number;
}

export interface SlotHashes {
  readonly keccak: NativeKeccak;
  readonly sha256: () => RunningHash;
}

/**
 * The updates of an image with slots. Chooses the image first: where that is the other one, the
 * board restarts into it and this does not return.
 * @returns `undefined` where the image does not lie in a slot: then nobody updates it
 * @throws firmware-rollback, storage-failed
 */
export function slotUpdates(
  flash: NativeFlash,
  slots: NativeSlots,
  { keccak, sha256 }: SlotHashes,
  built: BuiltImage,
): UpdateBoard | undefined {
  const slot = slots.running();
  if (slot !== 0 && slot !== 1) return undefined;
  const running: Slot = slot;
  const images = regionFlash(flash, FLASH_REGION.images);
  const keep = () => {
    if (slots.isTrial() && !slots.keep())
      throw new LatchkeyError("storage-failed", { message: "the ROM could not keep the image" });
  };
  const rom: BootRom = {
    ...{ running, keep, isTrial: slots.isTrial() },
    start: (other) => slots.start(other),
  };
  chooseImage(new BootLog(layOutUpdate(images).state), rom);
  return Object.freeze({
    ...{ flash: images, running, ...built, bootloader: BOOTLOADER, keep },
    ...{ sha256, sha3: nativeSha3(keccak) },
    start: (options) => new NodeUpdate(options),
  } satisfies UpdateBoard);
}
