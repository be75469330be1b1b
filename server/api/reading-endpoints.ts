import { POST_PATH } from "../../protocol/node/endpoints.ts";
import { QUANTITIES } from "../../protocol/telemetry/ranges.ts";
import { FAULTS_MAX, NAMED_MAX } from "../../protocol/telemetry/reading-fields.ts";
import {
  READINGS_MAX,
  RECORD_SENSOR_DATA,
  SEQUENCE_MAX,
} from "../../protocol/telemetry/sensor-data.ts";
import {
  SENSOR_DATA_PATH,
  SENSOR_STREAM_PATH,
  STORED_READINGS_MAX,
} from "../../protocol/telemetry/stored-reading.ts";
import { acceptPost } from "../handlers/post.ts";
import { querySensorData } from "../handlers/sensor-data.ts";
import { streamSensorData } from "../handlers/sensor-stream.ts";
import { READING_FIELDS } from "../readings-query.ts";
import { type Endpoint, JSON_TYPE } from "./endpoint.ts";
import {
  anyObject,
  boolean,
  bytes,
  type Field,
  list,
  matching,
  number,
  oneOf,
  optional,
  text,
  uint,
  uuid,
  word,
} from "./field.ts";
import { either, form, object, type Shape } from "./form.ts";
import { time } from "./node-endpoints.ts";

const NAMED = "^[a-z0-9][a-z0-9_-]{0,31}\\.[a-z][a-z0-9_]{0,15}$";

const named: Field<unknown> = {
  schema: {
    type: "object",
    maxProperties: NAMED_MAX,
    propertyNames: { pattern: NAMED },
    additionalProperties: number.schema,
  },
  read: (from, name) => from.object(name).value,
};

/** Of one moment. */
const READING = {
  ...Object.fromEntries(QUANTITIES.map((name) => [name, optional(number)])),
  motion: optional(boolean),
  badge_uid: optional(matching("^([0-9a-f]{8}|[0-9a-f]{14}|[0-9a-f]{20})$", "not a chip's UID")),
  granted: optional(boolean),
  reason: optional(word(40)),
  named: optional(named),
  sensor_errors: optional(
    list(
      object(
        form({
          sensor: matching("^[a-z0-9][a-z0-9_-]{0,31}$", "not a sensor's name"),
          code: word(40),
          count: uint(SEQUENCE_MAX),
        }),
      ),
      FAULTS_MAX,
    ),
  ),
  lost: optional(
    object(
      form({
        count: uint(SEQUENCE_MAX, 1),
        first: uint(SEQUENCE_MAX),
        last: uint(SEQUENCE_MAX),
        class: oneOf(["access", "telemetry"]),
      }),
    ),
  ),
  updated_at: optional(text()),
};
const seq = uint(SEQUENCE_MAX);
const head = {
  request: oneOf([RECORD_SENSOR_DATA]),
  node_uid: uuid,
  tenant_id: uuid,
  node_type: word(32),
};
const log_id = bytes(8);

const STORED = form({
  id: uint(),
  node_uid: uuid,
  kind: oneOf(["telemetry", "access", "lost"]),
  at: time,
  time_known: boolean,
  received_at: time,
  ...READING,
  seq,
  log_id: optional(log_id),
  refused: optional(object(form({ code: word(40), field: text(64), reading: anyObject }))),
});

const TEXT: Shape = { schema: { type: "string" } };

/** What nodes measure: in by their sessions, out to operators. */
export const READING_ENDPOINTS: readonly Endpoint[] = [
  {
    by: "node",
    path: POST_PATH,
    chapter: "readings",
    summary: "Takes readings: one, or up to 128 of the node's log.",
    request: either(
      form({ ...head, log_id, readings: list(object(form({ ...READING, seq })), READINGS_MAX, 1) }),
      form({ ...head, ...READING, seq: optional(seq), log_id: optional(log_id) }),
    ),
    answer: form({
      status: oneOf(["ok"]),
      server_time: time,
      recorded: uint(READINGS_MAX),
      duplicates: uint(READINGS_MAX),
      refused: list(object(form({ seq, code: word(40) })), READINGS_MAX),
    }),
    codes: ["tenant-mismatch", "forbidden-role"],
    handle: acceptPost,
  },
  {
    by: "query",
    may: "read-readings",
    path: SENSOR_DATA_PATH,
    chapter: "readings",
    summary: "Readings by node and time, page by page.",
    query: form({
      tenant_id: uuid,
      node_uid: optional(uuid),
      from: optional(text(32)),
      to: optional(text(32)),
      field: optional(oneOf(READING_FIELDS)),
      order: optional(oneOf(["asc", "desc"])),
      limit: optional(uint(STORED_READINGS_MAX, 1)),
      format: optional(oneOf(["json", "csv"])),
      cursor: optional(text(64)),
    }),
    answer: form({
      readings: list(object(STORED), STORED_READINGS_MAX),
      cursor: optional(text(64)),
    }),
    answerTypes: [JSON_TYPE, "text/csv"],
    codes: ["node-unknown"],
    handle: querySensorData,
  },
  {
    by: "query",
    may: "read-readings",
    path: SENSOR_STREAM_PATH,
    chapter: "readings",
    summary: "Readings as they come in, as server-sent events.",
    query: form({
      tenant_id: uuid,
      node_uid: optional(uuid),
      after: optional(uint()),
    }),
    answer: TEXT,
    answerTypes: ["text/event-stream"],
    codes: ["node-unknown"],
    handle: streamSensorData,
  },
];
