import assert from "node:assert/strict";
import fc from "fast-check";
import type { NetworkFault } from "../../host-sim/net/network-fault.ts";
import {
  type Backend,
  NetworkModel,
  type NetworkOptions,
} from "../../host-sim/net/network-model.ts";
import { World } from "../../host-sim/world/world.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import type { HttpRequest, HttpResponse } from "../../protocol/platform.ts";

/** Enough microtask turns for any promise chain of these tests. */
const idle = async (): Promise<void> => {
  for (let i = 0; i < 30; i++) await Promise.resolve();
};

function request(path = "/identity_iot/ii_time", body = '{"x":1}'): HttpRequest {
  return { method: "POST", url: `http://door.example${path}`, headers: {}, body, timeoutMs: 2000 };
}

const echo = async (incoming: HttpRequest): Promise<HttpResponse> => ({
  status: 200,
  headers: { "content-type": "application/json" },
  body: incoming.body,
});

interface Stage {
  readonly world: World;
  readonly net: NetworkModel;
  readonly handled: HttpRequest[];
  /** The response, or the code of the error. */
  ask(what?: HttpRequest): Promise<HttpResponse | string>;
}

async function stage(options: Partial<NetworkOptions> = {}, joined = true): Promise<Stage> {
  const world = new World({ seed: "net", idle });
  const handled: HttpRequest[] = [];
  const inner: Backend = options.backend ?? echo;
  const backend: Backend = (incoming) => {
    handled.push(incoming);
    return inner(incoming);
  };
  const net = new NetworkModel({ world, jitterMs: 0, ...options, backend });
  const settle = async <T>(promise: Promise<T>): Promise<T | string> => {
    let out: { value: T | string } | undefined;
    promise.then(
      (value) => {
        out = { value };
      },
      (error: unknown) => {
        out = { value: isLatchkeyError(error) ? error.code : String(error) };
      },
    );
    assert.ok(await world.run(() => out !== undefined, 60_000_000), "never settled");
    return out!.value;
  };
  if (joined) await settle(net.join());
  return { world, net, handled, ask: (what = request()) => settle(net.request(what)) };
}

describe("network model: joining", () => {
  it("takes its time and gives an address", async () => {
    const { world, net } = await stage({ joinMs: 400 });
    assert.equal(world.nowUs(), 400_000);
    assert.deepEqual(net.status(), {
      up: true,
      address: "192.0.2.17",
      ssid: "latchkey-sim",
      rssiDbm: -54,
    });
  });

  it("fails after its limit when there is no access point, and works when there is", async () => {
    const { world, net } = await stage({}, false);
    net.inRange = false;
    const failed = assert.rejects(net.join(), (e) => isLatchkeyError(e, "network-down"));
    await world.runFor(20_000_000);
    await failed;
    assert.deepEqual(net.status(), { up: false });
    net.inRange = true;
    const joined = net.join();
    assert.equal(net.join(), joined);
    await world.runFor(1_000_000);
    assert.equal((await joined).up, true);
  });

  it("is needed before a request, and again after the link was lost", async () => {
    const { net, ask } = await stage({}, false);
    assert.equal(await ask(), "network-down");
    const { net: other, ask: askOther } = await stage();
    assert.equal(typeof (await askOther()), "object");
    other.disconnect();
    assert.equal(await askOther(), "network-down");
    assert.equal(net.stats.failures, 1);
  });
});

describe("network model: a good request", () => {
  it("costs latency, bytes and the server's time, and one more round trip to connect", async () => {
    const { world, net, ask } = await stage({ latencyMs: 10, serverMs: 5 });
    let before = world.nowUs();
    const first = await ask();
    assert.equal((first as HttpResponse).body, '{"x":1}');
    const wire = Math.round((257 * 8e6) / 4e6);
    assert.equal(world.nowUs() - before, 20_000 + 20_000 + 5_000 + 2 * wire);
    before = world.nowUs();
    await ask();
    assert.equal(world.nowUs() - before, 20_000 + 5_000 + 2 * wire);
    await world.runFor(80_000_000);
    await ask();
    assert.deepEqual([net.stats.connects, net.stats.requests, net.stats.answers], [2, 3, 3]);
    assert.equal(net.stats.bytesUp, 3 * 257);
  });

  it("goes on while the node's CPU is busy", async () => {
    const { world, net } = await stage({ latencyMs: 10, serverMs: 5, connectRoundTrips: 0 });
    let doneUs = 0;
    net.request(request()).then(() => {
      doneUs = world.nowUs();
    });
    const start = world.nowUs();
    world.advance(18_000); // past the arrival at the server
    await world.run(() => doneUs > 0, 1_000_000);
    assert.ok(doneUs - start < 27_000, `${doneUs - start}`);
  });

  it("may overtake another one", async () => {
    const { world, net } = await stage({ connectRoundTrips: 0 });
    net.faults.inject({ kind: "delay", ms: 100 });
    const order: string[] = [];
    net.request(request("/a")).then(() => order.push("a"));
    net.request(request("/b")).then(() => order.push("b"));
    await world.runFor(1_000_000);
    assert.deepEqual(order, ["b", "a"]);
  });
});

describe("network model: faults", () => {
  const outcome: [NetworkFault, string | number, number][] = [
    [{ kind: "drop" }, "network-timeout", 0],
    [{ kind: "half-open" }, "network-timeout", 1],
    [{ kind: "duplicate" }, 200, 2],
    [{ kind: "delay", ms: 500 }, 200, 1],
    [{ kind: "delay", ms: 5000 }, "network-timeout", 1],
    [{ kind: "dns" }, "network-failed", 0],
    [{ kind: "server-down" }, "network-failed", 0],
    [{ kind: "reset" }, "network-failed", 1],
    [{ kind: "captive-portal" }, 200, 0],
    [{ kind: "bad-gateway" }, 502, 0],
    [{ kind: "corrupt", direction: "up" }, 200, 1],
    [{ kind: "corrupt", direction: "down" }, 200, 1],
    [{ kind: "truncate" }, 200, 1],
  ];
  for (const [fault, expected, times] of outcome) {
    const extra =
      "ms" in fault ? ` of ${fault.ms} ms` : "direction" in fault ? ` ${fault.direction}` : "";
    const name = fault.kind + extra;
    it(`${name}: ${expected}, and the server acts ${times} times; the next is fine`, async () => {
      const { net, ask, handled } = await stage();
      net.faults.inject(fault);
      const got = await ask();
      assert.equal(typeof got === "string" ? got : got.status, expected);
      assert.equal(handled.length, times);
      const fine = (await ask()) as HttpResponse;
      assert.deepEqual([fine.status, fine.body], [200, '{"x":1}']);
    });
  }

  it("corrupt changes one character of the body, truncate shortens it, HTML says so", async () => {
    const { net, ask, handled } = await stage();
    const differs = (a: string, b: string): number =>
      [...a].filter((char, i) => char !== b[i]).length;
    net.faults.inject({ kind: "corrupt", direction: "up" });
    await ask();
    assert.equal(differs(handled[0]!.body, '{"x":1}'), 1);
    net.faults.inject({ kind: "corrupt", direction: "down" });
    assert.equal(differs(((await ask()) as HttpResponse).body, '{"x":1}'), 1);
    net.faults.inject({ kind: "truncate" });
    assert.ok(((await ask()) as HttpResponse).body.length < 7);
    net.faults.inject({ kind: "captive-portal" });
    const portal = (await ask()) as HttpResponse;
    assert.match(portal.headers["content-type"]!, /^text\/html/);
    assert.match(portal.body, /^<!doctype html>/);
  });

  it("meet the path and the number of times that were planned", async () => {
    const { net, ask } = await stage();
    net.faults.inject({ kind: "bad-gateway" }, { path: "/b", times: 2 });
    const statuses: unknown[] = [];
    for (const path of ["/a", "/b", "/a", "/b", "/b"]) {
      statuses.push(((await ask(request(path))) as HttpResponse).status);
    }
    assert.deepEqual(statuses, [200, 502, 200, 502, 200]);
    net.faults.inject({ kind: "server-down" }, { times: Number.POSITIVE_INFINITY });
    assert.equal(await ask(), "network-failed");
    assert.equal(await ask(), "network-failed");
    net.faults.clear("server-down");
    assert.equal(((await ask()) as HttpResponse).status, 200);
  });

  it("come by their rates, the same from the same seed", async () => {
    const run = async (): Promise<string> => {
      const { net, ask, world } = await stage({ jitterMs: 5 });
      net.faults.setRates([
        [{ kind: "drop" }, 0.2],
        [{ kind: "corrupt", direction: "down" }, 0.2],
      ]);
      let lost = 0;
      for (let i = 0; i < 100; i++) if ((await ask()) === "network-timeout") lost++;
      assert.ok(lost > 8 && lost < 35, `${lost}`);
      return world.trace.digest();
    };
    assert.equal(await run(), await run());
  });

  it("losing the link loses the answer that is on its way", async () => {
    const { world, net, ask } = await stage();
    world.after(15_000, () => {
      net.inRange = false;
    });
    assert.equal(await ask(), "network-timeout");
  });

  it("a backend that fails looks like a broken connection", async () => {
    const { ask } = await stage({ backend: () => Promise.reject(new Error("crashed")) });
    assert.equal(await ask(), "network-failed");
  });

  it("somebody in the middle sees and changes everything", async () => {
    const { net, ask, handled } = await stage();
    const seen: string[] = [];
    net.intercept = async (incoming, forward) => {
      seen.push(incoming.body);
      const genuine = await forward({ ...incoming, body: "altered" });
      return { ...genuine, body: `${genuine.body}!` };
    };
    assert.equal(((await ask()) as HttpResponse).body, "altered!");
    assert.deepEqual([seen, handled[0]!.body], [['{"x":1}'], "altered"]);
  });

  it("never settle a request twice or leave it open, whatever comes together", async () => {
    const fault = fc.constantFrom(...outcome.map(([one]) => one));
    await fc.assert(
      fc.asyncProperty(fc.array(fault, { maxLength: 8 }), async (faults) => {
        const { net, world } = await stage({ jitterMs: 10 });
        let settled = 0;
        for (const one of faults) {
          net.faults.inject(one);
          net.request(request()).then(
            () => settled++,
            () => settled++,
          );
        }
        await world.runFor(10_000_000);
        assert.equal(settled, faults.length);
        assert.equal(net.stats.answers + net.stats.failures, faults.length);
      }),
      { numRuns: 50 },
    );
  });
});
