import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLMap,
} from "yaml";
import { LatchkeyError } from "../../protocol/errors.ts";
import { parseDurationUs } from "./duration.ts";

/** Larger files are refused before they are parsed. */
const MAX_CHARACTERS = 1_000_000;

/** A YAML mapping that is read field by field; every complaint names the line and the field. */
export class YamlReader {
  readonly #map: YAMLMap;
  readonly #lines: LineCounter;
  readonly #path: string;
  readonly #read = new Set<string>();

  constructor(map: YAMLMap, lines: LineCounter, path: string) {
    this.#map = map;
    this.#lines = lines;
    this.#path = path;
  }

  /** @throws scenario-invalid when the text is not one YAML mapping. */
  static parse(text: string): YamlReader {
    if (text.length > MAX_CHARACTERS) throw invalid("the file is too large", 1, "");
    const lines = new LineCounter();
    // The parser compares every key with every other: `checkNodes` looks for those given twice.
    const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false });
    const error = document.errors[0];
    if (error !== undefined) {
      const said = error.message.split("\n")[0]!.replace(/ at line \d+, column \d+:?$/, "");
      throw invalid(said, lines.linePos(error.pos[0]).line, "");
    }
    checkNodes(document, lines);
    if (!isMap(document.contents)) throw invalid("a scenario is a mapping of fields", 1, "");
    return new YamlReader(document.contents as YAMLMap, lines, "");
  }

  get line(): number {
    return this.#lineOf(this.#map);
  }

  keys(): string[] {
    return keysOf(this.#map);
  }

  has(field: string): boolean {
    return this.#map.has(field);
  }

  fail(field: string, message: string): never {
    throw invalid(message, this.#lineOf(this.#node(field) ?? this.#map), this.#at(field));
  }

  /** Complains about every field that nothing has asked for: a typo must not pass in silence. */
  end(): void {
    for (const key of this.keys()) {
      if (!this.#read.has(key)) this.fail(key, `unknown field \`${key}\``);
    }
  }

  string(field: string, fallback?: string): string {
    const value = this.#scalar(field);
    if (value === undefined && fallback !== undefined) return fallback;
    if (typeof value === "string") return value;
    if (typeof value === "number" || typeof value === "boolean") return String(value);
    return this.fail(field, "must be text");
  }

  oneOf<T extends string>(field: string, allowed: readonly T[], fallback?: T): T {
    const value = this.string(field, fallback);
    const found = allowed.find((candidate) => candidate === value);
    return found ?? this.fail(field, `must be one of ${allowed.join(", ")}`);
  }

  number(field: string, low: number, high: number, fallback?: number): number {
    const value = this.#scalar(field) ?? fallback;
    if (typeof value === "number" && value >= low && value <= high) return value;
    return this.fail(field, `must be a number from ${low} to ${high}`);
  }

  /** A number, true or false. */
  value(field: string): number | boolean {
    const value = this.#scalar(field);
    if (typeof value === "number" || typeof value === "boolean") return value;
    return this.fail(field, "must be a number, true or false");
  }

  durationUs(field: string, fallbackUs?: number): number {
    const value = this.#scalar(field);
    if (value === undefined && fallbackUs !== undefined) return fallbackUs;
    try {
      return parseDurationUs(value, field);
    } catch (error) {
      return this.fail(field, error instanceof Error ? error.message : "not a duration");
    }
  }

  /** The mapping under `field`; an empty one when it is absent and `optional`. */
  map(field: string, optional = false): YamlReader | undefined {
    const node = this.#node(field);
    if (node === undefined && optional) return undefined;
    if (!isMap(node)) return this.fail(field, "must be a mapping of fields");
    return new YamlReader(node as YAMLMap, this.#lines, this.#at(field));
  }

  /** The mappings of the list under `field`. */
  maps(field: string): YamlReader[] {
    const node = this.#node(field);
    if (!isSeq(node)) return this.fail(field, "must be a list");
    return node.items.map((item, n) => {
      if (!isMap(item)) return this.fail(field, `item ${n + 1} must be a mapping`);
      return new YamlReader(item as YAMLMap, this.#lines, `${this.#at(field)}[${n}]`);
    });
  }

  /** The value as plain data, for whoever checks it with a parser of its own. */
  plain(): Record<string, unknown> {
    for (const key of this.keys()) this.#read.add(key);
    return this.#map.toJSON() as Record<string, unknown>;
  }

  #node(field: string): Node | undefined {
    this.#read.add(field);
    return (this.#map.get(field, true) as Node | null | undefined) ?? undefined;
  }

  #scalar(field: string): unknown {
    const node = this.#node(field);
    if (node === undefined) return undefined;
    return isScalar(node) ? node.value : this.fail(field, "must be a single value");
  }

  #at(field: string): string {
    return this.#path === "" ? field : `${this.#path}.${field}`;
  }

  #lineOf(node: Node): number {
    return this.#lines.linePos(node.range?.[0] ?? 0).line;
  }
}

function keysOf(map: YAMLMap): string[] {
  return map.items.map(({ key }) => String(isScalar(key) ? key.value : key));
}

const isControl = (code: number): boolean => code < 0x20 || (code >= 0x7f && code < 0xa0);

/** Characters that a terminal obeys: a scenario is shown while it runs. */
function hasControl(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (isControl(text.charCodeAt(at))) return true;
  return false;
}

/**
 * What no scenario has anywhere. Aliases: a few lines of them can stand for gigabytes.
 * @throws scenario-invalid
 */
function checkNodes(document: Document, lines: LineCounter): void {
  const fail = (node: Node, message: string): never => {
    throw invalid(message, lines.linePos(node.range?.[0] ?? 0).line, "");
  };
  visit(document, {
    Alias: (_, node) => fail(node, "aliases are not taken"),
    Scalar: (_, node) => {
      if (typeof node.value === "string" && hasControl(node.value))
        fail(node, "no control characters, please");
    },
    Map: (_, map) => {
      const seen = new Set<string>();
      for (const [at, key] of keysOf(map).entries()) {
        if (seen.has(key)) fail(map.items[at]!.key as Node, "a field is there twice");
        seen.add(key);
      }
    },
  });
}

function invalid(message: string, line: number, field: string): LatchkeyError {
  const where = field === "" ? `line ${line}` : `line ${line}, ${field}`;
  const shown = Array.from(`${where}: ${message}`, (char) => (hasControl(char) ? "?" : char));
  return new LatchkeyError("scenario-invalid", {
    message: shown.join(""),
    detail: { line, field },
  });
}
