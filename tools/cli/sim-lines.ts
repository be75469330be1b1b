import type { SimEvent } from "../../host-sim/scenario/events.ts";
import { renderSim } from "./render-sim.ts";
import type { Style } from "./style.ts";

/** Turns the events of one simulation into lines, without those that say nothing new. */
export class SimLines {
  readonly #style: Style;
  #screen = "";
  #serial = "";

  constructor(style: Style) {
    this.#style = style;
  }

  /** One or more lines, or `undefined` when there is nothing to show yet. */
  lines(event: SimEvent): string | undefined {
    if (event.type === "serial") return this.#wholeLines(event);
    if (event.type === "screen") {
      const words = wordsOf(event.lines);
      if (words === this.#screen) return undefined;
      this.#screen = words;
    }
    return renderSim(event, this.#style);
  }

  /** A serial port gives a few bytes at a time. */
  #wholeLines(event: Extract<SimEvent, { type: "serial" }>): string | undefined {
    const text = this.#serial + event.text;
    const end = text.lastIndexOf("\n") + 1;
    this.#serial = text.slice(end);
    if (text.slice(0, end).trim() === "") return undefined;
    return renderSim({ ...event, text: text.slice(0, end) }, this.#style);
  }
}

/** A screen without its running figures: a clock that ticks is no news. */
function wordsOf(lines: readonly string[]): string {
  return lines
    .join("\n")
    .replaceAll(/[\d.:]+/g, "#")
    .replaceAll(/ +/g, " ");
}
