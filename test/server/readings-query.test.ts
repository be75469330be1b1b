import assert from "node:assert/strict";
import fc from "fast-check";
import { JsonReader } from "../../protocol/json/reader.ts";
import {
  parseStoredReadings,
  SENSOR_DATA_PATH,
  SENSOR_STREAM_PATH,
  type StoredReading,
  writeStoredReadings,
} from "../../protocol/telemetry/stored-reading.ts";
import type { ServiceResponse } from "../../server/context.ts";
import { CSV_COLUMNS, readingsCsv } from "../../server/readings-csv.ts";
import { codeOf, Desk, type TestNode, warm } from "./desk.ts";

const HOUR = 3600;

/** RFC 4180, as strictly as it stands there. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  while (cell.lastIndex < text.length) {
    const found = cell.exec(text);
    assert.ok(found, "not RFC 4180");
    rows.at(-1)!.push(found[1]?.replaceAll('""', '"') ?? found[2]!);
    if (found[3] === "\r\n" && cell.lastIndex < text.length) rows.push([]);
  }
  return rows;
}

describe("service: asking for readings", () => {
  let desk: Desk;
  let node: TestNode;
  let token: string;
  let tenantId: string;
  let startAt: number;

  beforeEach(async () => {
    desk = new Desk();
    const tenant = await desk.tenant();
    tenantId = tenant.tenantId;
    node = await desk.node(tenant).boot();
    token = await desk.service.admin.createOperator({ name: "m", role: "manager", tenantId });
    startAt = Math.floor(desk.nowMs / 1000);
  });
  afterEach(() => desk.close());

  const get = (
    query: Record<string, string> | string,
    { as = token, accept = "" }: { as?: string; accept?: string } = {},
  ): Promise<ServiceResponse> => {
    const text = typeof query === "string" ? query : new URLSearchParams(query).toString();
    return desk.service.handle({
      method: "GET",
      path: `/${SENSOR_DATA_PATH}?${text}`,
      headers: { authorization: `Bearer ${as}`, accept },
      body: "",
    });
  };
  const page = async (query: Record<string, string>) => {
    const response = await get({ tenant_id: tenantId, ...query });
    assert.equal(response.status, 200, response.body);
    return parseStoredReadings(new JsonReader(JSON.parse(response.body)));
  };
  const temperatures = (readings: readonly StoredReading[]) =>
    readings.map(({ reading }) => reading.fields.temperature);
  /** One each hour, the newest an hour ago; value and number count up with time. */
  const report = async (count: number, by = node, first = 1) => {
    const readings = Array.from({ length: count }, (_, n) => ({
      ...warm(first + n, n),
      updatedAt: startAt - (count - n) * HOUR,
    }));
    await by.report(readings);
  };

  it("gives them by time, of one node or of all, between two times, either way round", async () => {
    const other = await desk.node(node.provisioning, { name: "other" }).boot();
    await report(4);
    await report(2, other);
    const { nodeUid } = node;
    assert.deepEqual(temperatures((await page({})).readings), [0, 1, 2, 0, 3, 1]);
    assert.deepEqual(temperatures((await page({ node_uid: nodeUid })).readings), [0, 1, 2, 3]);
    const back = await page({ node_uid: nodeUid, order: "desc", limit: "2" });
    assert.deepEqual(temperatures(back.readings), [3, 2]);
    const times = { from: String(startAt - 3 * HOUR), to: "2026-03-01 10:00:00" };
    assert.deepEqual(temperatures((await page({ node_uid: nodeUid, ...times })).readings), [1, 2]);
  });

  it("gives what was measured of one quantity, if that is asked for", async () => {
    await node.report([
      warm(1),
      { seq: 2, fields: { humidity: 50 } },
      { seq: 3, fields: {}, named: { "a.temperature": 1 } },
      { seq: 4, fields: { temperature: 900 } },
    ]);
    const numbers = async (field: string) =>
      (await page({ field })).readings.map(({ reading }) => reading.seq);
    assert.deepEqual(await numbers("temperature"), [1]);
    assert.deepEqual(await numbers("humidity"), [2]);
    assert.deepEqual(await numbers("named"), [3]);
    assert.deepEqual(await numbers("badge_uid"), []);
  });

  it("shows faults, losses and what was refused", async () => {
    const fault = { sensor: "dht", code: "sensor-checksum", count: 2 };
    const lost = { count: 1, first: 1, last: 1, eventClass: "telemetry" } as const;
    await node.report([
      { seq: 2, fields: {}, faults: [fault] },
      { seq: 3, fields: {}, lost },
      { seq: 4, fields: { temperature: 900 } },
    ]);
    const [first, second, third] = (await page({})).readings;
    assert.deepEqual(first?.reading.faults, [fault]);
    assert.deepEqual(second?.reading.lost, lost);
    const refused = { code: "sensor-out-of-range", field: "temperature" };
    assert.deepEqual(third?.refused, { ...refused, said: { temperature: 900 } });
    assert.deepEqual(third?.reading, { seq: 4, fields: {} });
  });

  for (const order of ["asc", "desc"])
    it(`skips none and gives none twice while more comes in between the pages (${order})`, async () => {
      await report(25);
      const seen: number[] = [];
      let cursor: string | undefined;
      let more = 100;
      do {
        const next = await page({ order, limit: "7", ...(cursor && { cursor }) });
        seen.push(...next.readings.map(({ reading }) => reading.seq));
        cursor = next.cursor;
        // Late ones, older and newer than where the page ended, and of one second with it.
        const middle = next.readings.at(-1)!.at;
        for (const at of [startAt - 40 * HOUR, middle, startAt])
          await node.report([{ ...warm(more++), updatedAt: at }]);
      } while (cursor !== undefined);
      const whole = Array.from({ length: 25 }, (_, n) => n + 1);
      assert.deepEqual(seen, order === "asc" ? whole : whole.reverse());
      assert.equal((await page({ limit: "1000" })).readings.length, 25 + (more - 100));
    });

  it("ends a page where many have one time", async () => {
    const readings = Array.from({ length: 20 }, (_, n) => ({ ...warm(n), updatedAt: startAt }));
    await node.report(readings);
    const first = await page({ limit: "10" });
    const second = await page({ limit: "10", cursor: first.cursor! });
    assert.equal(second.cursor, undefined);
    const seen = [...first.readings, ...second.readings].map(({ reading }) => reading.seq);
    assert.deepEqual(seen, Array.from(readings.keys()));
  });

  describe("lets nobody see", () => {
    it("another tenant's, whichever parameter says so", async () => {
      const other = await desk.node(await desk.tenant({ name: "b" })).boot();
      await other.report([warm(1, 77)]);
      const theirs = other.provisioning.tenantId;
      const ours = { tenant_id: tenantId };
      const asks: [Record<string, string> | string, string][] = [
        [{ tenant_id: theirs }, "tenant-mismatch"],
        [{ tenant_id: theirs, node_uid: other.nodeUid }, "tenant-mismatch"],
        [{ ...ours, node_uid: other.nodeUid }, "node-unknown"],
        [{ ...ours, node_uid: "00000000-0000-4000-8000-000000000000" }, "node-unknown"],
        [`tenant_id=${tenantId}&tenant_id=${theirs}`, "malformed"],
        [`tenant_id=${theirs}&tenant_id=${tenantId}`, "malformed"],
        [`tenant_id[]=${theirs}&tenant_id=${tenantId}`, "malformed"],
        [`tenant_id=${tenantId}%00`, "malformed"],
        ["", "malformed"],
      ];
      for (const [query, code] of asks) assert.equal(codeOf(await get(query)), code);
      // A cursor names a place, not whose it is.
      const response = await get({ ...ours, cursor: "999.0.0" });
      assert.deepEqual(JSON.parse(response.body), { readings: [] });
    });

    it("anything without an operator's token", async () => {
      const nodeToken = await node.identity.authenticate();
      for (const as of ["", "lka_wrong", nodeToken])
        for (const path of [SENSOR_DATA_PATH, SENSOR_STREAM_PATH]) {
          const headers = as === "" ? {} : { authorization: `Bearer ${as}` };
          const asked = { method: "GET", path: `${path}?tenant_id=${tenantId}`, headers, body: "" };
          assert.equal(codeOf(await desk.service.handle(asked)), "unauthenticated");
        }
      const posted = await desk.post(SENSOR_DATA_PATH, {}, { authorization: `Bearer ${token}` });
      assert.equal(codeOf(posted), "not-found");
    });
  });

  for (const query of [
    ...["field=temperature; DROP TABLE readings", "field=id", "field=tenant_id", "field=__proto__"],
    ...["order=asc, (SELECT 1)", "order=ASC", "limit=0", "limit=1001", "limit=-1", "limit=1e3"],
    ...["limit= 1", "from=2026-02-30 00:00:00", "from=-1", "from=1.5", "from=99999999999999999"],
    ...["from=5&to=4", "cursor=1.2", "cursor=1.2.3.4", "cursor=a.b.c", "cursor='--", "format=xml"],
    ...["node_uid=%27 OR 1=1", "node_uid=*", "limits=5", "tenant=x"],
  ])
    it(`takes no ${query}`, async () => {
      assert.equal(codeOf(await get(`tenant_id=${tenantId}&${query}`)), "malformed");
    });

  it("answers any query whatever with a page or a problem", async () => {
    await report(3);
    const value = fc.oneof(fc.string({ unit: "binary", maxLength: 40 }), fc.nat().map(String));
    const name = fc.constantFrom("node_uid", "from", "to", "field", "order", "limit", "cursor");
    await fc.assert(
      fc.asyncProperty(fc.dictionary(name, value), async (query) => {
        const code = codeOf(await get({ tenant_id: tenantId, ...query }));
        assert.ok(["ok", "malformed", "node-unknown"].includes(code), code);
      }),
      { numRuns: 200 },
    );
  });

  describe("as CSV", () => {
    it("gives the same rows, with a header and the next page's cursor beside", async () => {
      await report(3);
      const whole = { tenant_id: tenantId, limit: "2" };
      for (const response of [
        await get({ ...whole, format: "csv" }),
        await get(whole, { accept: "text/csv" }),
        await get(whole, { accept: "text/csv;q=1, application/json;q=0.5" }),
      ]) {
        assert.match(response.headers["content-type"]!, /^text\/csv/);
        const [header, ...lines] = parseCsv(response.body);
        assert.deepEqual(header, CSV_COLUMNS);
        const column = (name: string) => lines.map((line) => line[CSV_COLUMNS.indexOf(name)]);
        assert.deepEqual(column("temperature"), ["0", "1"]);
        assert.deepEqual(column("updated_at"), ["2026-03-01 09:00:00", "2026-03-01 10:00:00"]);
        assert.deepEqual(column("humidity"), ["", ""]);
        const cursor = response.headers["x-next-cursor"]!;
        const rest = parseCsv((await get({ ...whole, format: "csv", cursor })).body);
        assert.equal(rest.length, 2);
        assert.equal(rest[1]![CSV_COLUMNS.indexOf("temperature")], "2");
      }
      const json = await get({ ...whole, format: "json" }, { accept: "text/csv" });
      assert.equal(json.headers["content-type"], "application/json");
    });

    it("runs no formula of a node's on whoever opens it, and leaves numbers alone", async () => {
      await node.report([{ seq: 1, fields: { temperature: -5.5 }, reason: "-1-cmd" }]);
      const [header, line] = parseCsv((await get({ tenant_id: tenantId, format: "csv" })).body);
      const cell = (name: string) => line![header!.indexOf(name)];
      assert.deepEqual([cell("temperature"), cell("reason")], ["-5.5", "'-1-cmd"]);
    });

    it("quotes whatever a text may hold, and every formula is a text", () => {
      const stored = { id: 1, nodeUid: "n", kind: "telemetry", at: 0, timeKnown: false } as const;
      const texts = fc.string({ unit: "binary" });
      fc.assert(
        fc.property(texts, fc.constantFrom("", "=", "+", "-", "@", "\t", "\r"), (text, sign) => {
          const reading = { seq: 1, fields: {}, reason: sign + text };
          const csv = readingsCsv([
            { ...stored, receivedAt: 0, logId: undefined, reading, refused: undefined },
          ]);
          const cell = parseCsv(csv)[1]![CSV_COLUMNS.indexOf("reason")]!;
          assert.doesNotMatch(cell, /^[=+\-@\t\r]/);
          assert.equal(
            cell.startsWith("'") && !(sign + text).startsWith("'") ? cell.slice(1) : cell,
            sign + text,
          );
        }),
      );
    });
  });

  it("has one form of page for server and client", async () => {
    await node.report([warm(1), { seq: 2, fields: { temperature: 900 } }]);
    const stored = await page({});
    const again = JSON.parse(JSON.stringify(writeStoredReadings(stored)));
    assert.deepEqual(parseStoredReadings(new JsonReader(again)), stored);
  });
});
