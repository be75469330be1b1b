import type { IoProvider } from "../../../hal/ecma419.ts";
import {
  FLASH_REGION,
  type NativeBoard,
  type NativeFlash,
  type NativeRandom,
  type NativeUsb,
} from "../../../hal/native/natives.ts";
import type { CryptoProvider } from "../../../protocol/crypto/provider.ts";
import type { Clock } from "../../../protocol/platform.ts";
import type { Network, Platform } from "../../platform.ts";
import { chipRandom } from "./chip-random.ts";
import { chipSystem } from "./chip-system.ts";
import { consoleSerial } from "./console-serial.ts";
import { regionFlash } from "./region-flash.ts";
import { type ModdableTimer, moddableTimer } from "./timer.ts";
import { usbLog } from "./usb-log.ts";

export interface ModdableParts {
  readonly timers: ModdableTimer;
  readonly io: IoProvider;
  readonly flash: NativeFlash;
  readonly random: NativeRandom;
  readonly board: NativeBoard;
  readonly usb: NativeUsb;
  readonly crypto: CryptoProvider;
  /** Makes the network out of what is there before it. */
  readonly network: (base: Omit<Platform, "network">) => Network;
  readonly version: string;
}

/** The `Platform` of a Raspberry Pi Pico 2 (W) under the Moddable SDK. */
export function moddablePlatform(parts: ModdableParts): Platform {
  const clock: Clock = Object.freeze({ monotonicMs: () => parts.board.uptimeMs() });
  const timer = moddableTimer(parts.timers);
  const Serial = consoleSerial(parts.io.Serial, parts.usb, timer);
  const base: Omit<Platform, "network"> = {
    clock,
    timer,
    random: chipRandom(parts.random),
    flash: regionFlash(parts.flash, FLASH_REGION.journal),
    io: Object.freeze({ ...parts.io, Serial }),
    system: chipSystem(parts.board, parts.version),
    crypto: parts.crypto,
    log: usbLog(parts.usb, clock),
  };
  return Object.freeze({ ...base, network: parts.network(base) });
}
