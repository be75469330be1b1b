import { byteWork } from "../../protocol/encoding/byte-work.ts";
import type { KeyLabel } from "../key-label.ts";
import type { QrCode } from "../qr-code.ts";
import type { ReaderState, Stage } from "./machine.ts";
import { denialWords, errorWords, wasMoved } from "./words.ts";

/** One picture as text: a header, a big title, up to three lines of at most 21 characters. */
export interface Screen {
  /** Top left. */
  readonly left: string;
  /** Top right: elapsed time or the time of day. */
  readonly right: string;
  readonly title: string;
  readonly lines: readonly string[];
  /** Takes the left half; text stands on the right then, 10 characters a line. */
  readonly qr?: QrCode;
}

/** What the screens show beside the state. */
export interface ScreenContext {
  readonly nowMs: number;
  readonly label: string;
  readonly version: string;
  /** Host of the server, from base_url. */
  readonly server: string;
  /** Local time of day in minutes, once the server said the time. */
  readonly minuteOfDay: number | undefined;
  /** The node's key, while it has to be compared. */
  readonly key?: KeyLabel | undefined;
  /** The request to visitors, where there are any. */
  readonly visit?: QrCode | undefined;
}

/** Characters of the small font across 128 pixels (6 per character). */
export const LINE_CHARS = 21;

const HOLD_STILL = "Hold the badge still";

type Draw = (state: ReaderState, context: ScreenContext) => Screen;

/** `412 ms`, `12.3 s`, `5 min`: short enough for the corner. */
export function elapsedText(ms: number): string {
  const whole = Math.max(0, Math.round(ms));
  if (whole < 10_000) return `${whole} ms`;
  if (whole < 100_000) return `${Math.floor(whole / 1000)}.${Math.floor((whole % 1000) / 100)} s`;
  if (whole < 600_000_000) return `${Math.floor(whole / 60_000)} min`;
  return `${Math.floor(whole / 86_400_000)} d`; // from a week on, and never wider than the rest
}

function clockText(minute: number | undefined): string {
  if (minute === undefined) return "";
  const hours = Math.floor(minute / 60);
  return `${String(hours).padStart(2, "0")}:${String(minute % 60).padStart(2, "0")}`;
}

/** Printable ASCII, which is what the font has; longer text is cut. */
export function cropped(text: string, max = LINE_CHARS): string {
  if (byteWork?.isPrintable(text) === true) return text.length > max ? text.slice(0, max) : text;
  let out = "";
  for (const char of text) {
    if (out.length === max) break;
    out += char >= " " && char <= "~" ? char : "?";
  }
  return out;
}

/** A screen of the boot: since boot in the corner, since its own begin in the last line. */
function boot(title: string, ...about: ((state: ReaderState, c: ScreenContext) => string)[]): Draw {
  return (state, context) => ({
    left: "LATCHKEY",
    right: elapsedText(context.nowMs),
    title,
    lines: [...about.map((line) => line(state, context)), sinceLine(state, context)],
  });
}

function sinceLine(state: ReaderState, { nowMs }: ScreenContext): string {
  return `+${elapsedText(nowMs - state.sinceMs)}`;
}

const version = (_: ReaderState, c: ScreenContext) => `firmware ${c.version}`;
const server = (_: ReaderState, c: ScreenContext) => c.server;
const text = (line: string) => () => line;

function registeredScreen(state: ReaderState, context: ScreenContext): Screen {
  const exists = state.registration === "exists";
  const draw = boot(exists ? "NODE EXISTS" : "REGISTERED", server);
  return draw(state, context);
}

/** Whoever approves compares the fingerprint; until the key is known, there is none to show. */
function pendingScreen(state: ReaderState, context: ScreenContext): Screen {
  const { key } = context;
  if (key !== undefined) return keyScreen("PENDING", "approve", key);
  return boot("PENDING", text("Approve this reader"), server)(state, context);
}

/** The node's key as a QR code with its fingerprint beside it. */
export function keyScreen(title: string, about: string, key: KeyLabel): Screen {
  return { left: "LATCHKEY", right: "", title, lines: [about, ...key.lines], qr: key.qr };
}

function tapScreen(title: string, lineFor: (state: ReaderState) => string): Draw {
  return (state, context) => ({
    left: cropped(context.label, 12),
    right: elapsedText(context.nowMs - (state.tap?.startedMs ?? state.sinceMs)),
    title,
    lines: ["", lineFor(state)],
  });
}

function readyScreen(_: ReaderState, context: ScreenContext): Screen {
  const { visit } = context;
  if (visit !== undefined) {
    const left = cropped(context.label, 10);
    return {
      left,
      right: "",
      title: "READY",
      lines: ["Badge here", "or visitor", "scan code"],
      qr: visit,
    };
  }
  return {
    left: cropped(context.label, 14),
    right: clockText(context.minuteOfDay),
    title: "READY",
    lines: ["", "Hold your badge here"],
  };
}

function resultScreen(state: ReaderState, context: ScreenContext): Screen {
  const { result } = state;
  if (result === undefined) return readyScreen(state, context);
  const right = elapsedText(result.endedMs - result.tap.startedMs);
  const left = cropped(context.label, 12);
  if (result.granted)
    return { left, right, title: "GRANTED", lines: ["", cropped(result.holder ?? "Welcome")] };
  if (wasMoved(result.reason))
    return { left, right, title: "TRY AGAIN", lines: ["HOLD BADGE STILL", cropped(result.reason)] };
  const words = cropped(denialWords(result.reason));
  const code = cropped(result.reason);
  return { left, right, title: "DENIED", lines: ["", words, words === code ? "" : code] };
}

function errorScreen(state: ReaderState, context: ScreenContext): Screen {
  const { fault } = state;
  if (fault === undefined) return readyScreen(state, context);
  const { title, cause, next } = errorWords(fault.code, fault.at);
  return {
    left: "DOOR SHUT",
    right: elapsedText(context.nowMs - state.sinceMs),
    title,
    lines: [cropped(cause), cropped(next), retryLine(fault.retryAtMs, context.nowMs)],
  };
}

function retryLine(retryAtMs: number | undefined, nowMs: number): string {
  if (retryAtMs === undefined || retryAtMs <= nowMs) return "trying again";
  return `again in ${Math.ceil((retryAtMs - nowMs) / 1000)} s`;
}

const SCREENS: Readonly<Record<Stage, Draw>> = Object.freeze({
  boot: boot("BOOT", version),
  network: boot("NETWORK", text("joining")),
  registering: boot("REGISTERING", server),
  registered: registeredScreen,
  pending: pendingScreen,
  challenge: boot("CHALLENGE", text("proving identity")),
  verified: boot("VERIFIED", text("server is genuine")),
  active: boot("ACTIVE", text("fetching challenge")),
  ready: readyScreen,
  reading: tapScreen("READING", () => HOLD_STILL),
  checking: tapScreen("CHECKING", ({ tap }) => (tap?.sealed ? HOLD_STILL : "Asking the server")),
  granted: resultScreen,
  denied: resultScreen,
  error: errorScreen,
});

/** What the display should show. Pure: the same state and context give the same screen. */
export function screenFor(state: ReaderState, context: ScreenContext): Screen {
  const screen = SCREENS[state.stage](state, context);
  return { ...screen, lines: screen.lines.map((line) => cropped(line)) };
}
