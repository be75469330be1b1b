import { codeOnly, lineAt, readText } from "./source.ts";

/** What the node does not have, or must not reach for past its platform object. */
const FORBIDDEN: readonly (readonly [RegExp, string])[] = [
  [/(?<![.\w$])Date\b(?!\s*\??:)/g, "time comes from Clock"],
  [/\bMath\s*\.\s*random\b/g, "chance comes from Random"],
  [/(?<![.\w$])(?:set|clear)(?:Timeout|Interval|Immediate)\b/g, "time comes from Timer"],
  [/(?<![.\w$])queueMicrotask\b/g, "absent on the device"],
  [/(?<![.\w$])Buffer\b/g, "use Uint8Array"],
  [/(?<![.\w$])process\s*\./g, "no Node on the device"],
  [/(?<![.\w$])console\s*\.\s*(?:log|warn|error|info|debug|trace)\b/g, "use Log"],
  [/(?<![.\w$])Text(?:En|De)coder\b/g, "use protocol/encoding/utf8.ts"],
  [/(?<![.\w$])structuredClone\b/g, "absent on the device"],
  [/(?<![.\w$])new\s+URL(?:SearchParams)?\b/g, "absent on the device"],
  [/(?<![.\w$])(?:fetch|atob|btoa)\s*\(/g, "absent on the device"],
  [/(?<![.\w$])performance\s*\./g, "time comes from Clock"],
  [/(?<![.\w$])Intl\s*\./g, "absent on the device"],
  [/(?<![.\w$])globalThis\b/g, "nothing reaches for a global"],
  [/(?<![.\w$])require\s*\(/g, "ESM only"],
  [/\.(?:toHex|setFromHex|toBase64|setFromBase64)\s*\(/g, "absent in XS 13: protocol/encoding/"],
  [/^(?:export )?(?:let|var)\s/gm, "state of a module cannot be preloaded into flash"],
  [
    /^(?:export )?const \w+(?:: [^=]+)? = new (?:Weak)?(?:Map|Set|\w*Array|ArrayBuffer)\b/gm,
    "state of a module cannot be preloaded into flash",
  ],
];

/** Every use of something forbidden: `file:line code: why`. */
export function offences(file: string, text = readText(file)): string[] {
  const code = codeOnly(text);
  return FORBIDDEN.flatMap(([pattern, why]) =>
    [...code.matchAll(pattern)].map(
      ({ 0: match, index }) => `${file}:${lineAt(code, index)} ${match.trim()}: ${why}`,
    ),
  );
}
