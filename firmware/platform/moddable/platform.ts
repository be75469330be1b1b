import type { IoProvider } from "../../../hal/ecma419.ts";
import {
  FLASH_REGION,
  type NativeBoard,
  type NativeFlash,
  type NativeOneWire,
  type NativePulses,
  type NativeRandom,
  type NativeUsb,
} from "../../../hal/native/natives.ts";
import type { CryptoProvider } from "../../../protocol/crypto/provider.ts";
import type { Clock } from "../../../protocol/platform.ts";
import type { Network, Platform } from "../../platform.ts";
import { chipOneWire } from "./chip-one-wire.ts";
import { chipPulses } from "./chip-pulses.ts";
import { chipRandom } from "./chip-random.ts";
import { chipSystem } from "./chip-system.ts";
import { consoleSerial } from "./console-serial.ts";
import { regionFlash } from "./region-flash.ts";
import { type ModdableTimer, moddableTimer } from "./timer.ts";
import { usbLog } from "./usb-log.ts";

export type NetworkBase = Omit<Platform, "network" | "provisioning">;

export interface ModdableParts {
  readonly timers: ModdableTimer;
  readonly io: IoProvider;
  readonly flash: NativeFlash;
  readonly random: NativeRandom;
  readonly board: NativeBoard;
  readonly usb: NativeUsb;
  readonly pulses: NativePulses;
  readonly oneWire: NativeOneWire;
  readonly crypto: CryptoProvider;
  /** The pin by which the console's UART is known; absent for a node without one. */
  readonly consoleTransmit: number | undefined;
  /** Makes the network out of what is there before it. */
  readonly network: (base: NetworkBase) => Network;
  readonly version: string;
}

/** The `Platform` of a Raspberry Pi Pico 2 (W) under the Moddable SDK. */
export function moddablePlatform(parts: ModdableParts): Platform {
  const clock: Clock = Object.freeze({ monotonicMs: () => parts.board.uptimeMs() });
  const timer = moddableTimer(parts.timers);
  const Serial = consoleSerial(parts.io.Serial, parts.usb, timer, parts.consoleTransmit);
  const base: NetworkBase = {
    clock,
    timer,
    random: chipRandom(parts.random),
    flash: regionFlash(parts.flash, FLASH_REGION.journal),
    io: Object.freeze({
      ...{ ...parts.io, Serial },
      ...{ PulseCapture: chipPulses(parts.pulses, timer), OneWirePort: chipOneWire(parts.oneWire) },
    }),
    system: chipSystem(parts.board, parts.version),
    crypto: parts.crypto,
    log: usbLog(parts.usb, clock),
  };
  return Object.freeze({ ...base, network: parts.network(base) });
}
