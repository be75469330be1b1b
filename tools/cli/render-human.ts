import { LatchkeyError } from "../../protocol/errors.ts";
import type { LogLine } from "../console/log-filter.ts";
import type { Context, Sink } from "./context.ts";
import type { CliEvent, Row } from "./event.ts";
import type { Renderer } from "./renderer.ts";
import { SimLines } from "./sim-lines.ts";
import { type Style, styleFor } from "./style.ts";

/** For people. Results go to the standard output, trouble to the standard error. */
export function humanRenderer({ stdout, stderr, env }: Context): Renderer {
  const style = styleFor(stdout, env);
  const trouble = styleFor(stderr, env);
  const view = new View(stdout);
  const simulated = new SimLines(style);
  return {
    event: (event) => {
      if (event.type === "serial") stdout.write(timed(event.time, event.text, style));
      else if (event.type === "view") view.show(event.text);
      else if (event.type === "progress") showProgress(stdout, event);
      else if (event.type === "warning") stderr.write(`${lineOf(event, trouble)}\n`);
      else {
        const text = event.type === "sim" ? simulated.lines(event.event) : lineOf(event, style);
        if (text !== undefined) stdout.write(`${text}\n`);
      }
    },
    error: (error, verbose) => {
      view.show(undefined);
      stderr.write(`${errorText(error, verbose, trouble)}\n`);
    },
    end: () => view.show(undefined),
  };
}

const BAR = 30;

/** One line that is written over; where that cannot be, its end only. */
function showProgress(out: Sink, event: Extract<CliEvent, { type: "progress" }>): void {
  const { text, done, of } = event;
  const filled = Math.floor((BAR * done) / of);
  const bar = `${"█".repeat(filled)}${"░".repeat(BAR - filled)}`;
  const line = `${bar} ${Math.floor((100 * done) / of)} % ${text}`;
  if (out.isTTY) out.write(`\r${line}\x1b[K${done < of ? "" : "\n"}`);
  else if (done >= of) out.write(`${line}\n`);
}

/** Paints over the alternate screen of the terminal, so that the shell's text comes back. */
class View {
  readonly #out: Sink;
  #open = false;

  constructor(out: Sink) {
    this.#out = out;
  }

  show(text: string | undefined): void {
    if (text !== undefined) {
      const start = this.#open ? "\x1b[H" : "\x1b[?1049h\x1b[?25l\x1b[H";
      this.#out.write(`${start}${text.replaceAll("\n", "\x1b[K\r\n")}\x1b[K\x1b[J`);
    } else if (this.#open) this.#out.write("\x1b[?25h\x1b[?1049l");
    this.#open = text !== undefined;
  }
}

const MARKS = { ok: "✔", warning: "!", failed: "✖", skipped: "–" } as const;

function lineOf(
  event: Exclude<CliEvent, { type: "sim" | "serial" | "view" | "progress" }>,
  style: Style,
): string {
  switch (event.type) {
    case "log":
      return timed(event.time, logText(event.line, style), style);
    case "done":
      return `${style.green("✔")} ${event.text}`;
    case "note":
      return style.dim(event.text);
    case "warning":
      return `${style.yellow("!")} ${event.text}${arrow(event.next, style)}`;
    case "check": {
      const paint = { ok: "green", warning: "yellow", failed: "red", skipped: "dim" } as const;
      const mark = style[paint[event.state]](MARKS[event.state]);
      return `${mark} ${event.name.padEnd(14)} ${event.text}${arrow(event.next, style)}`;
    }
    case "next":
      return event.command === undefined
        ? `\n${event.text}`
        : `\n${event.text}\n\n  ${style.bold(event.command)}`;
    case "secret":
      return `\n${style.bold(event.name)}, shown this once:\n\n  ${style.cyan(event.value)}\n`;
    case "item":
    case "reading":
    case "text":
      return event.text;
    case "table":
      return tableText(event.title, event.rows, style);
  }
}

/** `   12.345 s warn  nfc-fault code pn532-dead`. */
function logText({ atMs, level, event, fields }: LogLine, style: Style): string {
  const paint = { error: "red", warn: "yellow", info: "green" }[level] ?? "dim";
  const at = style.dim(`${(atMs / 1000).toFixed(3).padStart(9)} s`);
  const facts = Object.entries(fields).map(([name, value]) => `${style.dim(name)} ${value}`);
  const words = [style[paint as keyof Style](level.padEnd(5)), event, ...facts];
  return `${at} ${words.join(" ")}`;
}

const timed = (time: string | undefined, text: string, style: Style): string =>
  time === undefined ? text : `${style.dim(time)} ${text}`;

function tableText(title: string, rows: readonly Row[], style: Style): string {
  const width = Math.max(0, ...rows.map(([label]) => label.length));
  const lines = rows.map(([label, value]) => `  ${label.padEnd(width)}  ${value}`);
  return [style.bold(title), ...lines].join("\n");
}

const arrow = (next: string | undefined, style: Style): string =>
  next === undefined ? "" : `\n  ${style.dim("→")} ${next}`;

/** What happened, why, and what to type next. A stack trace only on request. */
function errorText(error: unknown, verbose: boolean, style: Style): string {
  const stack = verbose && error instanceof Error ? `\n${style.dim(String(error.stack))}` : "";
  if (!(error instanceof LatchkeyError)) {
    const why = error instanceof Error ? error.message : String(error);
    const next = verbose ? "Please report it." : "Run it again with --verbose and report it.";
    return `${style.red("✖")} Something failed that should not have: ${why}${arrow(next, style)}${stack}`;
  }
  const reason = causeOf(error);
  const code = style.dim(`[${error.code}]`);
  return `${style.red("✖")} ${error.message} ${code}${reason}${arrow(error.next, style)}${stack}`;
}

function causeOf({ cause }: LatchkeyError): string {
  return cause instanceof Error ? `\n  because: ${cause.message}` : "";
}
