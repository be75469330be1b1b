import type { TestRecord } from "./records.ts";

export interface LaneOptions {
  /** Whether a test file (relative path) was asked for. */
  readonly files: (file: string) => boolean;
  /** A regular expression on "suite title"; empty for all. */
  readonly grep: string;
  /** Processes that it may keep busy. */
  readonly workers: number;
  /** Called for every test as soon as it has ended. */
  readonly onRecord: (record: TestRecord) => void;
  /** Called when a file has no more tests. */
  readonly onFileDone: (file: string) => void;
  /** A line for the end of the report. */
  readonly onNote: (line: string) => void;
}

/** One way of running tests. */
export interface Lane {
  readonly name: TestRecord["lane"];
  /** Why it cannot run here, or `undefined` when it can. */
  readonly missing: () => string | undefined;
  /** @throws Error when the lane as a whole broke */
  readonly run: (options: LaneOptions) => Promise<void>;
}
