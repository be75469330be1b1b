import { dateField, latitudeField, longitudeField, timeField } from "./fields.ts";
import type { Sentence } from "./sentence.ts";

/** What RMC (recommended minimum data) says. What the receiver left empty is `undefined`. */
export interface Rmc {
  /** Seconds of the UTC day. */
  readonly secondsOfDay: number | undefined;
  /** Days since 1970-01-01. */
  readonly day: number | undefined;
  /** Status A and a mode in which something was measured: not estimated, manual, simulated. */
  readonly valid: boolean;
  /** Degrees, north positive. */
  readonly latitude: number | undefined;
  /** Degrees, east positive. */
  readonly longitude: number | undefined;
}

/** Autonomous, differential, precise, RTK fixed and float (NMEA 0183 V4.11). */
const MEASURED_MODES = Object.freeze(["A", "D", "P", "R", "F"]);

/** `undefined` when a field is not what RMC has there. */
export function parseRmc({ type, fields }: Sentence): Rmc | undefined {
  if (type !== "RMC" || fields.length < 9) return undefined;
  const [time, status, lat, northSouth, lon, eastWest, , , date] = fields;
  if (status !== "A" && status !== "V") return undefined;
  // NMEA 2.3 brought the mode; older receivers end before it.
  const mode = fields[11];
  const rmc: Rmc = {
    secondsOfDay: timeField(time),
    day: dateField(date),
    valid: status === "A" && (mode === undefined || MEASURED_MODES.includes(mode)),
    latitude: latitudeField(lat, northSouth),
    longitude: longitudeField(lon, eastWest),
  };
  if ((rmc.latitude === undefined) !== (rmc.longitude === undefined)) return undefined;
  return Object.values(rmc).some((value) => Number.isNaN(value)) ? undefined : rmc;
}
