import assert from "node:assert/strict";
import { LatchkeyError } from "../../protocol/errors.ts";
import { sealEnvelope } from "../../protocol/node/envelope.ts";
import type { IdentityEvent } from "../../protocol/node/identity-events.ts";
import { heldToken, NodeSession } from "../../protocol/node/node-session.ts";
import { DEFAULT_RETRY } from "../../protocol/node/retry.ts";
import { SessionKeeper } from "../../protocol/node/session-keeper.ts";
import { sessionKeysFrom } from "../../protocol/node/session-keys.ts";
import { Waits } from "../../protocol/node/waits.ts";
import { rejectsCode } from "./error-code.ts";
import { fakeRandom, TENANT } from "./fake-platform.ts";
import { FakeTime } from "./fake-time.ts";
import { toyCrypto } from "./toy-crypto.ts";

const PATH = "identity_iot/ii_post";
const body = new Uint8Array(2).fill(0x20);

function newSession(nowMs = 0, fill = 1) {
  const keys = sessionKeysFrom(new Uint8Array(104).fill(fill));
  const session = new NodeSession(toyCrypto, keys, TENANT, heldToken("t", 900, nowMs), nowMs);
  return { keys, session };
}

/** What the server would answer to a request of that number. */
const answerTo = (keys: ReturnType<typeof newSession>["keys"], seq: number) =>
  sealEnvelope(toyCrypto, keys, "down", { tenantId: TENANT, path: PATH, seq }, body);

describe("the node's end of a session", () => {
  it("wipes its keys when it is retired and nothing is under way", () => {
    const { keys, session } = newSession();
    session.retire();
    assert.throws(() => keys.up.key.bytes, TypeError);
    assert.throws(() => keys.down.key.bytes, TypeError);
  });

  it("keeps them for an exchange under way, and wipes them after it", async () => {
    const { keys, session } = newSession();
    let answer = () => {};
    const waiting = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const exchange = session.exchange(PATH, body, async ({ seq }) => {
      await waiting;
      return answerTo(keys, seq);
    });
    session.retire();
    assert.equal(session.isUsable(0), false);
    assert.equal(keys.up.key.bytes.length, 32);
    answer();
    assert.deepEqual(await exchange, body);
    assert.throws(() => keys.up.key.bytes, TypeError);
  });

  it("says session-ended to an exchange too late, or under which it is wiped", async () => {
    const { keys, session } = newSession();
    const cut = session.exchange(PATH, body, async ({ seq }) => {
      const sealed = answerTo(keys, seq);
      session.wipe();
      return sealed;
    });
    await rejectsCode(cut, "session-ended");
    const send = () => Promise.reject(new Error("must not be sent"));
    await rejectsCode(session.exchange(PATH, body, send), "session-ended");
  });

  it("loses a number rather than use it twice when sending fails", async () => {
    const { session } = newSession();
    const numbers: number[] = [];
    const send = ({ seq }: { seq: number }) => {
      numbers.push(seq);
      return Promise.reject(new LatchkeyError("network-down"));
    };
    for (let i = 0; i < 3; i++)
      await rejectsCode(session.exchange(PATH, body, send), "network-down");
    assert.deepEqual(numbers, [1, 2, 3]);
  });

  it("is usable until the token ends", () => {
    const { session } = newSession();
    assert.equal(session.isUsable(899_999), true);
    assert.equal(session.isUsable(900_000), false);
    assert.equal(session.token.renewAtMs, 720_000);
  });
});

describe("the session keeper", () => {
  function keeper(open: () => Promise<NodeSession>) {
    const time = new FakeTime();
    const waits = new Waits(time.timer);
    const events: IdentityEvent[] = [];
    const sessions = new SessionKeeper({
      open: async () => ({ session: await open(), expiresInSeconds: 900 }),
      clock: time.clock,
      timer: time.timer,
      random: fakeRandom(toyCrypto),
      waits,
      policy: DEFAULT_RETRY,
      emit: (event) => events.push(event),
      keep: true,
    });
    return { time, sessions, events };
  }

  it("wipes the old session when the new one is there", async () => {
    const first = newSession(1000, 1);
    const second = newSession(721_000, 2);
    const queue = [first.session, second.session];
    const { time, sessions } = keeper(async () => queue.shift()!);
    assert.equal(await time.settle(sessions.usable()), first.session);
    await time.advance(720_000);
    assert.equal(sessions.current, second.session);
    assert.throws(() => first.keys.up.key.bytes, TypeError);
    sessions.close();
    assert.throws(() => second.keys.up.key.bytes, TypeError);
    assert.equal(time.timers, 0);
  });

  it("takes no session that arrives after it was closed, and leaves no key of it", async () => {
    const late = newSession(1000);
    let arrive = (_: NodeSession) => {};
    const { time, sessions, events } = keeper(
      () =>
        new Promise((resolve) => {
          arrive = resolve;
        }),
    );
    const wanted = sessions.usable();
    sessions.close();
    arrive(late.session);
    await rejectsCode(time.settle(wanted), "cancelled");
    assert.throws(() => late.keys.up.key.bytes, TypeError);
    assert.equal(time.timers, 0);
    assert.deepEqual(events, []);
  });

  it("does not mind the loss of a session that it no longer keeps", async () => {
    const { session } = newSession(1000);
    const { time, sessions, events } = keeper(async () => session);
    await time.settle(sessions.usable());
    sessions.drop(newSession().session, "session-unknown");
    assert.equal(sessions.current, session);
    assert.equal(
      events.some(({ type }) => type === "session-lost"),
      false,
    );
    sessions.close();
  });

  it("keeps the token that lasts longer when two check-ins overtake each other", async () => {
    const { session } = newSession(1000);
    const { time, sessions } = keeper(async () => session);
    await time.settle(sessions.usable());
    sessions.renewToken(session, "later", 900, 60_000);
    sessions.renewToken(session, "earlier", 900, 30_000);
    assert.equal(session.token.token, "later");
    assert.deepEqual(time.delays, [60_000 + 720_000 - time.nowMs]);
    sessions.close();
  });
});

describe("waits", () => {
  it("end with cancelled when their owner closes, and at once after that", async () => {
    const time = new FakeTime();
    const waits = new Waits(time.timer);
    const before = [waits.sleep(5), waits.limit(new Promise(() => {}), 5, "network-timeout")];
    waits.close();
    const after = [waits.sleep(5), waits.limit(new Promise(() => {}), 5, "network-timeout")];
    for (const wait of [...before, ...after]) await rejectsCode(wait, "cancelled");
    assert.equal(time.timers, 0);
  });

  it("for work end with it, leave no timer, and hear no more of it when too late", async () => {
    const time = new FakeTime();
    const waits = new Waits(time.timer);
    assert.equal(await waits.limit(Promise.resolve(7), 5, "network-timeout"), 7);
    await rejectsCode(
      waits.limit(Promise.reject(new LatchkeyError("replay")), 5, "network-timeout"),
      "replay",
    );
    assert.equal(time.timers, 0);
    const slow = time.sleep(9).then(() => Promise.reject(new Error("too late")));
    await rejectsCode(time.settle(waits.limit(slow, 5, "network-timeout")), "network-timeout");
    await time.advance(20); // the late failure must not become an unhandled rejection
  });
});
