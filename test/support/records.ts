/** One test as a lane reports it. */
export interface TestRecord {
  readonly lane: "node" | "xs";
  /** Path relative to the project. */
  readonly file: string;
  /** Titles of the suites around it, joined by " › ". */
  readonly suite: string;
  readonly title: string;
  readonly state: "passed" | "failed" | "skipped";
  readonly durationMs: number;
  /** Why it failed. */
  readonly error?: string;
}

/** A test that has begun, as a lane's process reports it. */
export interface Begin {
  readonly begin: Pick<TestRecord, "file" | "suite" | "title">;
}
