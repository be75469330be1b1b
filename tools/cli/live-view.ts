import type { SimEvent } from "../../host-sim/scenario/events.ts";
import type { DeskBadge } from "../simulator.ts";
import { SimLines } from "./sim-lines.ts";
import type { Style } from "./style.ts";

/** More than any terminal has left below the keys. */
const LOG_LINES = 200;
/** From here on there is room for what is special about each badge. */
const ROOMY_ROWS = 40;

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape that begins a colour
const COLOUR_OR_CHARACTER = /\x1b\[[\d;]*m|./gu;

/** Keys that type a command into the reader's console. */
export const CONSOLE_KEYS: Readonly<Record<string, string>> = Object.freeze({
  s: "status",
  i: "id",
  n: "net",
  l: "log",
});

/** The interactive simulator as one page of text: panel, door, keys and what happened last. */
export class LiveView {
  readonly #badges: readonly DeskBadge[];
  readonly #serverUrl: string;
  readonly #style: Style;
  readonly #log: string[] = [];
  readonly #lines: SimLines;
  #frame = "";
  #open = false;
  #atMs = 0;

  constructor(badges: readonly DeskBadge[], serverUrl: string, style: Style) {
    this.#badges = badges;
    this.#serverUrl = serverUrl;
    this.#style = style;
    this.#lines = new SimLines(style);
  }

  add(event: SimEvent): void {
    this.#atMs = event.atMs;
    if (event.type === "screen") this.#frame = event.frame;
    else {
      if (event.type === "relay") this.#open = event.energised;
      const lines = this.#lines.lines(event);
      if (lines !== undefined) this.#log.push(...lines.split("\n"));
      this.#log.splice(0, Math.max(this.#log.length - LOG_LINES, 0));
    }
  }

  /** At most `rows` lines of `columns` characters: a small terminal gets short keys and fewer lines of the log. */
  text({ columns, rows }: { readonly columns: number; readonly rows: number }): string {
    const { bold, dim, green, cyan } = this.#style;
    const roomy = rows >= ROOMY_ROWS;
    const gap = roomy ? [""] : [];
    const time = dim(`${(this.#atMs / 1000).toFixed(1)} s`);
    const door = this.#open ? green(bold("▐ OPEN ▌")) : dim("▐ shut ▌");
    const keys = Object.entries(CONSOLE_KEYS).map(([key, line]) => `${cyan(`[${key}]`)} ${line}`);
    const top = [
      `${bold("Latchkey")} ${dim("simulated reader ·")} ${this.#serverUrl} ${dim("·")} ${time}`,
      ...gap,
      ...this.#frame.split("\n"),
      ...gap,
      `  door ${door}`,
      ...gap,
      ...(roomy ? this.#badgeLines() : [this.#badgeLine()]),
      `  ${dim("console:")} ${keys.join("  ")}   ${cyan("[q]")} quit`,
      ...(roomy ? [dim("─".repeat(Math.min(columns, 72)))] : []),
    ];
    const left = Math.max(rows - top.length, 0);
    const page = [...top, ...(left === 0 ? [] : this.#log.slice(-left))].slice(0, rows);
    return page.map((line) => cutTo(line, columns)).join("\n");
  }

  #badgeLines(): string[] {
    const { bold, dim, cyan } = this.#style;
    return this.#badges.slice(0, 9).map(({ name, title }, i) => {
      return `  ${cyan(`[${i + 1}]`)} tap ${bold(name.padEnd(10))} ${dim(title)}`;
    });
  }

  #badgeLine(): string {
    const { bold, cyan } = this.#style;
    const keys = this.#badges.slice(0, 9).map(({ name }, i) => `${cyan(`${i + 1}`)} ${bold(name)}`);
    return `  tap: ${keys.join(" ")}`;
  }
}

/** A longer line would wrap and push the panel off the screen. Colours take no room. */
function cutTo(line: string, columns: number): string {
  let left = columns;
  return line.replaceAll(COLOUR_OR_CHARACTER, (part) => {
    if (part.length > 1 && part.startsWith("\x1b")) return part;
    return left-- > 0 ? part : "";
  });
}
