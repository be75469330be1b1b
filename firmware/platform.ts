import type { IoProvider } from "../hal/ecma419.ts";
import type { CryptoProvider } from "../protocol/crypto/provider.ts";
import type { RunningHash } from "../protocol/crypto/running-sha256.ts";
import type { Sha3 } from "../protocol/crypto/sha3.ts";
import type { Clock, HttpClient, Log, Random, Timer } from "../protocol/platform.ts";
import type { Provisioning } from "./provisioning/provisioning.ts";
import type { NodeUpdate, NodeUpdateOptions } from "./update/node-update.ts";

/**
 * A region of NOR flash. Offsets are within the region. All calls are synchronous and durable
 * when they return; a power cut inside one may leave any mixture of old and new bits in the
 * pages that it names.
 */
export interface Flash {
  readonly sizeBytes: number;
  /** Erase unit (RP2350: 4096). */
  readonly sectorBytes: number;
  /** Program unit (RP2350: 256). */
  readonly pageBytes: number;
  read(offset: number, length: number): Uint8Array;
  /** Whether all bits are set, where the platform can tell faster than by reading. */
  isErased?(offset: number, length: number): boolean;
  /** Sets every bit of the sector that starts at `offset`. @throws storage-failed */
  erase(offset: number): void;
  /** Clears bits; `offset` and length are page multiples. @throws storage-failed */
  program(offset: number, data: Uint8Array): void;
}

export interface NetworkStatus {
  readonly up: boolean;
  readonly address?: string;
  readonly ssid?: string;
  readonly rssiDbm?: number;
}

export interface Network extends HttpClient {
  /** Resolves once there is an address. @throws network-down after its own limit. */
  join(): Promise<NetworkStatus>;
  status(): NetworkStatus;
  /** Unix seconds as signed answers told them: for the dates of certificates. */
  useTime?(nowUnix: () => number | undefined): void;
}

export type BootReason = "power-on" | "brownout" | "reset" | "watchdog" | "crash" | "restart";

export interface System {
  readonly bootReason: BootReason;
  /** The chip's unique identifier, hexadecimal. Public: never a key. */
  readonly chipId: string;
  /** Firmware version, semver. */
  readonly version: string;
  restart(): void;
  /**
   * 32 secret bytes that only this chip has (OTP), as a fresh array; `undefined` on a chip that was
   * not provisioned with any. Absent where the platform has no such thing.
   */
  chipSecret?(): Uint8Array | undefined;
  /** Must be called more often than the watchdog's period. */
  feedWatchdog(): void;
  /** Free heap in bytes, when the engine can tell. */
  heapFreeBytes(): number | undefined;
  /**
   * Nobody needs the processor for a while, says the program, a few times a second: the time for
   * what would be in somebody's way later. May take 20 ms. Absent where nothing waits for it.
   */
  idle?(): void;
}

/** A board with boot code that starts one of two images (docs/firmware.md, Updates). */
export interface UpdateBoard {
  /** For boot state and images; the program's own flash is another. */
  readonly flash: Flash;
  /** The slot that was started. */
  readonly running: 0 | 1;
  /** Which board and program this is: a word. */
  readonly product: string;
  /** Of the program that runs. */
  readonly securityVersion: number;
  /** Version of the boot code. */
  readonly bootloader: number;
  /** Tells boot code that decides by itself that the running image stays. @throws storage-failed */
  readonly keep?: () => void;
  readonly sha3: Sha3;
  /** Over a whole image: JavaScript would take minutes. */
  readonly sha256: () => RunningHash;
  /** `NodeUpdate`: comes with the board, so that images of boards without boot code lack its code. */
  readonly start: (options: NodeUpdateOptions) => NodeUpdate;
}

/** Everything outside the firmware. One object: what is not in here cannot be reached. */
export interface Platform {
  readonly clock: Clock;
  readonly timer: Timer;
  readonly random: Random;
  readonly flash: Flash;
  readonly network: Network;
  readonly io: IoProvider;
  readonly system: System;
  readonly crypto: CryptoProvider;
  readonly log: Log;
  /** Absent where the configuration is part of the program, as on the desk. */
  readonly provisioning?: Provisioning;
  /** Absent where an image comes by a tool only. */
  readonly update?: UpdateBoard;
}
