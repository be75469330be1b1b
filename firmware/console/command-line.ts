import { LatchkeyError } from "../../protocol/errors.ts";
import { nearest } from "../nearest.ts";

/** What each command takes beside `--json`, and what it says of itself. */
export const COMMANDS = Object.freeze({
  help: { usage: "help", about: "this list" },
  status: { usage: "status", about: "what the node is doing, and what it waits for" },
  id: { usage: "id", about: "who this node is" },
  net: { usage: "net", about: "network, server and session" },
  badge: { usage: "badge [count]", about: "the last taps: why a door did or did not open" },
  sensors: { usage: "sensors", about: "last value, age and error of each sensor" },
  log: { usage: "log [count] [level]", about: "the last log entries" },
  selftest: { usage: "selftest", about: "run the crypto against published figures, here" },
  vector: {
    usage: "vector hex | run primitive crc32",
    about: "for `latchkey selftest --vectors`: a published case, piece by piece",
  },
  "factory-reset": {
    usage: "factory-reset ABCD",
    about: "erase key, readings and configuration; ABCD: the end of chip_id",
  },
  provision: { usage: "provision", about: "take a new configuration, soon after power-on" },
  reboot: { usage: "reboot", about: "start again" },
} as const);
export type CommandName = keyof typeof COMMANDS;

const LEVELS = Object.freeze(["debug", "info", "warn", "error"] as const);
export type Level = (typeof LEVELS)[number];

export interface CommandLine {
  readonly name: CommandName;
  readonly json: boolean;
  readonly count: number;
  readonly level: Level;
  /** What was typed to confirm; empty when nothing was. */
  readonly confirmation: string;
  /** What else was typed behind `vector`. */
  readonly words: readonly string[];
}

const COUNT_FALLBACK = 10;
const COUNT_MAX = 100;
/** `run`, primitive, checksum. */
const VECTOR_WORDS_MAX = 3;

function usage(message: string): LatchkeyError {
  return new LatchkeyError("usage", { message });
}

function isCommand(word: string): word is CommandName {
  return Object.hasOwn(COMMANDS, word);
}

/**
 * A typed line to a command; `undefined` for an empty one.
 * @throws usage, with a sentence that says what would have been right
 */
export function parseCommandLine(line: string): CommandLine | undefined {
  const words = line.split(" ").filter((word) => word !== "");
  const [name, ...rest] = words;
  if (name === undefined) return undefined;
  if (!isCommand(name)) {
    const meant = nearest(name, Object.keys(COMMANDS));
    const hint = meant === undefined ? 'Type "help".' : `Did you mean "${meant}"?`;
    throw usage(`Unknown command "${name.slice(0, 20)}". ${hint}`);
  }
  let json = false;
  let count = COUNT_FALLBACK;
  let level: Level = "debug";
  let confirmation = "";
  const plain: string[] = [];
  for (const word of rest) {
    const asLevel = LEVELS.find((found) => found === word);
    const takesCount = name === "badge" || name === "log";
    if (word === "--json") json = true;
    else if (takesCount && /^[0-9]{1,6}$/.test(word)) count = Math.min(Number(word), COUNT_MAX);
    else if (name === "log" && asLevel !== undefined) level = asLevel;
    else if (name === "factory-reset" && confirmation === "") confirmation = word;
    else if (name === "vector" && plain.length < VECTOR_WORDS_MAX) plain.push(word);
    else throw usage(unexpected(name, word));
  }
  return { name, json, count, level, confirmation, words: plain };
}

function unexpected(name: CommandName, word: string): string {
  const candidates = name === "log" ? ["--json", ...LEVELS] : ["--json"];
  const meant = nearest(word, candidates);
  const hint = meant === undefined ? "" : ` Did you mean "${meant}"?`;
  const form = `${COMMANDS[name].usage} [--json]`;
  return `"${name}" does not take "${word.slice(0, 20)}".${hint} Usage: ${form}`;
}
