import { LatchkeyError } from "../../protocol/errors.ts";
import { chooseBoot } from "./boot-choice.ts";
import type { BootLog } from "./boot-log.ts";
import { type BootState, otherSlot, type Slot } from "./boot-state.ts";

/**
 * Boot code that starts one of two images by its own rules, as the RP2350's ROM does: the newest
 * that is whole and was *kept*. One that was not, it starts only once when it is told to, and goes
 * back to the other at the next start, whatever has happened.
 */
export interface BootRom {
  /** What was started. */
  readonly running: Slot;
  /** Whether it was started on trial, and was not kept yet. */
  readonly isTrial: boolean;
  /** Ends this program and starts the image in that slot on trial. */
  start(slot: Slot): void;
  /** What runs is to be started from now on; nothing new where it is. @throws storage-failed */
  keep(): void;
}

/**
 * What a program does before anything else on a board with such boot code: {@link chooseBoot},
 * which is meant for boot code, one start later. The image that is known to work decides; one on
 * trial goes on to prove itself.
 * @returns `false` when the other image is being started
 * @throws firmware-rollback when the ROM fell back on an image that is older than one that ran
 * here; storage-failed
 */
export function chooseImage(log: BootLog, rom: BootRom): boolean {
  const { state } = log;
  const { running } = rom;
  if (state === undefined) {
    if (rom.isTrial) rom.keep(); // a tool put it here: there was nothing before it
    return true;
  }
  if (running !== state.confirmed) {
    if (state.trial !== undefined && state.images[running] !== undefined) return true;
    return elsewhere(log, state, rom);
  }
  if (rom.isTrial) return written(log, state, rom);
  // The ROM has checked what runs, and checks what it is told to start.
  const { slot, next } = chooseBoot(state, () => true);
  if (next !== state) log.write(next); // before the start that it counts
  if (slot === running) return true;
  rom.start(otherSlot(running));
  return false;
}

/** Neither confirmed nor on trial: the confirmed image is damaged, or a tool wrote this one. */
function elsewhere(log: BootLog, state: BootState, rom: BootRom): boolean {
  const { running } = rom;
  if (state.images[running] === undefined) return written(log, state, rom);
  const { slot, next } = chooseBoot(state, (asked) => asked === running);
  if (slot !== running)
    throw new LatchkeyError("firmware-rollback", {
      message: "the image that is known to work is damaged, and the other one is too old",
    });
  log.write(next);
  return true;
}

/** A tool wrote what runs: of it nothing is known, and whoever holds the board wants it. */
function written(log: BootLog, state: BootState, rom: BootRom): boolean {
  const { running } = rom;
  const { trial: _, download: __, ...rest } = state;
  const images: BootState["images"] =
    running === 0 ? [undefined, state.images[1]] : [state.images[0], undefined];
  rom.keep();
  log.write({ ...rest, images, confirmed: running });
  return true;
}
