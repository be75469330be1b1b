import { BootLog } from "../../firmware/update/boot-log.ts";
import { otherSlot, type Slot } from "../../firmware/update/boot-state.ts";
import { READER_PROOFS } from "../../firmware/update/confirmation.ts";
import { type BootRom, chooseImage } from "../../firmware/update/slot-start.ts";
import { layOutUpdate } from "../../firmware/update/update-store.ts";
import { equalBytes } from "../../protocol/encoding/bytes.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { type Board, program, type Release } from "./update-bench.ts";

/** Of a made-up image: a byte whose top bit says that it is to be kept first, and its version. */
const FLAG_AT = 8;
const VERSION_AT = 9;
const TRY_FIRST = 0x80;
const PAGE = 256;

/** An image as `latchkey build` makes them: not to be started before it was kept. */
export function tryFirst(image: Uint8Array, version: number): Uint8Array {
  const made = image.slice();
  made[FLAG_AT] = TRY_FIRST;
  made[VERSION_AT] = version;
  return made;
}

function kept(image: Uint8Array): Uint8Array {
  const made = image.slice();
  made[FLAG_AT] = made[FLAG_AT]! & ~TRY_FIRST;
  return made;
}

export interface Started {
  readonly slot: Slot;
  readonly version: number;
  readonly rom: BootRom;
}

/**
 * The RP2350's ROM as its source has it (varm_flash_boot.c, varm_launch_image.c): it starts the
 * kept image with the greatest version, slot 0 of two equal ones; one that was not kept only when
 * told to. Keeping rewrites the image's first sector, and erases the other's when that is not older.
 */
export class SlotRom {
  readonly #board: Board;
  #told: Slot | undefined;

  constructor(board: Board) {
    this.#board = board;
  }

  /** Power off and on, or the watchdog: what was told before is forgotten. */
  reset(): void {
    this.#told = undefined;
  }

  start(): Started {
    const told = this.#told;
    this.#told = undefined;
    const versions = ([0, 1] as const).map((slot) => this.#versionIn(slot));
    if (told !== undefined && versions[told] !== undefined)
      return this.#started(told, versions[told], !this.#isKept(told));
    const able = ([0, 1] as const).filter((slot) => versions[slot] !== undefined);
    const keptOnes = able.filter((slot) => this.#isKept(slot));
    const [first, second] = keptOnes;
    if (first === undefined) throw new Error("neither old nor new");
    const slot = second !== undefined && versions[second]! > versions[first]! ? second : first;
    return this.#started(slot, versions[slot]!, false);
  }

  #started(slot: Slot, version: number, isTrial: boolean): Started {
    const keep = () => {
      if (this.#isKept(slot)) return;
      const other = otherSlot(slot);
      const older = this.#headOf(other)[VERSION_AT]! < version;
      this.#rewrite(slot, kept(this.#sector(slot)));
      if (this.#versionIn(other) !== undefined && !older) this.#slot(other).erase(0);
    };
    const start = (told: Slot) => {
      this.#told = told;
    };
    return { slot, version, rom: { running: slot, isTrial, start, keep } };
  }

  #rewrite(slot: Slot, sector: Uint8Array): void {
    const flash = this.#slot(slot);
    flash.erase(0);
    for (let at = 0; at < sector.length; at += PAGE)
      flash.program(at, sector.subarray(at, at + PAGE));
  }

  /** Of a whole image, kept or not. */
  #versionIn(slot: Slot): number | undefined {
    for (const image of this.#board.images.values()) {
      const found = this.#slot(slot).read(0, image.length);
      if (equalBytes(kept(found), kept(image))) return image[VERSION_AT];
    }
    return undefined;
  }

  #isKept(slot: Slot): boolean {
    return (this.#headOf(slot)[FLAG_AT]! & TRY_FIRST) === 0;
  }

  #headOf(slot: Slot): Uint8Array {
    return this.#slot(slot).read(0, 16);
  }

  #sector(slot: Slot): Uint8Array {
    return this.#slot(slot).read(0, 4096);
  }

  #slot(slot: Slot) {
    return layOutUpdate(this.#board.flash).slots[slot];
  }
}

/** What a node on such a board does until the wanted version is kept; gives the starts. */
export async function liveOnRom(
  board: Board,
  romOf: SlotRom,
  release: Release,
  wanted: number,
): Promise<number> {
  for (let starts = 1; starts < 14; starts++) {
    const { slot, version, rom } = romOf.start();
    if (!chooseImage(new BootLog(layOutUpdate(board.flash).state), rom)) continue;
    const running = program(board, slot, version, release, rom.keep);
    if (version === wanted) {
      for (const proof of READER_PROOFS) running.confirmation.saw(proof);
      if (running.store.state.confirmed !== slot) throw new Error("runs unconfirmed");
      return starts;
    }
    const decision = await running.updater.run();
    if (decision.decision === "refuse") throw new LatchkeyError(decision.code);
  }
  throw new Error("never got to the new image");
}
