/**
 * One moment's readings of a node, with the names and units of the wire. What was not measured is
 * absent; it is never zero, never the last value, never a guess.
 */
export interface ReadingFields {
  /** °C */
  readonly temperature?: number;
  /** Relative, %. */
  readonly humidity?: number;
  /** hPa */
  readonly pressure?: number;
  readonly motion?: boolean;
  /** Degrees, WGS 84; both or neither. */
  readonly lat?: number;
  readonly lon?: number;
  /** Metres above mean sea level. */
  readonly altitude?: number;
  /** V */
  readonly voltage?: number;
  /** A */
  readonly current?: number;
  /** W */
  readonly power?: number;
  /** Of a badge that was held to the reader: lower-case hexadecimal. */
  readonly badge_uid?: string;
  readonly granted?: boolean;
}

/** Quantities of which a node has several (probes on one bus): `name` → number. */
export type NamedReadings = Readonly<Record<string, number>>;

/** A sensor that did not deliver: which, why, how often since its last good reading. */
export interface SensorFault {
  /** The sensor's `name` in the configuration. */
  readonly sensor: string;
  /** A stable error code. */
  readonly code: string;
  readonly count: number;
}
