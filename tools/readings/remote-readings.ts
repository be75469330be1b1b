import { setTimeout as sleep } from "node:timers/promises";
import { LatchkeyError } from "../../protocol/errors.ts";
import { fromProblem } from "../../protocol/json/problem.ts";
import { JsonReader } from "../../protocol/json/reader.ts";
import {
  parseStoredReading,
  parseStoredReadings,
  SENSOR_DATA_PATH,
  SENSOR_STREAM_PATH,
  type StoredReading,
} from "../../protocol/telemetry/stored-reading.ts";
import { readingsParameters } from "./readings-parameters.ts";
import type { ReadingsSource } from "./readings-source.ts";

const TIMEOUT_MS = 15_000;
/** The server says something every 15 s. */
const SILENCE_MS = 45_000;
const RECONNECT_MS = 3000;

async function get(url: string, token: string, signal: AbortSignal): Promise<Response> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(url, { headers, redirect: "manual", signal }).catch((error) => {
    const late = error instanceof Error && error.name === "TimeoutError";
    const cause = (error as Error).cause ?? error;
    throw new LatchkeyError(late ? "network-timeout" : "network-failed", { cause });
  });
  if (response.status !== 200) throw fromProblem(response.status, await response.text());
  return response;
}

function parseJson(text: string): JsonReader {
  try {
    return new JsonReader(JSON.parse(text));
  } catch (cause) {
    throw new LatchkeyError("not-latchkey", { cause });
  }
}

/** The readings in what came over a stream of events so far, and what is not whole yet. */
export function takeEvents(text: string): {
  readings: StoredReading[];
  ended: boolean;
  rest: string;
} {
  const blocks = text.split("\n\n");
  const rest = blocks.pop() ?? "";
  const readings: StoredReading[] = [];
  let ended = false;
  for (const block of blocks) {
    const fields = new Map(block.split("\n").map((line) => splitField(line)));
    if (fields.get("event") === "end") ended = true;
    if (fields.get("event") === "reading")
      readings.push(parseStoredReading(parseJson(fields.get("data") ?? "")));
  }
  return { readings, ended, rest };
}

function splitField(line: string): [string, string] {
  const colon = line.indexOf(":");
  return [line.slice(0, colon), line.slice(colon + 1).trimStart()];
}

/** Until the connection ends; whether the server said that it was the last word. */
async function* listen(
  url: string,
  token: string,
  until: AbortSignal,
): AsyncGenerator<readonly StoredReading[], boolean> {
  const silence = new AbortController();
  let clock = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const response = await get(url, token, AbortSignal.any([until, silence.signal]));
    let text = "";
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      clearTimeout(clock);
      clock = setTimeout(() => silence.abort(), SILENCE_MS);
      const { readings, ended, rest } = takeEvents(text + chunk);
      text = rest;
      if (readings.length > 0) yield readings;
      if (ended) return true;
    }
  } catch (error) {
    // What the server refuses is final; a connection that broke is begun again.
    if (error instanceof LatchkeyError && error.code !== "network-failed") throw error;
    if (error instanceof LatchkeyError && !until.aborted && !silence.signal.aborted) throw error;
  } finally {
    clearTimeout(clock);
  }
  return false;
}

/** A server elsewhere, asked with an operator's token. */
export function remoteReadings(url: string, token: string): ReadingsSource {
  const base = url.replace(/\/+$/, "");
  const tenantOf = (named: string | undefined): string => {
    if (named !== undefined) return named;
    throw new LatchkeyError("usage", { message: "--tenant is needed with --url" });
  };
  return {
    async page(wish, limit, cursor) {
      const query = readingsParameters(
        { ...wish, tenantId: tenantOf(wish.tenantId) },
        limit,
        cursor,
      );
      const signal = AbortSignal.timeout(TIMEOUT_MS);
      const response = await get(`${base}/${SENSOR_DATA_PATH}?${query}`, token, signal);
      return parseStoredReadings(parseJson(await response.text()));
    },
    async *follow({ tenantId, nodeUid }, after, until) {
      let last = after;
      while (!until.aborted) {
        const query = new URLSearchParams({ tenant_id: tenantOf(tenantId), after: String(last) });
        if (nodeUid !== undefined) query.set("node_uid", nodeUid);
        const events = listen(`${base}/${SENSOR_STREAM_PATH}?${query}`, token, until);
        let step = await events.next();
        for (; !step.done; step = await events.next()) {
          last = step.value.at(-1)?.id ?? last;
          yield step.value;
        }
        if (step.value) throw new LatchkeyError("unauthenticated");
        await sleep(RECONNECT_MS, undefined, { signal: until }).catch(() => {});
      }
    },
    async close() {},
  };
}
