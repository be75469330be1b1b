/**
 * What makes a bundled module small as bytecode in flash. A slot of the engine is 16 bytes: every
 * name of a module is one, every use of it in a function another, and a function that could be
 * called with `new` costs three more for a prototype that nobody asks for. The text is that of
 * esbuild, unminified: one statement a line at the left edge.
 */

const CONSTANT = /^(?:const|var) ([\w$]+) = ([^\n]*);\n/gm;
const NUMBER_OR_TEXT = /^(?:-?[\d.][\w.]*|true|false|"(?:[^"\\]|\\.)*")$/;
const ARITHMETIC = /^[\w$\s+*/().<>|&~-]+$/;
const HEADER = /^function ([\w$]+)(\(.*\)) \{\n/gm;

/**
 * esbuild makes `var` of every `const` of a module. A variable of a preloaded module costs RAM,
 * because it could be assigned to; ours never are (a test of the house sees to it).
 */
export function constantDeclarations(text: string): string {
  return text.replaceAll(/^var (?=[\w$]+ = )/gm, "const ");
}

/**
 * Numbers and short texts to the beginning, with what is computed of them: esbuild puts the value
 * of a constant in its places only where nothing but constants stands before it.
 */
export function literalsFirst(text: string): string {
  const known = new Set<string>();
  const first: string[] = [];
  const rest = text.replaceAll(CONSTANT, (line, name: string, value: string) => {
    if (!isLiteral(value, known)) return line;
    known.add(name);
    first.push(`const ${name} = ${value};\n`);
    return "";
  });
  return first.join("") + rest;
}

function isLiteral(value: string, known: ReadonlySet<string>): boolean {
  if (NUMBER_OR_TEXT.test(value)) return true;
  if (!ARITHMETIC.test(value) || /[\w$]\s*\(/.test(value)) return false;
  const names = value.match(/(?<![\w$.])[A-Za-z_$][\w$.]*/g) ?? [];
  return names.every((name) => known.has(name));
}

/**
 * Functions of the module as arrow functions, which have no prototype, and first of all, where
 * every other statement finds them. What cannot be one stays as it is.
 */
export function functionsAsConstants(text: string): string {
  const first: string[] = [];
  const parts: string[] = [];
  let end = 0;
  for (const { index, 0: header, 1: name = "", 2: parameters = "" } of text.matchAll(HEADER)) {
    const close = text.indexOf("\n}\n", index + header.length - 1);
    if (index < end || close < 0) continue;
    const body = text.slice(index + header.length, close + 1);
    if (!mayBeArrow(text, name, body)) continue;
    first.push(`const ${name} = ${parameters} => {\n${body}};\n`);
    parts.push(text.slice(end, index));
    end = close + 3;
  }
  return first.join("") + parts.join("") + text.slice(end);
}

function mayBeArrow(text: string, name: string, body: string): boolean {
  if (/\b(?:this|arguments|super|new\.target)\b/.test(body)) return false;
  const called = name.replaceAll("$", "\\$");
  if (new RegExp(`\\b(?:new|extends|instanceof) ${called}(?![\\w$])`).test(text)) return false;
  // A text over several lines may hold a brace at the left edge: then the end is not known.
  return body.split("\n").every((line) => (line.match(/`/g)?.length ?? 0) % 2 === 0);
}
