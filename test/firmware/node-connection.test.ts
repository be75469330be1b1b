import assert from "node:assert/strict";
import { RingLog } from "../../firmware/log.ts";
import { NodeConnection } from "../../firmware/sensor/node-connection.ts";
import type { ErrorCode } from "../../protocol/error-codes.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { fakeRandom } from "../protocol/fake-platform.ts";
import { FakeTime } from "../protocol/fake-time.ts";
import { toyCrypto } from "../protocol/toy-crypto.ts";

const LIMITS = {
  requestTimeoutMs: 5_000,
  checkinIntervalMs: 300_000,
  retryBaseMs: 500,
  retryMaxMs: 15_000,
};

/** A connection whose steps fail as they are told to. */
class Way {
  readonly time = new FakeTime();
  readonly steps: string[] = [];
  readonly failing = new Map<string, ErrorCode>();
  readonly stages: string[] = [];
  approved = true;
  readonly log = new RingLog({ clock: this.time.clock });
  readonly connection: NodeConnection;

  constructor() {
    const { clock, timer } = this.time;
    this.connection = new NodeConnection({
      ...{ clock, timer, log: this.log, random: fakeRandom(toyCrypto), limits: LIMITS },
      network: { join: () => this.#step("join", { up: true }) },
      identity: {
        ensureRegistered: () =>
          this.#step("register", {
            status: this.approved ? ("registered" as never) : "pending",
            nodeUid: "u",
          }),
        authenticate: () => this.#step("authenticate", "token"),
        checkIn: () => this.#step("check-in", {}),
      },
      report: () => ({
        ...{ uptimeSeconds: 1, firmware: "1", state: "ACTIVE" },
        ...{ granted: 0, denied: 0, faults: 0 },
      }),
      onStage: (stage) => {
        if (this.stages.at(-1) !== stage) this.stages.push(stage);
      },
    });
    this.connection.start();
  }

  async #step<T>(name: string, value: T): Promise<T> {
    this.steps.push(name);
    const code = this.failing.get(name);
    if (code !== undefined) throw new LatchkeyError(code);
    return value;
  }
}

describe("a node's way to the server", () => {
  it("goes from network to active, and checks in", async () => {
    const way = new Way();
    await way.time.advance(1_000);
    assert.deepEqual(way.steps, ["join", "register", "authenticate", "check-in"]);
    assert.deepEqual(way.stages, ["registering", "authenticating", "active"]);
    await way.time.advance(600_000);
    assert.equal(way.steps.filter((step) => step === "check-in").length, 3);
  });

  for (const [step, code] of [
    ["join", "network-down"],
    ["register", "network-timeout"],
    ["authenticate", "server-untrusted"],
  ] as const)
    it(`repeats ${step} until it succeeds, ever more seldom`, async () => {
      const way = new Way();
      way.failing.set(step, code);
      await way.time.advance(120_000);
      const tries = way.steps.filter((name) => name === step).length;
      assert.ok(tries >= 8 && tries <= 25, String(tries));
      assert.equal(way.connection.fault?.code, code);
      const failures = way.log.last(50).filter(({ event }) => event === "connection-failed");
      assert.equal(failures.length, 1, "said once");
      way.failing.clear();
      await way.time.advance(15_001);
      assert.equal(way.connection.stage, "active");
      assert.equal(way.connection.fault, undefined);
    });

  it("waits for a manager's approval", async () => {
    const way = new Way();
    way.approved = false;
    await way.time.advance(60_000);
    assert.equal(way.connection.stage, "pending");
    way.approved = true;
    await way.time.advance(15_001);
    assert.equal(way.connection.stage, "active");
  });

  it("joins the network again when a request says that it is gone", async () => {
    const way = new Way();
    await way.time.advance(1_000);
    way.steps.length = 0;
    way.connection.trouble("network-timeout");
    await way.time.advance(1_000);
    assert.deepEqual(way.steps, []);
    way.connection.trouble("network-down");
    await way.time.advance(1_000);
    assert.equal(way.steps[0], "join");
    assert.equal(way.connection.stage, "active");
  });

  it("registers anew when the server has forgotten the node, and ends when it is stopped", async () => {
    const way = new Way();
    await way.time.advance(1_000);
    way.failing.set("check-in", "node-unknown");
    way.steps.length = 0;
    await way.time.advance(301_000);
    assert.ok(way.steps.includes("register"), way.steps.join());
    way.connection.stop();
    assert.equal(way.time.timers, 0);
  });
});
