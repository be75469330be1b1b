import assert from "node:assert/strict";
import { WiredNetwork } from "../../firmware/wired/wired-network.ts";
import { decodeFrame, encodeFrame } from "../../protocol/wired/frame.ts";
import { rejectsCode } from "../protocol/error-code.ts";
import { FakeTime } from "../protocol/fake-time.ts";
import { BASE_URL, post, WiredBench } from "./wired-bench.ts";

const LONG = "x".repeat(1_500);

describe("a node on a wire", () => {
  it("joins when the gateway calls it, and gets answers to its requests", async () => {
    const bench = new WiredBench();
    const node = bench.nodes.get(1)!;
    assert.deepEqual(node.status(), { up: false });
    const joined = node.join();
    await bench.pass(100);
    assert.deepEqual(await joined, { up: true, address: "wire 1" });
    const { said } = await bench.ask(post("hello"));
    assert.equal(said, "200 hello");
    const [request] = bench.carried;
    assert.deepEqual([request!.path, request!.authorization], ["identity_iot/ii_time", "Bearer t"]);
    assert.deepEqual([bench.bus.stats.collisions, bench.bus.stats.undriven], [0, 0]);
  });

  it("has not joined before the gateway has heard its answer to the call", async () => {
    const bench = new WiredBench();
    const node = bench.nodes.get(1)!;
    // A busy program answers the first call too late: the gateway has gone on without it.
    bench.world.after(0, () => bench.world.task(0, () => bench.world.advance(60_000)));
    const joined = node.join();
    await bench.pass(90);
    assert.deepEqual(node.status(), { up: false });
    await rejectsCode(node.request(post("lost")), "network-down");
    await bench.pass(1_500);
    assert.deepEqual(await joined, { up: true, address: "wire 1" });
    assert.equal((await bench.ask(post("kept"))).said, "200 kept");
  });

  it("takes what a tap costs: under 45 ms for 700 bytes up and 400 down at 921,600 baud", async () => {
    const bench = new WiredBench();
    await bench.pass(100);
    bench.carry = async ({ id }) => ({
      ...{ kind: "response", id, status: 200, contentType: "application/json" },
      body: "y".repeat(400),
    });
    const { tookMs } = await bench.ask(post("x".repeat(700)));
    assert.ok(tookMs < 45, `${tookMs} ms`); // of virtual time: the line's own, not this machine's
  });

  it("shares the pair with others, and none of them hears another's answer", async () => {
    const bench = new WiredBench({ addresses: [1, 2, 3, 254] });
    await bench.pass(400);
    assert.deepEqual(bench.events, ["up 1", "up 2", "up 3", "up 254"]);
    const answers = [1, 2, 3, 254].map((address) =>
      bench.nodes.get(address)!.request(post(`${LONG} ${address}`, 60_000)),
    );
    let bodies: readonly string[] | undefined;
    void Promise.all(answers).then((all) => {
      bodies = all.map(({ body }) => body);
    });
    await bench.world.run(() => bodies !== undefined, 20_000_000);
    assert.deepEqual(bodies, [`${LONG} 1`, `${LONG} 2`, `${LONG} 3`, `${LONG} 254`]);
    assert.equal(bench.bus.stats.collisions, 0);
  });

  it("is told when the gateway got no answer", async () => {
    const bench = new WiredBench();
    await bench.pass(100);
    bench.carry = async ({ id }) => ({ kind: "failure", id, reason: "network-timeout" });
    assert.equal((await bench.ask(post("x"))).said, "network-timeout");
    bench.carry = () => Promise.reject(new Error("broken"));
    assert.equal((await bench.ask(post("x"))).said, "network-failed");
  });

  it("gives up in its own time when the gateway never answers", async () => {
    const bench = new WiredBench();
    await bench.pass(100);
    bench.carry = () => new Promise(() => {});
    const { said, tookMs } = await bench.ask(post("x", 700));
    assert.equal(said, "network-timeout");
    assert.ok(tookMs >= 700 && tookMs < 702, `${tookMs}`);
  });

  it("asks nothing of another server and nothing but posts", async () => {
    const bench = new WiredBench();
    await bench.pass(100);
    const node = bench.nodes.get(1)!;
    await rejectsCode(node.request({ ...post("x"), url: "http://evil/x" }), "network-failed");
    await rejectsCode(node.request({ ...post("x"), method: "GET" }), "network-failed");
    assert.equal(bench.carried.length, 0);
  });
});

describe("a wire that is disturbed", () => {
  it("is down when it is cut and up again when it is mended", async () => {
    const bench = new WiredBench();
    await bench.pass(100);
    const node = bench.nodes.get(1)!;
    const pending = rejectsCode(node.request(post(LONG, 20_000)), "network-down");
    bench.bus.faults.cut = true;
    await bench.pass(4_000);
    await pending;
    assert.deepEqual(node.status(), { up: false });
    assert.deepEqual(bench.events, ["up 1", "down 1"]);
    await rejectsCode(node.request(post("x")), "network-down");
    bench.bus.faults.cut = false;
    const joined = node.join();
    await bench.pass(2_500);
    assert.equal((await joined).up, true);
    assert.equal((await bench.ask(post("again"))).said, "200 again");
  });

  it("says after 15 s that nobody calls", async () => {
    const bench = new WiredBench();
    bench.master!.close();
    const joined = rejectsCode(bench.nodes.get(1)!.join(), "network-down");
    await bench.pass(15_100);
    await joined;
  });

  it("goes on after the gateway or the node has started again", async () => {
    const bench = new WiredBench();
    await bench.pass(100);
    bench.master!.close();
    bench.startMaster();
    await bench.pass(100);
    assert.equal((await bench.ask(post("after the gateway"))).said, "200 after the gateway");
    bench.stopNode(1);
    bench.startNode(1);
    await bench.pass(3_000);
    assert.equal((await bench.ask(post("after the node"))).said, "200 after the node");
  });

  it("fails what was under way when the gateway starts again: it may have been carried out", async () => {
    const bench = new WiredBench();
    await bench.pass(100);
    bench.carry = () => new Promise(() => {});
    const pending = rejectsCode(bench.nodes.get(1)!.request(post("x", 60_000)), "network-failed");
    await bench.pass(200);
    assert.equal(bench.carried.length, 1);
    bench.master!.close();
    bench.startMaster();
    await bench.pass(500);
    await pending;
  });
});

describe("a node that hears the same poll again and again", () => {
  /** A port that is written to by hand. */
  function byHand() {
    const time = new FakeTime();
    const heard: (Uint8Array | undefined)[] = [];
    const said: Uint8Array[] = [];
    let tell = (): void => {};
    class Port {
      constructor(options: { onReadable(): void; onWritable(count: number): void }) {
        tell = () => options.onReadable();
        options.onWritable(300);
      }
      read() {
        return heard.shift()?.slice().buffer;
      }
      write(bytes: Uint8Array): void {
        said.push(bytes.slice());
      }
      close(): void {}
    }
    const options = { io: Port as never, transmit: 8, receive: 9, baud: 115_200, address: 1 };
    const log = { write: () => {} };
    const node = new WiredNetwork({ ...options, timer: time.timer, log, baseUrl: BASE_URL });
    /** What the node says to that, under the link's number; nothing to noise. */
    const ask = async (bytes: Uint8Array, link: number) => {
      heard.push(bytes);
      tell();
      await time.advance(10);
      const answer = said.splice(0).at(-1);
      return answer && decodeFrame(answer.slice(1, -1), link)?.kind;
    };
    return { node, ask };
  }
  const frame = (kind: "reset" | "poll", link: number, payload = new Uint8Array(0)) =>
    encodeFrame({ kind, address: 1, sequence: 0, acknowledge: 0, payload }, link);
  const reset = (link: number) => frame("reset", 0, Uint8Array.of(link, 0, 0, 0));

  it("answers each of them, and none of a link that is over", async () => {
    const { node, ask } = byHand();
    assert.equal(await ask(reset(7), 7), "hello");
    for (let n = 0; n < 3; n++) assert.equal(await ask(frame("poll", 7), 7), "idle");
    assert.equal(await ask(reset(9), 9), "hello");
    assert.equal(await ask(frame("poll", 7), 7), undefined, "of the link before");
    assert.equal(await ask(frame("poll", 9), 9), "idle", "and under the new number");
    assert.equal(node.statistics.noise, 1);
    node.close();
  });
});
