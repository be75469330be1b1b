import type { TestRecord } from "./records.ts";

interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

const MARKS = { passed: "✔", failed: "✖", skipped: "–" } as const;
const COLOURS = { passed: 32, failed: 31, skipped: 33 } as const;

/** Collects what the lanes report, shows it as it comes and sums it up. */
export class Report {
  readonly #out: NodeJS.WriteStream;
  readonly #totals: Totals = { passed: 0, failed: 0, skipped: 0 };
  readonly #failures: TestRecord[] = [];
  readonly #files = new Map<string, { lane: string; name: string; totals: Totals; ms: number }>();
  readonly #lanes = new Map<string, number>();
  #statusShown = false;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  get failed(): number {
    return this.#totals.failed;
  }

  /** Tests that really ran in a lane. */
  ran(lane: string): number {
    return this.#lanes.get(lane) ?? 0;
  }

  add(record: TestRecord): void {
    this.#totals[record.state]++;
    if (record.state === "failed") {
      this.#failures.push(record);
      this.line(`${this.#mark("failed")} ${titleOf(record)}`);
    }
    if (record.state !== "skipped") this.#lanes.set(record.lane, this.ran(record.lane) + 1);
    const key = `${record.lane} ${record.file}`;
    const { lane, file: name } = record;
    const fresh = { lane, name, totals: { passed: 0, failed: 0, skipped: 0 }, ms: 0 };
    const file = this.#files.get(key) ?? fresh;
    file.totals[record.state]++;
    file.ms += record.durationMs;
    this.#files.set(key, file);
    this.#status(record);
  }

  /** One line that stays. */
  line(text: string): void {
    if (this.#statusShown) this.#out.write("\r\x1b[K");
    this.#statusShown = false;
    this.#out.write(`${text}\n`);
  }

  /** Counts a lane that could not run. */
  skipLane(): void {
    this.#totals.skipped++;
  }

  /** Counts something that is wrong with the run as a whole. */
  fail(lane: TestRecord["lane"], title: string, error: string): void {
    this.add({ lane, file: "(lane)", suite: "", title, state: "failed", durationMs: 0, error });
  }

  /** Failures in full, then the totals; the last line is for machines. */
  finish(notes: readonly string[]): void {
    for (const { lane, name } of [...this.#files.values()]) this.fileDone(lane, name);
    if (notes.length > 0) this.line(`\n${notes.join("\n")}`);
    this.#failures.forEach((record, i) => {
      this.line(`\n${i + 1}) ${titleOf(record)}\n   ${record.file}`);
      this.line((record.error ?? "no reason given").replaceAll(/^/gm, "   "));
    });
    const { passed, failed, skipped } = this.#totals;
    this.line(`\n${passed} passed, ${failed} failed, ${skipped} skipped`);
  }

  /** Shows the line of a file, once. */
  fileDone(lane: string, fileName: string): void {
    const file = this.#files.get(`${lane} ${fileName}`);
    if (file === undefined) return;
    this.#files.delete(`${lane} ${fileName}`);
    const { passed, failed, skipped } = file.totals;
    const state = failed > 0 ? "failed" : passed > 0 ? "passed" : "skipped";
    const counts = [`${passed}`];
    if (failed > 0) counts.push(`${failed} failed`);
    if (skipped > 0) counts.push(`${skipped} skipped`);
    const name = `${file.lane.padEnd(4)} ${file.name}`;
    this.line(`${this.#mark(state)} ${name}  ${counts.join(", ")}  (${Math.round(file.ms)} ms)`);
  }

  #status({ lane, title }: TestRecord): void {
    if (!this.#out.isTTY) return;
    const { passed, failed } = this.#totals;
    const text = `  ${passed} passed${failed > 0 ? `, ${failed} failed` : ""} · ${lane} ${title}`;
    this.#out.write(`\r\x1b[K\x1b[2m${text.slice(0, (this.#out.columns ?? 80) - 1)}\x1b[0m`);
    this.#statusShown = true;
  }

  #mark(state: TestRecord["state"]): string {
    if (!this.#out.isTTY) return MARKS[state];
    return `\x1b[${COLOURS[state]}m${MARKS[state]}\x1b[0m`;
  }
}

function titleOf({ lane, suite, title }: TestRecord): string {
  return `${lane}: ${suite === "" ? title : `${suite} › ${title}`}`;
}
