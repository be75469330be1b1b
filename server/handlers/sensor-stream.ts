import { toHex } from "../../protocol/encoding/hex.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import { JsonReader } from "../../protocol/json/reader.ts";
import { writeStoredReading } from "../../protocol/telemetry/stored-reading.ts";
import { bearerToken } from "../bearer.ts";
import type { ServiceContext, ServiceRequest, ServiceResponse } from "../context.ts";
import { tokenHash } from "../issued-token.ts";
import { requireTenant } from "../operator-auth.ts";
import { integerParameter, urlParameters } from "../readings-query.ts";
import { streamResponse } from "../response.ts";
import { roleMay } from "../roles.ts";
import type { Operator } from "../store/operators.ts";
import type { ReadingRow } from "../store/readings.ts";
import { requireNode } from "./sensor-data.ts";

/** How long a browser waits before it connects again. */
const RECONNECT_MS = 3000;
/** Proxies cut what is silent for a minute; half of that twice over. */
const HEARTBEAT_MS = 15_000;

/** Where a listener left off: the header that a browser sends by itself, or a parameter. */
function leftOffAt({ headers }: ServiceRequest, parameters: JsonReader): number | undefined {
  const header = headers["last-event-id"];
  const [said, name] = header ? [new JsonReader({ header }), "header"] : [parameters, "after"];
  return said.optional(name, () => integerParameter(said, name, Number.MAX_SAFE_INTEGER));
}

function eventOf(row: ReadingRow): string {
  return `id: ${row.id}\nevent: reading\ndata: ${JSON.stringify(writeStoredReading(row))}\n\n`;
}

/** Whether the operator is still there, still of that tenant, and still may. */
async function mayListen(
  context: ServiceContext,
  hash: Uint8Array,
  tenantId: string,
): Promise<boolean> {
  const operator = await context.records.operator(hash);
  if (operator === undefined || !roleMay(operator.role, "read-readings")) return false;
  return operator.tenantId === undefined || operator.tenantId === tenantId;
}

interface Listening {
  readonly hash: Uint8Array;
  readonly tenantId: string;
  readonly pages: AsyncIterableIterator<readonly ReadingRow[]>;
  readonly release: () => void;
}

/** Looks at the token again before each page: nobody hears on after the door was shut. */
async function* events(
  context: ServiceContext,
  { hash, tenantId, pages }: Listening,
): AsyncGenerator<string, undefined> {
  yield `retry: ${RECONNECT_MS}\n\n`;
  for await (const rows of pages) {
    if (!(await mayListen(context, hash, tenantId))) {
      yield 'event: end\ndata: {"code":"unauthenticated"}\n\n';
      return;
    }
    yield rows.length === 0 ? ": nothing new\n\n" : rows.map(eventOf).join("");
  }
}

/** Ends with the first of: the listener goes, the operator is removed, the service closes. */
function stream(context: ServiceContext, listening: Listening): AsyncIterableIterator<string> {
  const { pages, release } = listening;
  const written = events(context, listening);
  return {
    async next() {
      try {
        const step = await written.next();
        if (step.done) release();
        return step;
      } catch (error) {
        release();
        // The listener connects again and hears from the request what is wrong.
        if (!isLatchkeyError(error)) throw error;
        return { done: true, value: undefined };
      }
    },
    async return() {
      release();
      await pages.return?.();
      return await written.return(undefined);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

/**
 * identity_iot/ii_sensor_stream: readings as they come in, as server-sent events (WHATWG HTML
 * §9.2). An event's id is the reading's, so that a listener that was cut off goes on behind it.
 */
export async function streamSensorData(
  context: ServiceContext,
  operator: Operator,
  query: URLSearchParams,
  request: ServiceRequest,
): Promise<ServiceResponse> {
  const { records, feed, limits } = context;
  const parameters = urlParameters(query, ["tenant_id", "node_uid", "after"]);
  const said = leftOffAt(request, parameters);
  const tenantId = parameters.uuid("tenant_id");
  const nodeUid = parameters.optionalUuid("node_uid");
  await requireTenant(context, operator, tenantId);
  await requireNode(context, tenantId, nodeUid);
  // A number that was never given is from another database: it goes on from now.
  const lastId = await records.lastReadingId();
  const after = said === undefined || said > lastId ? lastId : said;
  const of = { tenantId, ...(nodeUid !== undefined && { nodeUid }) };
  const hash = tokenHash(context, bearerToken(request));
  const release = feed.claim(toHex(hash), limits);
  const pages = feed.follow({ after, of, pollMs: HEARTBEAT_MS });
  return streamResponse(stream(context, { hash, tenantId, pages, release }));
}
