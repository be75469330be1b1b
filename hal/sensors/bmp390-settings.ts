import { LatchkeyError } from "../../protocol/errors.ts";
import {
  BMP390_FILTER,
  BMP390_OVERSAMPLING,
  BMP390_POWER,
  BMP390_RATE_MAX,
  BMP390_STATUS,
  bmp390MeasurementMs,
} from "./bmp390-registers.ts";
import { oneOf } from "./choice.ts";

type Oversampling = (typeof BMP390_OVERSAMPLING)[number];

/** What `configure` takes. ESPHome's words where it has them. */
export interface BMP390Configuration {
  /** `forced` (default): sleeps between readings. `normal`: measures by itself. */
  readonly mode?: "forced" | "normal";
  /** 2 unless told. Cannot be skipped: the pressure is calculated with it. */
  readonly temperature?: { readonly oversampling?: Oversampling };
  /** 16 unless told; 0 switches it off. */
  readonly pressure?: { readonly oversampling?: Oversampling | 0 };
  /** Of the filter over both; 0 (off) unless told. */
  readonly iirFilter?: (typeof BMP390_FILTER)[number];
  /**
   * Time between two measurements in normal mode; 1000 unless told. The chip has 5 ms and its
   * doublings up to 655,360: the next longer one is taken.
   */
  readonly intervalMs?: number;
}

/** The choices, and the registers that they make. */
export interface Bmp390Settings {
  readonly mode: "forced" | "normal";
  /** `powerControl` without the mode. */
  readonly power: number;
  readonly osr: number;
  readonly odr: number;
  readonly config: number;
  /** Bits of `status` that say that all is new. */
  readonly fresh: number;
  readonly measurementMs: number;
  readonly periodMs: number;
}

/** @throws config-invalid */
export function parseBmp390Settings(options: BMP390Configuration): Bmp390Settings {
  const { mode = "forced", iirFilter = 0, intervalMs = 1000 } = options;
  oneOf("mode", mode, ["forced", "normal"]);
  const temperature = options.temperature?.oversampling ?? 2;
  const pressure = options.pressure?.oversampling ?? 16;
  const osrT = oneOf("temperature.oversampling", temperature, BMP390_OVERSAMPLING);
  const withPressure = pressure !== 0;
  const osrP = withPressure ? oneOf("pressure.oversampling", pressure, BMP390_OVERSAMPLING) : 0;
  const filter = oneOf("iir_filter", iirFilter, BMP390_FILTER);
  const measurementMs = bmp390MeasurementMs(temperature, pressure);
  const odr = Math.max(0, Math.ceil(Math.log2(intervalMs / 5)));
  const periodMs = 5 * 2 ** odr;
  // The chip's own error for it would come only with the first reading (§3.9.2).
  if (!(odr <= BMP390_RATE_MAX) || (mode === "normal" && periodMs <= measurementMs)) {
    throw new LatchkeyError("config-invalid", {
      message: `interval: must be over ${measurementMs} ms for this oversampling, and at most 655360`,
      detail: { field: "interval" },
    });
  }
  const { pressure: pressureOn, temperature: temperatureOn } = BMP390_POWER;
  return {
    mode,
    power: temperatureOn | (withPressure ? pressureOn : 0),
    osr: (osrT << 3) | osrP,
    odr,
    config: filter << 1,
    fresh: BMP390_STATUS.temperature | (withPressure ? BMP390_STATUS.pressure : 0),
    measurementMs,
    periodMs,
  };
}
