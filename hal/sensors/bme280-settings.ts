import { BME280_FILTER, BME280_OVERSAMPLING, BME280_STANDBY } from "./bme280-registers.ts";
import { oneOf } from "./choice.ts";

type Oversampling = (typeof BME280_OVERSAMPLING)[number];

/** What `configure` takes. ESPHome's words where it has them. */
export interface BME280Configuration {
  /** `forced` (default): sleeps between readings. `normal`: measures by itself. */
  readonly mode?: "forced" | "normal";
  /** 16 unless told. Cannot be skipped: the other two are calculated with it. */
  readonly temperature?: { readonly oversampling?: Oversampling };
  /** 16 unless told; 0 skips it. */
  readonly pressure?: { readonly oversampling?: Oversampling };
  readonly humidity?: { readonly oversampling?: Oversampling };
  /** Coefficient of the filter over temperature and pressure; 0 (off) unless told. */
  readonly iirFilter?: (typeof BME280_FILTER)[number];
  /** Pause between two measurements in normal mode; 1000 unless told. */
  readonly standbyMs?: (typeof BME280_STANDBY)[number];
}

/** The choices, and the registers that they make. */
export interface Bme280Settings {
  readonly mode: "forced" | "normal";
  readonly temperature: number;
  readonly pressure: number;
  readonly humidity: number;
  /** ms */
  readonly standby: number;
  readonly ctrlHum: number;
  /** Without the mode. */
  readonly ctrlMeas: number;
  readonly config: number;
}

/** @throws config-invalid */
export function parseBme280Settings(options: BME280Configuration): Bme280Settings {
  const { mode = "forced", iirFilter = 0, standbyMs = 1000 } = options;
  oneOf("mode", mode, ["forced", "normal"]);
  const temperature = options.temperature?.oversampling ?? 16;
  const pressure = options.pressure?.oversampling ?? 16;
  const humidity = options.humidity?.oversampling ?? 16;
  const osrsT = 1 + oneOf("temperature.oversampling", temperature, BME280_OVERSAMPLING.slice(1));
  const osrsP = oneOf("pressure.oversampling", pressure, BME280_OVERSAMPLING);
  const ctrlHum = oneOf("humidity.oversampling", humidity, BME280_OVERSAMPLING);
  const filter = oneOf("iir_filter", iirFilter, BME280_FILTER);
  const pause = oneOf("standby", standbyMs, BME280_STANDBY);
  return {
    mode,
    temperature,
    pressure,
    humidity,
    standby: standbyMs,
    ctrlHum,
    ctrlMeas: (osrsT << 5) | (osrsP << 2),
    config: (pause << 5) | (filter << 2),
  };
}
