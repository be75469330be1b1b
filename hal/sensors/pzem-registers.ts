import { LatchkeyError } from "../../protocol/errors.ts";

/** What the meter measured; names and units are those of Moddable's driver. */
export interface PZEM004TSample {
  /** V, RMS */
  readonly voltage: number;
  /** A, RMS */
  readonly current: number;
  /** W, active */
  readonly power: number;
  /** Wh since the last reset; up to 9999.99 kWh, then from 0 again. */
  readonly energy: number;
  /** Hz */
  readonly frequency: number;
  /** 0-1 */
  readonly powerFactor: number;
  /** The power is above the threshold that is set in the meter. */
  readonly alarmStatus: boolean;
}

/** The input registers 0000h-0009h (PZEM-004T V3.0 user manual §2.3). */
export const PZEM_REGISTERS = 10;

/**
 * What can be true, with a margin to what the manual promises (§1: 80-260 V, 0-100 A, 0-23 kW,
 * 45-65 Hz): a meter slightly off is a reading, 6553.5 V is not.
 */
const LIMITS = Object.freeze([
  ["voltage", 60, 300],
  ["current", 0, 120],
  ["power", 0, 30_000],
  ["energy", 0, 10_000_000],
  ["frequency", 40, 70],
  ["powerFactor", 0, 1],
] as const);

/** Reads the registers, two bytes each, high byte first; of two registers the low word first. */
export function parsePzemRegisters(data: Uint8Array): PZEM004TSample {
  const word = (register: number) => data[2 * register]! * 256 + data[2 * register + 1]!;
  // Not `<< 16`: the sign bit would make a large count negative.
  const double = (register: number) => word(register) + word(register + 1) * 65_536;
  const alarm = word(9);
  const sample = {
    voltage: word(0) / 10,
    current: double(1) / 1000,
    power: double(3) / 10,
    energy: double(5),
    frequency: word(7) / 10,
    powerFactor: word(8) / 100,
    alarmStatus: alarm === 0xffff,
  };
  for (const [name, low, high] of LIMITS) {
    const value = sample[name];
    if (value < low || value > high) throw impossible(name, value);
  }
  if (alarm !== 0 && alarm !== 0xffff) throw impossible("alarmStatus", alarm);
  return sample;
}

function impossible(name: string, value: number): LatchkeyError {
  return new LatchkeyError("sensor-out-of-range", {
    message: `The meter gives ${value} for ${name}, which it cannot measure.`,
    detail: { name, value },
  });
}
