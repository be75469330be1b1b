import { setTimeout as sleep } from "node:timers/promises";
import { isLatchkeyError, LatchkeyError } from "../../protocol/errors.ts";
import { fromProblem } from "../../protocol/json/problem.ts";
import { JsonReader } from "../../protocol/json/reader.ts";
import {
  parseStoredReading,
  parseStoredReadings,
  SENSOR_DATA_PATH,
  SENSOR_STREAM_PATH,
  type StoredReading,
} from "../../protocol/telemetry/stored-reading.ts";
import { patiently } from "../ask-server.ts";
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

/**
 * Until the connection ends or is silent for too long; gives whether the server said that it was
 * the last word. @throws what the server says to the request, network-failed
 */
async function* listen(
  url: string,
  token: string,
  until: AbortSignal,
): AsyncGenerator<readonly StoredReading[], boolean> {
  const silence = new AbortController();
  const alarm = setTimeout(() => silence.abort(), SILENCE_MS);
  try {
    const response = await get(url, token, AbortSignal.any([until, silence.signal]));
    const body = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    for (;;) {
      const chunk = await body.read().catch(() => undefined); // it broke, or was aborted
      if (chunk?.value === undefined) return false;
      alarm.refresh();
      const { readings, ended, rest } = takeEvents(text + chunk.value);
      text = rest;
      if (readings.length > 0) yield readings;
      if (ended) return true;
    }
  } finally {
    clearTimeout(alarm);
    silence.abort(); // also when nobody reads on
  }
}

/** What may be over when it is tried again. */
function passes(error: unknown): boolean {
  const codes = ["network-failed", "network-timeout", "unavailable", "rate-limited"] as const;
  return codes.some((code) => isLatchkeyError(error, code));
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
      const response = await patiently(() =>
        get(`${base}/${SENSOR_DATA_PATH}?${query}`, token, AbortSignal.timeout(TIMEOUT_MS)),
      );
      return parseStoredReadings(parseJson(await response.text()));
    },
    async *follow({ tenantId, nodeUid }, after, until) {
      let last = after;
      let heard = false;
      while (!until.aborted) {
        const query = new URLSearchParams({ tenant_id: tenantOf(tenantId), after: String(last) });
        if (nodeUid !== undefined) query.set("node_uid", nodeUid);
        const events = listen(`${base}/${SENSOR_STREAM_PATH}?${query}`, token, until);
        try {
          let step = await events.next();
          for (; !step.done; step = await events.next()) {
            last = step.value.at(-1)?.id ?? last;
            yield step.value;
          }
          if (step.value) throw new LatchkeyError("unauthenticated");
          heard = true;
        } catch (error) {
          // A server that was there once comes back; one that never was is worth saying.
          if (!until.aborted && !(heard && passes(error))) throw error;
        } finally {
          await events.return(false);
        }
        await sleep(RECONNECT_MS, undefined, { signal: until }).catch(() => {});
      }
    },
    async close() {},
  };
}
