import { type FixTime, fixTime } from "./fix-time.ts";
import { type Gga, parseGga } from "./gga.ts";
import { type FixDimensions, parseGsa } from "./gsa.ts";
import { parseRmc, type Rmc } from "./rmc.ts";
import type { Sentence } from "./sentence.ts";

/** A position that a receiver has measured. */
export interface Fix {
  /** Degrees, WGS 84, north positive. */
  readonly latitude: number;
  /** Degrees, WGS 84, east positive. */
  readonly longitude: number;
  /** Metres above mean sea level; absent where only the place was measured. */
  readonly altitude?: number;
  /** Horizontal dilution of precision: 1 is good, above 5 poor. */
  readonly hdop?: number;
  /** Used for the position. */
  readonly satellites?: number;
  /** As in GGA: 1 GPS, 2 differential, 4 and 5 RTK. */
  readonly quality: number;
  /** Unix seconds; absent when the receiver's date cannot be believed, see `timeDoubt`. */
  readonly time?: number;
  readonly timeDoubt?: FixTime["doubt"];
}

/** Why a moment brought no fix. */
export interface NoFix {
  readonly quality: number;
  readonly satellites: number | undefined;
  /** GGA and RMC of one moment are of two minds: one of them is damaged. */
  readonly contradiction: boolean;
}

export interface FixBuilderOptions {
  /** Unix seconds that are surely past: an earlier date is not believed. */
  readonly notBefore: number;
  readonly onFix: (fix: Fix) => void;
  readonly onNoFix: (why: NoFix) => void;
}

/** GGA qualities for which something was measured: not estimated, manual, simulated. */
const MEASURED_QUALITIES = Object.freeze([1, 2, 3, 4, 5]);
/**
 * How far GGA and RMC of one moment may be apart, in degrees (some 10 m): they are one position
 * rounded twice. An XOR lets two flipped bits of one place pass; this does not.
 */
const AGREEMENT_DEGREES = 1e-4;
/** The most that a DOP says; receivers without a fix give 99.99. */
const HDOP_MAX = 99;

/** After so many moments without GSA the receiver sends none. */
const MOMENTS_WITHOUT_GSA = 3;

/**
 * Puts the sentences of one moment together. A position counts when GGA and RMC of the same time
 * are both there, both valid and agree. GSA says whether the altitude was measured; the moment is
 * over when it came, or with the next moment's first sentence where it is missing.
 */
export class FixBuilder {
  readonly #options: FixBuilderOptions;
  #secondsOfDay: number | undefined;
  #gga: Gga | undefined;
  #rmc: Rmc | undefined;
  #dimensions: FixDimensions | undefined;
  #momentsWithoutGsa = 0;
  #done = true;

  constructor(options: FixBuilderOptions) {
    this.#options = options;
  }

  /** Takes GGA, RMC and GSA; others, and damaged ones, change nothing. */
  push(sentence: Sentence): void {
    const gga = parseGga(sentence);
    const rmc = parseRmc(sentence);
    const gsa = parseGsa(sentence);
    const timed = gga ?? rmc;
    if (timed !== undefined) this.#turnTo(timed.secondsOfDay);
    if (gga !== undefined) this.#gga = gga;
    if (rmc !== undefined) this.#rmc = rmc;
    if (gsa !== undefined) {
      // Of several (GPS and GLONASS each send one) all say the same.
      this.#dimensions = gsa;
      this.#momentsWithoutGsa = 0;
    }
    const isWhole = this.#gga !== undefined && this.#rmc !== undefined;
    if (isWhole && (this.#dimensions !== undefined || !this.#sendsGsa)) this.#finish();
  }

  get #sendsGsa(): boolean {
    return this.#momentsWithoutGsa < MOMENTS_WITHOUT_GSA;
  }

  #turnTo(secondsOfDay: number | undefined): void {
    const isSame = secondsOfDay === this.#secondsOfDay;
    // A second talker may repeat a moment that is over already.
    if (isSame && secondsOfDay !== undefined) return;
    // Before the receiver knows the time, a moment has one GGA and one RMC.
    const isOpen = !this.#done && (this.#gga === undefined || this.#rmc === undefined);
    if (isSame && isOpen) return;
    if (this.#dimensions === undefined && !this.#done) this.#momentsWithoutGsa++;
    this.#finish();
    this.#secondsOfDay = secondsOfDay;
    this.#gga = undefined;
    this.#rmc = undefined;
    this.#dimensions = undefined;
    this.#done = false;
  }

  #finish(): void {
    const gga = this.#gga;
    const rmc = this.#rmc;
    // Half a moment, the other half having been lost on the line, says neither yes nor no.
    if (this.#done || gga === undefined || rmc === undefined) return;
    this.#done = true;
    const fix = this.#fix(gga, rmc);
    if (fix !== undefined) {
      this.#options.onFix(fix);
      return;
    }
    const { quality, satellites } = gga;
    this.#options.onNoFix({ quality, satellites, contradiction: !agree(gga, rmc) });
  }

  #fix(gga: Gga, rmc: Rmc): Fix | undefined {
    if (this.#dimensions === 1) return undefined;
    if (!rmc.valid || !MEASURED_QUALITIES.includes(gga.quality) || !agree(gga, rmc)) {
      return undefined;
    }
    const { latitude, longitude, altitude, hdop, satellites, quality } = gga;
    if (latitude === undefined || longitude === undefined) return undefined;
    const hasAltitude = this.#dimensions === 3 || !this.#sendsGsa;
    const time = fixTime(rmc.day, rmc.secondsOfDay, this.#options.notBefore);
    return {
      latitude,
      longitude,
      ...(altitude !== undefined && hasAltitude && { altitude }),
      ...(hdop !== undefined && hdop > 0 && hdop < HDOP_MAX && { hdop }),
      ...(satellites !== undefined && { satellites }),
      quality,
      ...(time.doubt === undefined ? { time: time.unix } : { timeDoubt: time.doubt }),
    };
  }
}

function agree(gga: Gga, rmc: Rmc): boolean {
  if (gga.latitude === undefined || rmc.latitude === undefined) return true;
  const apart = Math.abs(gga.longitude! - rmc.longitude!);
  // Both sides of the 180th meridian are one place.
  const east = Math.min(apart, 360 - apart);
  return Math.abs(gga.latitude - rmc.latitude) < AGREEMENT_DEGREES && east < AGREEMENT_DEGREES;
}
