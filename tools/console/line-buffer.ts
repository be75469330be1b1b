import type { Timer, TimerHandle } from "../../protocol/platform.ts";

/** A prompt, with what is echoed behind it, comes without an end of line. */
const PROMPT_MS = 60;
/** Anything else may be half of a line that holds a secret: the other half gets its chance. */
const SILENCE_MS = 1_000;
/** Nobody sends longer lines; more is passed on as it comes. */
const LINE_CHARS_MAX = 8_192;

/**
 * Makes lines of what a port gives in pieces. A line keeps its end (`\n` or `\r\n`). What has
 * none is given out after a silence.
 */
export class LineBuffer {
  readonly #timer: Timer;
  readonly #onLine: (text: string) => void;
  #rest = "";
  #silence: TimerHandle | undefined;

  constructor(timer: Timer, onLine: (text: string) => void) {
    this.#timer = timer;
    this.#onLine = onLine;
  }

  push(text: string): void {
    const lines = (this.#rest + text).split(/(?<=\n)/);
    const last = lines.at(-1) ?? "";
    this.#rest = last.endsWith("\n") ? "" : last;
    if (this.#rest !== "") lines.pop();
    for (const line of lines) this.#onLine(line);
    if (this.#rest.length > LINE_CHARS_MAX) this.flush();
    this.#watchSilence();
  }

  /** Gives out what is left. */
  flush(): void {
    if (this.#silence !== undefined) this.#timer.clear(this.#silence);
    this.#silence = undefined;
    const rest = this.#rest;
    this.#rest = "";
    if (rest !== "") this.#onLine(rest);
  }

  #watchSilence(): void {
    if (this.#silence !== undefined) this.#timer.clear(this.#silence);
    this.#silence = undefined;
    if (this.#rest === "") return;
    const waitMs = this.#rest.startsWith("> ") ? PROMPT_MS : SILENCE_MS;
    this.#silence = this.#timer.set(() => this.flush(), waitMs);
  }
}
