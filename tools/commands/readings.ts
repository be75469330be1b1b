import { QUANTITIES } from "../../protocol/telemetry/ranges.ts";
import { type StoredReading, writeStoredReading } from "../../protocol/telemetry/stored-reading.ts";
import { writeUpdatedAt } from "../../protocol/telemetry/updated-at.ts";
import { readingsCsv } from "../../server/readings-csv.ts";
import { usageError } from "../cli/arguments.ts";
import type { Arguments, Command } from "../cli/command.ts";
import type { Context } from "../cli/context.ts";
import type { CliEvent } from "../cli/event.ts";
import { EXIT } from "../cli/exit-codes.ts";
import { resolvePath, SERVER_FOLDER } from "../reader-file.ts";
import {
  newestReadings,
  type ReadingsSource,
  type ReadingsWish,
} from "../readings/readings-source.ts";

const COUNT = 20;
const COUNT_MAX = 100_000;
const PAGE = 1000;

const UNITS: Readonly<Record<string, string>> = Object.freeze({
  ...{ temperature: "°C", humidity: "%", pressure: "hPa", altitude: "m", lat: "°", lon: "°" },
  ...{ voltage: "V", current: "A", power: "W" },
});

export const readings: Command = {
  name: "readings",
  summary: "shows what nodes have reported",
  maxOperands: 0,
  options: [
    { name: "node", value: "uuid", help: "of one node only" },
    { name: "from", value: "time", help: "'2026-06-09 11:42:07' (UTC) or Unix seconds" },
    { name: "to", value: "time", help: "the same" },
    { name: "field", value: "name", help: "only where it was measured: temperature, badge_uid …" },
    { name: "count", short: "n", value: "number", help: `the newest so many; ${COUNT} by default` },
    { name: "csv", help: "as CSV (RFC 4180)" },
    { name: "follow", short: "f", help: "and then as they come in" },
    { name: "url", value: "url", help: "a server elsewhere; token in $LATCHKEY_TOKEN" },
    { name: "tenant", value: "uuid", help: "the server's first by default; needed with --url" },
    { name: "data", value: "folder", help: `without --url: server data; ${SERVER_FOLDER}` },
  ],
  examples: [
    ["latchkey readings", "the newest, of all nodes"],
    ["latchkey readings --field temperature --count 1000 --csv > t.csv", "for a spreadsheet"],
    ["latchkey readings --follow", "until Ctrl-C"],
  ],
  async *run(context, args) {
    const wish = wishOf(args);
    const csv = args.flag("csv");
    if (csv && args.flag("json")) throw usageError("--csv or --json, not both", "csv");
    const count = args.number("count", 1, COUNT_MAX) ?? COUNT;
    const source = await sourceOf(context, args);
    try {
      const found = await newestReadings(source, wish, count, PAGE);
      if (csv) yield { type: "text", text: readingsCsv(found).trimEnd() };
      else yield* found.map(eventOf);
      if (found.length === 0 && !csv) yield { type: "note", text: "Nothing was reported yet." };
      if (!args.flag("follow")) return EXIT.ok;
      const after = Math.max(0, ...found.map(({ id }) => id));
      for await (const page of source.follow(wish, after, context.interrupted))
        yield* page.map(eventOf);
      return EXIT.ok;
    } finally {
      await source.close();
    }
  },
};

function wishOf(args: Arguments): ReadingsWish {
  if (args.flag("follow"))
    for (const name of ["from", "to", "field", "csv"])
      if (args.flag(name)) throw usageError(`--follow goes without --${name}`, name);
  const named = { nodeUid: "node", from: "from", to: "to", field: "field", tenantId: "tenant" };
  const given = Object.entries(named).map(([name, option]) => [name, args.text(option)] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== undefined));
}

async function sourceOf(context: Context, args: Arguments): Promise<ReadingsSource> {
  const url = args.text("url");
  if (url === undefined) {
    const dataFolder = resolvePath(context, args.text("data") ?? SERVER_FOLDER);
    return await context.openReadings({ dataFolder });
  }
  const token = context.env["LATCHKEY_TOKEN"];
  if (token === undefined || token === "")
    throw usageError("--url needs an operator's token in the environment: LATCHKEY_TOKEN");
  return await context.openReadings({ url, token });
}

function eventOf(stored: StoredReading): CliEvent {
  return { type: "reading", text: lineOf(stored), reading: writeStoredReading(stored) };
}

/** `2026-06-09 11:42:07 6f1c2d3e temperature 24.3 °C  humidity 58.1 %` */
function lineOf({ at, timeKnown, nodeUid, reading, refused }: StoredReading): string {
  const { fields, named = {}, faults = [], reason, lost } = reading;
  const numbers = [
    ...QUANTITIES.map((name) => [name, fields[name]] as const),
    ...Object.entries(named),
  ];
  const parts = [
    ...numbers
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => quantity(name, value!)),
    ...(fields.motion === undefined ? [] : [fields.motion ? "motion" : "no motion"]),
    ...(fields.badge_uid === undefined ? [] : [`badge ${fields.badge_uid}`]),
    ...(fields.granted === undefined ? [] : [fields.granted ? "granted" : "denied"]),
    ...(reason === undefined ? [] : [reason]),
    ...faults.map(({ sensor, code, count }) => `${sensor}: ${code} ×${count}`),
    ...(lost === undefined ? [] : [`${lost.count} ${lost.eventClass} events lost`]),
    ...(refused === undefined ? [] : [`refused: ${refused.code} (${refused.field})`]),
  ];
  const time = `${writeUpdatedAt(at)}${timeKnown ? " " : "~"}`;
  return `${time} ${nodeUid.slice(0, 8)}  ${parts.join("  ")}`;
}

function quantity(name: string, value: number): string {
  const unit = UNITS[name.slice(name.lastIndexOf(".") + 1)];
  return `${name} ${value}${unit === undefined ? "" : ` ${unit}`}`;
}
