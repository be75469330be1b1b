import { BOOT_REASONS, type NativeBoard } from "../../../hal/native/natives.ts";
import { LatchkeyError } from "../../../protocol/errors.ts";
import type { System } from "../../platform.ts";

/** Like the simulated board's; the chip could do 16.7 s (RP2350 datasheet §12.9). */
export const WATCHDOG_MS = 8_300;

/** Starts the watchdog at once: whatever hangs from here on, in the boot too, ends in a restart. */
export function chipSystem(natives: NativeBoard, version: string): System {
  natives.watch(WATCHDOG_MS);
  return Object.freeze({
    bootReason: BOOT_REASONS[natives.bootReason()] ?? "reset",
    chipId: natives.chipId().toLowerCase(),
    version,
    chipSecret: () => chipSecret(natives),
    restart: () => natives.restart(),
    feedWatchdog: () => natives.feed(),
    heapFreeBytes: () => natives.heapFree(),
    idle: () => natives.idle(),
  });
}

/** Never to be taken for absent when it only could not be read: the node's key is sealed with it. */
function chipSecret(natives: NativeBoard): Uint8Array | undefined {
  try {
    const secret = natives.chipSecret();
    return secret && new Uint8Array(secret);
  } catch (cause) {
    const message = "the secret in the chip cannot be read";
    throw new LatchkeyError("storage-failed", { message, cause });
  }
}
