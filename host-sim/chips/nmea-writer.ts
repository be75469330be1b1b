import type { GnssEngine } from "./gnss-engine.ts";

/** How one maker writes its sentences. */
export interface NmeaDialect {
  readonly talker: string;
  readonly minuteDigits: number;
  readonly secondDigits: number;
  /** The DOPs of no position, and its satellites. */
  readonly noDop: string;
  readonly noSatellites: string;
  /** Where an unset clock begins, Unix seconds; `undefined`: empty fields. */
  readonly unsetUnix?: number;
}

const SECONDS_PER_DAY = 86_400;

/** The sentences of one measurement (NMEA 0183, V2.3), without `$` and checksum. */
export class NmeaWriter {
  readonly #engine: GnssEngine;
  readonly #dialect: NmeaDialect;

  constructor(engine: GnssEngine, dialect: NmeaDialect) {
    this.#engine = engine;
    this.#dialect = dialect;
  }

  /** One or, for GSV, several; none for a name that it does not know. */
  write(type: string): string[] {
    const writers: Readonly<Record<string, () => string[]>> = {
      RMC: () => [this.#rmc()],
      GGA: () => [this.#gga()],
      GSA: () => [this.#gsa()],
      VTG: () => [this.#vtg()],
      GLL: () => [this.#gll()],
      GSV: () => this.#gsv(),
    };
    return writers[type]?.() ?? [];
  }

  #body(text: string): string {
    return `${this.#dialect.talker}${text}`;
  }

  #vtg(): string {
    return this.#body(this.#engine.hasFix ? "VTG,,T,,M,0.00,N,0.00,K,A" : "VTG,,,,,,,,,N");
  }

  #rmc(): string {
    const { hasFix } = this.#engine;
    const speed = hasFix ? "0.00,0.00" : ",";
    const place = `${this.#latitude},${this.#longitude},${speed},${this.#date},,,${hasFix ? "A" : "N"}`;
    return this.#body(`RMC,${this.#time},${hasFix ? "A" : "V"},${place}`);
  }

  #gga(): string {
    const { hasFix, place, satellites } = this.#engine;
    const { noDop, noSatellites } = this.#dialect;
    const count = `${satellites.length < 10 ? "0" : ""}${satellites.length}`;
    const found = hasFix ? `1,${count},1.01,${place.altitude.toFixed(1)},M,48.0,M` : "";
    const fields = hasFix ? found : `0,${noSatellites},${noDop},,,,`;
    return this.#body(`GGA,${this.#time},${this.#latitude},${this.#longitude},${fields},,`);
  }

  #gsa(): string {
    const { hasFix, is3d, satellites } = this.#engine;
    const { noDop } = this.#dialect;
    const used = hasFix ? satellites.map(({ prn }) => String(prn).padStart(2, "0")) : [];
    const places = [...used, ...new Array<string>(12 - used.length).fill("")].join(",");
    const dops = hasFix ? "1.94,1.01,1.66" : `${noDop},${noDop},${noDop}`;
    return this.#body(`GSA,A,${hasFix ? (is3d ? 3 : 2) : 1},${places},${dops}`);
  }

  #gll(): string {
    const status = this.#engine.hasFix ? "A,A" : "V,N";
    return this.#body(`GLL,${this.#latitude},${this.#longitude},${this.#time},${status}`);
  }

  #gsv(): string[] {
    const { satellites } = this.#engine;
    const sentences = Math.max(1, Math.ceil(satellites.length / 4));
    const count = String(satellites.length).padStart(2, "0");
    return Array.from({ length: sentences }, (_, i) => {
      const shown = satellites
        .slice(4 * i, 4 * i + 4)
        .map(({ prn, elevation, azimuth, snr }) =>
          [prn, elevation, String(azimuth).padStart(3, "0"), snr]
            .map((value) => String(value).padStart(2, "0"))
            .join(","),
        );
      return this.#body(["GSV", sentences, i + 1, count, ...shown].join(","));
    });
  }

  get #latitude(): string {
    if (!this.#engine.hasFix) return ",";
    const { latitude } = this.#engine.place;
    return `${this.#angle(latitude, 2)},${latitude < 0 ? "S" : "N"}`;
  }

  get #longitude(): string {
    if (!this.#engine.hasFix) return ",";
    const { longitude } = this.#engine.place;
    return `${this.#angle(longitude, 3)},${longitude < 0 ? "W" : "E"}`;
  }

  /** Rounded first: 59.99999 minutes must not become 60. */
  #angle(degrees: number, degreeDigits: number): string {
    const { minuteDigits } = this.#dialect;
    const scale = 10 ** minuteDigits;
    const units = Math.round(Math.abs(degrees) * 60 * scale);
    const whole = Math.floor(units / (60 * scale));
    const minutes = ((units % (60 * scale)) / scale).toFixed(minuteDigits);
    return String(whole).padStart(degreeDigits, "0") + minutes.padStart(minuteDigits + 3, "0");
  }

  get #unix(): number | undefined {
    const { unix, uptimeSeconds } = this.#engine;
    const { unsetUnix } = this.#dialect;
    return unix ?? (unsetUnix === undefined ? undefined : unsetUnix + uptimeSeconds);
  }

  get #time(): string {
    if (this.#unix === undefined) return "";
    const { secondDigits } = this.#dialect;
    const scale = 10 ** secondDigits;
    const units = Math.round((this.#unix % SECONDS_PER_DAY) * scale) % (SECONDS_PER_DAY * scale);
    const hours = String(Math.floor(units / (3600 * scale))).padStart(2, "0");
    const minutes = String(Math.floor(units / (60 * scale)) % 60).padStart(2, "0");
    const seconds = ((units % (60 * scale)) / scale).toFixed(secondDigits);
    return hours + minutes + seconds.padStart(secondDigits + 3, "0");
  }

  /** Civil date of a day number, by the 400-year cycle beginning on 1 March. */
  get #date(): string {
    if (this.#unix === undefined) return "";
    const day = Math.floor(this.#unix / SECONDS_PER_DAY) + 719_468;
    const inEra = day % 146_097;
    const yearOfEra = Math.floor(
      (inEra -
        Math.floor(inEra / 1460) +
        Math.floor(inEra / 36_524) -
        Math.floor(inEra / 146_096)) /
        365,
    );
    const inYear =
      inEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
    const fromMarch = Math.floor((5 * inYear + 2) / 153);
    const dayOfMonth = inYear - Math.floor((153 * fromMarch + 2) / 5) + 1;
    const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
    const year = yearOfEra + (month <= 2 ? 1 : 0);
    return [dayOfMonth, month, year % 100].map((part) => String(part).padStart(2, "0")).join("");
  }
}

/** `$body*hh` CR LF. */
export function nmeaBytes(body: string): Uint8Array {
  let checksum = 0;
  for (let i = 0; i < body.length; i++) checksum ^= body.charCodeAt(i);
  const digits = checksum.toString(16).toUpperCase().padStart(2, "0");
  return Uint8Array.from(`$${body}*${digits}\r\n`, (char) => char.charCodeAt(0));
}
