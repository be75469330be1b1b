import type { Log, LogFields, LogLevel } from "../../protocol/platform.ts";
import type { Readiness } from "../readiness.ts";

/**
 * What the service counts of itself. Labels come from fixed sets: names of endpoints, events and
 * codes. No tenant, node or badge is one: there are too many, and a page of figures is no place
 * for them.
 */
export interface Metrics {
  /** A line of the log; level and name of the event, its code or limit. */
  noted(level: LogLevel, event: string, fields: LogFields): void;
  /** A request over HTTP. @param endpoint its path, or `other` */
  answered(endpoint: string, status: number, seconds: number): void;
  readings(recorded: number, duplicates: number, refused: number): void;
}

/** What is asked when somebody looks. */
export interface Observed {
  readiness(): Promise<Readiness>;
  /** Work on cards that is under way, and listeners to readings. */
  underWay(): Readonly<Record<string, number>>;
}

export const noMetrics: Metrics = Object.freeze({
  noted: () => {},
  answered: () => {},
  readings: () => {},
});

/** Every line of the log is counted: what is worth a line is worth a figure. */
export function countingLog(log: Log, metrics: Metrics): Log {
  return {
    write(level, event, fields = {}) {
      metrics.noted(level, event, fields);
      log.write(level, event, fields);
    },
  };
}
