import { equalBytes } from "../../protocol/encoding/bytes.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { FlashRegion } from "../journal/flash-region.ts";
import { Sectors } from "../journal/sectors.ts";
import type { Flash } from "../platform.ts";
import { TRIAL_STARTS } from "./boot-choice.ts";
import { BOOT_SECTORS, BootLog } from "./boot-log.ts";
import { type BootState, otherSlot, type Slot, type SlotImage } from "./boot-state.ts";

/** How many sectors are written before the state says so: what a power cut costs at most. */
const CHECKPOINT_SECTORS = 4;

/** What the updater has in flash: the boot state, and two slots of equal size. */
export interface UpdateLayout {
  readonly state: Flash;
  readonly slots: readonly [Flash, Flash];
}

/** Divides the flash that is for images. */
export function layOutUpdate(flash: Flash): UpdateLayout {
  const { sectorBytes } = flash;
  const state = BOOT_SECTORS * sectorBytes;
  const slot = Math.floor((flash.sizeBytes - state) / 2 / sectorBytes) * sectorBytes;
  return {
    state: new FlashRegion(flash, 0, state),
    slots: [new FlashRegion(flash, state, slot), new FlashRegion(flash, state + slot, slot)],
  };
}

export interface UpdateStoreOptions {
  readonly flash: Flash;
  /** What the boot code started. */
  readonly running: Slot;
  /** Of the program that runs. */
  readonly securityVersion: number;
  /** Tells boot code that decides by itself that the running image stays. @throws storage-failed */
  readonly keep?: () => void;
}

/**
 * The steps of an update in flash, each atomic: a new image goes into the slot that does not run,
 * and the state lets go of what lay there before the first sector of it is erased.
 */
export class UpdateStore {
  readonly running: Slot;
  readonly #log: BootLog;
  readonly #slots: readonly [Sectors, Sectors];
  readonly #flash: UpdateLayout;
  readonly #securityVersion: number;
  readonly #keep: () => void;

  constructor({ flash, running, securityVersion, keep }: UpdateStoreOptions) {
    this.#flash = layOutUpdate(flash);
    this.#log = new BootLog(this.#flash.state);
    this.#slots = [new Sectors(this.#flash.slots[0]), new Sectors(this.#flash.slots[1])];
    this.running = running;
    this.#securityVersion = securityVersion;
    this.#keep = keep ?? (() => {});
  }

  get state(): BootState {
    const nothing = { confirmed: this.running, images: [undefined, undefined] as const, floor: 0 };
    return this.#log.state ?? nothing;
  }

  /** No image below it is taken. */
  get floor(): number {
    return Math.max(this.state.floor, this.#securityVersion);
  }

  get slotBytes(): number {
    return this.#flash.slots[0].sizeBytes;
  }

  get sectorBytes(): number {
    return this.#flash.slots[0].sectorBytes;
  }

  get isOnTrial(): boolean {
    return this.state.trial !== undefined && this.running !== this.state.confirmed;
  }

  /**
   * Begins to receive an image, or goes on with the same one; gives how many sectors are there.
   * @throws conflict while an image is on trial; storage-full when it is too long; storage-failed
   */
  begin(image: SlotImage): number {
    const { state } = this;
    if (state.trial !== undefined || this.running !== state.confirmed)
      throw new LatchkeyError("conflict", { message: "an image is on trial" });
    if (image.size > this.slotBytes)
      throw new LatchkeyError("storage-full", { message: "the image is longer than its slot" });
    const known = state.download;
    const same = known !== undefined && isSame(known.image, image);
    const sectors = same ? known.sectors : 0;
    const { images } = state;
    // Also when it goes on: a torn record that happened to be readable is whole after this.
    this.#log.write({
      ...state,
      images: this.#beside(images, undefined),
      download: { image, sectors },
    });
    return sectors;
  }

  /** Writes the next sector, all of it but at the end. @throws conflict, storage-failed */
  append(index: number, data: Uint8Array): void {
    const { download } = this.state;
    if (download === undefined) throw new LatchkeyError("conflict");
    const slot = this.#slots[otherSlot(this.running)];
    if (!slot.erase(index)) throw failed(index);
    const whole = new Uint8Array(Math.ceil(data.length / slot.pageBytes) * slot.pageBytes);
    whole.fill(0xff).set(data);
    if (!slot.program(index, 0, whole)) throw failed(index);
    const sectors = index + 1;
    if (sectors % CHECKPOINT_SECTORS === 0)
      this.#log.write({ ...this.state, download: { ...download, sectors } });
  }

  /** What lies in the slot that is written. */
  read(offset: number, length: number): Uint8Array {
    return this.#flash.slots[otherSlot(this.running)].read(offset, length);
  }

  /** Gives up what was received: it begins anew the next time. @throws storage-failed */
  discard(): void {
    const { download: _, ...rest } = this.state;
    this.#log.write(rest);
  }

  /** The image is whole and was verified: the next start is its trial. @throws storage-failed */
  arm(): void {
    const { download, images, ...rest } = this.state;
    if (download === undefined) throw new LatchkeyError("conflict");
    const { image } = download;
    this.#log.write({ ...rest, images: this.#beside(images, image), trial: TRIAL_STARTS });
  }

  /** The image on trial works: it is the one to start from now on. @throws storage-failed */
  confirm(): void {
    if (!this.isOnTrial) return;
    // First: when the power goes in between, the same image runs again and confirms again.
    this.#keep();
    const { trial: _, ...rest } = this.state;
    const { running } = this;
    const floor = Math.max(rest.floor, rest.images[running]?.securityVersion ?? 0);
    this.#log.write({ ...rest, confirmed: running, floor });
  }

  /** The server knows of the reversal. @throws storage-failed */
  reversalHeard(): void {
    if (this.state.reversal === undefined) return;
    const { reversal: _, ...rest } = this.state;
    this.#log.write(rest);
  }

  /** The images with that one in the slot that does not run. */
  #beside(images: BootState["images"], image: SlotImage | undefined): BootState["images"] {
    return this.running === 0 ? [images[0], image] : [image, images[1]];
  }
}

function isSame(one: SlotImage, other: SlotImage): boolean {
  return one.size === other.size && equalBytes(one.sha256, other.sha256);
}

function failed(sector: number): LatchkeyError {
  return new LatchkeyError("storage-failed", { detail: { sector } });
}
