/** How the database is, for whoever asks whether the server may work. */
export interface Standing {
  /** Steps of the schema that it has taken, and those that this program knows. */
  readonly schema: number;
  readonly known: number;
  /** Its own clock, Unix milliseconds, where it is another machine's. */
  readonly clockMs?: number;
  /** Unix seconds of the newest row of the audit log. */
  readonly newestAt?: number;
}
