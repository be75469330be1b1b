import { countField, latitudeField, longitudeField, numberField, timeField } from "./fields.ts";
import type { Sentence } from "./sentence.ts";

/** What GGA (fix data) says. What the receiver left empty is `undefined`. */
export interface Gga {
  /** Seconds of the UTC day. */
  readonly secondsOfDay: number | undefined;
  /** Degrees, north positive. */
  readonly latitude: number | undefined;
  /** Degrees, east positive. */
  readonly longitude: number | undefined;
  /** 0 none, 1 GPS, 2 differential, 4 and 5 RTK, 6 estimated, 7 manual, 8 simulator. */
  readonly quality: number;
  /** Used for the position. */
  readonly satellites: number | undefined;
  readonly hdop: number | undefined;
  /** Metres above mean sea level. */
  readonly altitude: number | undefined;
}

/** `undefined` when a field is not what GGA has there. */
export function parseGga({ type, fields }: Sentence): Gga | undefined {
  if (type !== "GGA" || fields.length < 14) return undefined;
  const [time, lat, northSouth, lon, eastWest, quality, satellites, hdop, altitude, metres] =
    fields;
  const gga: Gga = {
    secondsOfDay: timeField(time),
    latitude: latitudeField(lat, northSouth),
    longitude: longitudeField(lon, eastWest),
    quality: countField(quality) ?? 0,
    satellites: countField(satellites),
    hdop: numberField(hdop),
    altitude: numberField(altitude),
  };
  if (gga.altitude !== undefined && metres !== "M") return undefined;
  if ((gga.latitude === undefined) !== (gga.longitude === undefined)) return undefined;
  return Object.values(gga).some((value) => Number.isNaN(value)) ? undefined : gga;
}
