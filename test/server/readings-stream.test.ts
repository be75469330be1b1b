import assert from "node:assert/strict";
import { connect } from "node:net";
import type { FastifyInstance } from "fastify";
import { JsonReader } from "../../protocol/json/reader.ts";
import { parseStoredReading, SENSOR_STREAM_PATH } from "../../protocol/telemetry/stored-reading.ts";
import { createServer } from "../../server/app.ts";
import { ReadingFeed } from "../../server/reading-feed.ts";
import { codeOf, Desk, type TestNode, warm } from "./desk.ts";

/** Timers that fire when the test says so. */
class HandTimer {
  readonly due = new Set<() => void>();
  set(callback: () => void): object {
    this.due.add(callback);
    return callback;
  }
  clear(handle: object | number): void {
    this.due.delete(handle as () => void);
  }
  fire(): void {
    for (const callback of [...this.due]) {
      this.due.delete(callback);
      callback();
    }
  }
}

describe("service: readings as they come in", () => {
  let desk: Desk;
  let node: TestNode;
  let tenantId: string;
  let token: string;
  let timer: HandTimer;

  beforeEach(async () => {
    timer = new HandTimer();
    desk = new Desk({ timer, limits: { streamsPerToken: 2, streamsMax: 3 } });
    const tenant = await desk.tenant();
    tenantId = tenant.tenantId;
    node = await desk.node(tenant).boot();
    token = await desk.service.admin.createOperator({ name: "m", role: "manager", tenantId });
  });
  afterEach(() => desk.close());

  const ask = (query = "", headers: Record<string, string> = {}, as = token) =>
    desk.service.handle({
      method: "GET",
      path: `/${SENSOR_STREAM_PATH}?tenant_id=${tenantId}${query}`,
      headers: { authorization: `Bearer ${as}`, ...headers },
      body: "",
    });
  const listen = async (query = "", headers: Record<string, string> = {}, as = token) => {
    const response = await ask(query, headers, as);
    assert.equal(response.headers["content-type"], "text/event-stream", response.body);
    const stream = response.stream!;
    assert.match((await stream.next()).value, /^retry: \d+\n\n$/);
    return stream;
  };
  /** Numbers of the readings in the next piece. */
  const heard = async (stream: AsyncIterableIterator<string>): Promise<number[]> => {
    const piece = (await stream.next()).value as string;
    return [...piece.matchAll(/^id: (\d+)\nevent: reading\ndata: (.*)\n\n/gm)].map((found) => {
      const stored = parseStoredReading(new JsonReader(JSON.parse(found[2]!)));
      assert.equal(stored.id, Number(found[1]));
      return stored.reading.seq;
    });
  };

  it("come one after the other, from now on", async () => {
    await node.report([warm(1)]);
    const stream = await listen();
    const waiting = heard(stream);
    await node.report([warm(2), warm(3)]);
    assert.deepEqual(await waiting, [2, 3]);
    await node.report([warm(4)]);
    assert.deepEqual(await heard(stream), [4]);
    await stream.return!();
  });

  it("go on behind the last one that was heard, by header or by parameter", async () => {
    await node.report(Array.from({ length: 120 }, (_, n) => warm(n)));
    for (const stream of [await listen("", { "last-event-id": "20" }), await listen("&after=20")]) {
      const numbers: number[] = [];
      while (numbers.length < 100) numbers.push(...(await heard(stream)));
      assert.deepEqual(
        numbers,
        Array.from({ length: 100 }, (_, n) => 20 + n),
      );
      await stream.return!();
    }
    const fromAnotherDatabase = await listen("", { "last-event-id": "5000" });
    const waiting = heard(fromAnotherDatabase);
    await node.report([warm(500)]);
    assert.deepEqual(await waiting, [500]);
    await fromAnotherDatabase.return!();
  });

  it("are one tenant's, and one node's if it is named", async () => {
    const other = await desk.node(node.provisioning, { name: "other" }).boot();
    const stranger = await desk.node(await desk.tenant({ name: "b" })).boot();
    const all = await listen();
    const one = await listen(`&node_uid=${other.nodeUid}`);
    await stranger.report([warm(1)]);
    await node.report([warm(2)]);
    await other.report([warm(3)]);
    assert.deepEqual(await heard(all), [2, 3]);
    assert.deepEqual(await heard(one), [3]);
    for (const stream of [all, one]) await stream.return!();
    assert.equal(codeOf(await ask(`&node_uid=${stranger.nodeUid}`)), "node-unknown");
    const theirs = { path: `/${SENSOR_STREAM_PATH}?tenant_id=${stranger.provisioning.tenantId}` };
    const headers = { authorization: `Bearer ${token}` };
    const asked = await desk.service.handle({ method: "GET", ...theirs, headers, body: "" });
    assert.equal(codeOf(asked), "tenant-mismatch");
  });

  it("have a heartbeat where there is nothing to hear", async () => {
    const stream = await listen();
    const waiting = stream.next();
    await new Promise((resolve) => setImmediate(resolve));
    timer.fire();
    assert.deepEqual(await waiting, { done: false, value: ": nothing new\n\n" });
    await stream.return!();
    assert.equal(timer.due.size, 0);
  });

  it("end when the operator is removed, with the next reading or heartbeat", async () => {
    const stream = await listen();
    await desk.service.admin.removeOperator("m", tenantId);
    await node.report([warm(1)]);
    assert.match((await stream.next()).value, /^event: end\ndata: \{"code":"unauthenticated"\}/);
    assert.equal((await stream.next()).done, true);
    assert.equal(codeOf(await ask()), "unauthenticated");
  });

  it("end in the middle of waiting, when the listener goes or the service does", async () => {
    const [gone, kept] = [await listen(), await listen()];
    const waiting = [gone.next(), kept.next()];
    await new Promise((resolve) => setImmediate(resolve));
    await gone.return!();
    assert.equal((await waiting[0])!.done, true);
    desk.service.endStreams();
    assert.equal((await waiting[1])!.done, true);
    assert.equal(timer.due.size, 0, "no timer is left behind");
  });

  it("have so many listeners and no more, and a place that was left is free", async () => {
    const streams = [await listen(), await listen()];
    const refused = await ask();
    assert.equal(JSON.parse(refused.body).limit, "streams-per-token");
    const { admin } = desk.service;
    const names = ["x", "y"];
    const [x, y] = await Promise.all(
      names.map((name) => admin.createOperator({ name, role: "manager", tenantId })),
    );
    streams.push(await listen("", {}, x));
    assert.equal(JSON.parse((await ask("", {}, y)).body).limit, "streams");
    await streams[0]!.return!();
    await streams[0]!.return!(); // twice is once
    streams.push(await listen("", {}, y));
    assert.equal(codeOf(await ask("", {}, y)), "rate-limited");
    for (const stream of streams) await stream.return!();
  });

  it("of which a slow listener takes nothing are not fetched for it", async () => {
    let fetched = 0;
    const records = {
      lastReadingId: async () => 1e6,
      readingsAfter: async (id: number, limit: number) => {
        fetched += limit;
        return Array.from({ length: limit }, (_, n) => ({ id: id + n + 1 }));
      },
    };
    const feed = new ReadingFeed(records as never, timer);
    const pages = feed.follow({ after: 0, pollMs: 1 });
    await pages.next();
    for (let n = 0; n < 1000; n++) feed.announce();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(fetched, 50, "one page, however much there is");
    await pages.return!();
  });

  it("may be followed in the same process, without a token", async () => {
    const pages = await desk.service.admin.followReadings({ of: { tenantId } });
    const waiting = pages.next();
    await node.report([warm(1)]);
    const { value } = await waiting;
    assert.deepEqual(
      (value as { reading: { seq: number } }[]).map(({ reading }) => reading.seq),
      [1],
    );
    await pages.return!();
  });

  for (const query of ["&after=x", "&after=-1", "&field=temperature", "&node_uid=x"])
    it(`take no ${query}`, async () => {
      assert.equal(codeOf(await ask(query)), "malformed");
    });

  describe("over HTTP", () => {
    let app: FastifyInstance;
    let url: string;
    beforeEach(async () => {
      const log = { write: () => {} };
      app = createServer({ service: desk.service, log, requestId: () => "r" });
      url = await app.listen({ host: "127.0.0.1", port: 0 });
    });
    afterEach(() => app.close());

    const path = () => `/${SENSOR_STREAM_PATH}?tenant_id=${tenantId}`;

    it("come in at once, and the end of the server ends them", async () => {
      const headers = { authorization: `Bearer ${token}` };
      const response = await fetch(`${url}${path()}`, { headers });
      const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
      assert.match((await reader.read()).value!, /^retry/);
      await node.report([warm(7)]);
      assert.match((await reader.read()).value!, /"seq":7/);
      await app.close();
      assert.equal((await reader.read()).done, true);
    });

    it("free their place when the connection is cut", async () => {
      const cut = async (): Promise<void> => {
        const { port } = new URL(url);
        const socket = connect(Number(port), "127.0.0.1");
        socket.write(`GET ${path()} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${token}\r\n\r\n`);
        await new Promise((resolve) => socket.once("data", resolve));
        socket.destroy();
      };
      for (let n = 0; n < 5; n++) {
        await cut();
        // The server learns of it from the socket, in its own time.
        for (let turn = 0; turn < 200; turn++) {
          await new Promise((resolve) => setTimeout(resolve, 5));
          const probe = await ask();
          await probe.stream?.return?.();
          if (probe.status === 200) break;
          assert.ok(turn < 199, "the place stayed taken");
        }
      }
    });
  });
});
