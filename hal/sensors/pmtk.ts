import type { Sentence } from "./nmea/sentence.ts";

/**
 * PMTK, MediaTek's own sentences (Quectel L76 Series GNSS Protocol Specification V3.3).
 * Each function gives the text between `$` and `*`.
 */

/** PMTK220: a position every `periodMs`, 100-10000. */
export function pmtkFixInterval(periodMs: number): string {
  return `PMTK220,${periodMs}`;
}

/** The places of PMTK314: GLL, RMC, VTG, GGA, GSA, GSV, 11 reserved, ZDA, MCHN. */
const PLACES = Object.freeze(["GLL", "RMC", "VTG", "GGA", "GSA", "GSV"]);
const PLACES_COUNT = 19;

/** PMTK314: these sentences with every position, no others. */
export function pmtkSentences(wanted: readonly string[]): string {
  let text = "PMTK314";
  for (let i = 0; i < PLACES_COUNT; i++) text += wanted.includes(PLACES[i] ?? "") ? ",1" : ",0";
  return text;
}

/** Flags of PMTK001. */
const FLAGS: Readonly<Record<string, PmtkVerdict>> = Object.freeze({
  "0": "invalid",
  "1": "unsupported",
  "2": "failed",
  "3": "done",
});
export type PmtkVerdict = "invalid" | "unsupported" | "failed" | "done";

/** What PMTK001 says about a command; `undefined`: the sentence is not about it. */
export function pmtkVerdict(answer: Sentence, asked: string): PmtkVerdict | undefined {
  if (answer.type !== "PMTK001") return undefined;
  const [command = "", flag = ""] = answer.fields;
  return asked.startsWith(`PMTK${command},`) ? FLAGS[flag] : undefined;
}
