import { crc8 } from "../../protocol/encoding/crc8.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { LatchkeyError, malformed } from "../../protocol/errors.ts";
import { assertRom, type OneWireRom } from "./onewire.ts";

/** Family code of the DS18B20 (data sheet, "64-Bit Lasered ROM Code"). */
export const FAMILY = 0x28;

/** Thermometers that look alike and are read differently. */
const RELATIVES: Readonly<Record<number, string>> = Object.freeze({
  16: "DS18S20 or DS1820",
  34: "DS1822",
  59: "DS1825 or MAX31850",
  66: "DS28EA00",
});

export const SCRATCHPAD_BYTES = 9;

/** What a scratchpad says (data sheet, "Memory"). */
export interface Scratchpad {
  /** °C; the bits below the resolution, which the chip leaves undefined, are cleared. */
  readonly celsius: number;
  /** The alarm limits, as bytes. */
  readonly high: number;
  readonly low: number;
  /** 9 to 12. */
  readonly resolution: number;
}

/**
 * Reads nine bytes of scratchpad. The reserved bytes are not looked at: genuine parts and clones
 * differ in them, and so do their measurements not.
 * @throws sensor-absent for the FF of a line that nobody pulls, sensor-bus for zeroes,
 * sensor-checksum, sensor-wrong-chip when the configuration is none
 */
export function parseScratchpad(bytes: Uint8Array): Scratchpad {
  if (bytes.every((byte) => byte === 0xff)) {
    throw new LatchkeyError("sensor-absent", {
      message: "The probe has fallen silent: it was unplugged, or another one is in its place.",
    });
  }
  if (bytes.every((byte) => byte === 0)) {
    throw new LatchkeyError("sensor-bus", { message: "The probe gives nothing but zeroes." });
  }
  if (bytes.length !== SCRATCHPAD_BYTES || crc8(bytes) !== 0) {
    throw new LatchkeyError("sensor-checksum", { detail: { bytes: toHex(bytes) } });
  }
  const configuration = bytes[4]!;
  // 0 R1 R0 1 1 1 1 1 (data sheet, "Configuration Register").
  if ((configuration & 0x9f) !== 0x1f) {
    throw new LatchkeyError("sensor-wrong-chip", {
      message: "The probe's configuration register is not that of a DS18B20.",
      detail: { configuration },
    });
  }
  const resolution = 9 + (configuration >> 5);
  const raw = ((bytes[1]! << 24) >> 16) | bytes[0]!;
  return {
    celsius: (raw & -(1 << (12 - resolution))) / 16,
    high: bytes[2]!,
    low: bytes[3]!,
    resolution,
  };
}

/** The configuration register for a resolution of 9 to 12 bits. */
export function configurationByte(resolution: number): number {
  return ((resolution - 9) << 5) | 0x1f;
}

/**
 * `0x` and 16 digits with the family code last, as ESPHome writes it: `0x1c0000031edd2a28`.
 */
export function formatAddress(rom: OneWireRom): string {
  return `0x${toHex(rom.slice().reverse())}`;
}

/**
 * The serial number that an address names.
 * @throws malformed, sensor-checksum when a digit is wrong, sensor-wrong-chip for another family
 */
export function parseAddress(address: string): OneWireRom {
  if (!/^0x[0-9a-fA-F]{16}$/.test(address)) {
    throw malformed("address", "0x and 16 hexadecimal digits, the last two 28");
  }
  const rom = fromHex(address.slice(2).toLowerCase()).reverse();
  assertFamily(rom);
  assertRom(rom);
  return rom;
}

/** @throws sensor-wrong-chip, with the name of the part where it is known */
export function assertFamily(rom: OneWireRom): void {
  const family = rom[0]!;
  if (family === FAMILY) return;
  const name = RELATIVES[family] ?? "an unknown part";
  throw new LatchkeyError("sensor-wrong-chip", {
    message: `Family ${family.toString(16).padStart(2, "0")} is ${name}; a DS18B20 has family 28.`,
    detail: { address: formatAddress(rom) },
  });
}
