import type { SimEvent } from "../../host-sim/scenario/events.ts";
import type { DeskBadge } from "../simulator.ts";
import { SimLines } from "./sim-lines.ts";
import type { Style } from "./style.ts";

const LOG_LINES = 8;

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
      this.#log.splice(0, this.#log.length - LOG_LINES);
    }
  }

  text(columns: number): string {
    const { bold, dim, green, cyan } = this.#style;
    const door = this.#open ? green(bold("▐ OPEN ▌")) : dim("▐ shut ▌");
    const badges = this.#badges.slice(0, 9).map(({ name, title }, i) => {
      const key = cyan(`[${i + 1}]`);
      return `  ${key} tap ${bold(name.padEnd(14))} ${dim(title)}`;
    });
    const keys = Object.entries(CONSOLE_KEYS).map(([key, line]) => `${cyan(`[${key}]`)} ${line}`);
    const rule = dim("─".repeat(Math.min(columns, 72)));
    const time = dim(`${(this.#atMs / 1000).toFixed(1)} s`);
    return [
      `${bold("Latchkey")} ${dim("simulated reader ·")} ${this.#serverUrl} ${dim("·")} ${time}`,
      "",
      this.#frame,
      "",
      `  door ${door}`,
      "",
      ...badges,
      `  ${dim("console:")} ${keys.join("  ")}   ${cyan("[q]")} quit`,
      rule,
      ...this.#log,
    ].join("\n");
  }
}
