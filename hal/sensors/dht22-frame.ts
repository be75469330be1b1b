import { LatchkeyError } from "../../protocol/errors.ts";

/** RH and temperature as the sensor gives them. */
export interface DHT22Reading {
  /** °C */
  readonly celsius: number;
  /** Relative, %. */
  readonly humidity: number;
}

const BITS = 40;
/** Until the sensor answers, its answer (low, high), and the low before the first bit's high. */
const HEAD = 3;
/** The head, a low and a high for each bit, and the low with which the sensor signs off. */
export const DURATIONS = HEAD + 2 * BITS + 1;

/**
 * Bounds for each low and high of the answer and the bits, in µs. The data sheet (AM2302, table
 * "single-bus signal characteristics") has 20 to 85; clones and clocks that are off by a fifth
 * stay inside, an edge that was missed or made up does not.
 */
const PULSE_US_MIN = 10;
const PULSE_US_MAX = 120;

/** Measuring range (AM2302 data sheet): 0-99.9 %, -40 to 80 °C. */
const CELSIUS_MIN = -40;
const CELSIUS_MAX = 80;
const HUMIDITY_MAX = 100;

/**
 * The five bytes in a capture. A bit is a one when its high is longer than the low before it: 70
 * or 26 µs against 50. Both stretch alike with the sensor's oscillator, which a fixed threshold
 * does not, and a clone that is slow by half still reads right.
 * @throws sensor-absent when nobody answered, sensor-bus when it is not a whole frame
 */
export function decodePulses(durations: Uint16Array): Uint8Array {
  // The line rose and nothing pulled it down again, or it never rose.
  if (durations.length === 0) {
    throw new LatchkeyError("sensor-absent", {
      message: "The DHT22 does not answer: no power, a broken wire, or its data line shorted.",
    });
  }
  const odd = durations.subarray(1).findIndex((us) => us < PULSE_US_MIN || us > PULSE_US_MAX);
  if (durations.length !== DURATIONS || odd >= 0) {
    throw new LatchkeyError("sensor-bus", {
      message: "The DHT22 did not send 40 bits in its time.",
      detail: { durations: durations.length, odd: odd < 0 ? undefined : odd + 1 },
    });
  }
  const bytes = new Uint8Array(BITS / 8);
  for (let bit = 0; bit < BITS; bit++) {
    const lowUs = durations[HEAD + 2 * bit]!;
    const highUs = durations[HEAD + 2 * bit + 1]!;
    if (highUs > lowUs) bytes[bit >> 3]! |= 0x80 >> (bit & 7);
  }
  return bytes;
}

/**
 * The reading in five bytes: RH·10, temperature·10, and the low byte of their sum.
 * @throws sensor-checksum, sensor-power-on-value for all zeroes, sensor-out-of-range
 */
export function parseFrame(bytes: Uint8Array): DHT22Reading {
  const [b0 = 0, b1 = 0, b2 = 0, b3 = 0, sum] = bytes;
  if (((b0 + b1 + b2 + b3) & 0xff) !== sum) {
    throw new LatchkeyError("sensor-checksum", { detail: { sum } });
  }
  // Zeroes have a right checksum. No air has 0.0 % at 0.0 °C; a sensor with too little voltage has.
  if ((b0 | b1 | b2 | b3) === 0) throw new LatchkeyError("sensor-power-on-value");
  const humidity = ((b0 << 8) | b1) / 10;
  const celsius = tenths((b2 << 8) | b3) / 10;
  if (humidity > HUMIDITY_MAX || celsius < CELSIUS_MIN || celsius > CELSIUS_MAX) {
    throw new LatchkeyError("sensor-out-of-range", { detail: { humidity, celsius } });
  }
  return { celsius, humidity };
}

/**
 * Sign and magnitude, as the data sheet says, or one of the two's complements of parts that do
 * not keep to it. They can be told apart, because no magnitude reaches 0x800 (204.8 °C): ESPHome's
 * rule, without the complement that makes its negative numbers one too cold (`8065` is -10.1).
 */
function tenths(raw: number): number {
  if ((raw & 0xc000) === 0x8000) return 0 - (raw & 0x7fff); // not -0
  // Bit 15 was lost on parts that send 12 bits of a complement.
  if ((raw & 0x8800) !== 0) return raw | -0x1000;
  return raw;
}
