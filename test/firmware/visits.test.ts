import assert from "node:assert/strict";
import { drawScreen } from "../../firmware/reader/draw.ts";
import type { ReaderEvent } from "../../firmware/reader/machine.ts";
import { initialState } from "../../firmware/reader/machine.ts";
import { screenFor } from "../../firmware/reader/screens.ts";
import { Visits } from "../../firmware/reader/visits.ts";
import { Framebuffer } from "../../hal/framebuffer.ts";
import { readQr } from "../../host-sim/display/read-qr.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { VisitAnswer, VisitQuestion } from "../../protocol/visit/visit.ts";
import { VirtualTime } from "../hal/virtual-time.ts";

const id = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
const text = (n: number) => `HTTPS://LATCHKEY.EXAMPLE/V/${String(n).padStart(11, "0")}`;

/** A server that gives out numbered requests of a minute, and says what a test has it say. */
class ScriptedVisits {
  readonly time = new VirtualTime();
  readonly asked: VisitQuestion[] = [];
  readonly events: ReaderEvent[] = [];
  readonly visits: Visits;
  ready = true;
  given = 0;
  answer: ((question: VisitQuestion) => VisitAnswer | undefined) | undefined;

  constructor() {
    const { clock, timer } = this.time;
    this.visits = new Visits({
      ...{ clock, timer, log: { write: () => {} } },
      ask: async (question) => this.#ask(question),
      isReady: () => this.ready,
      dispatch: (event) => this.events.push(event),
    });
    this.visits.start();
  }

  #ask(question: VisitQuestion): VisitAnswer {
    this.asked.push(question);
    const told = this.answer?.(question);
    if (told !== undefined) return told;
    if (!question.renew) return { state: "waiting" };
    this.given++;
    return { state: "open", requestId: id(this.given), text: text(this.given), expiresIn: 55 };
  }

  /** What a camera reads off the display of a ready reader. */
  get shown(): string | undefined {
    const context = { nowMs: 0, label: "Lab", version: "1", server: "s", minuteOfDay: 1 };
    const state = { ...initialState(0), stage: "ready" as const };
    const picture = new Framebuffer(128, 64);
    drawScreen(picture, screenFor(state, { ...context, visit: this.visits.code }));
    return readQr((x, y) => picture.getPixel(x, y));
  }
}

describe("requests to visitors on a display", () => {
  it("stand there while the reader is ready, and are asked about every two seconds", async () => {
    const script = new ScriptedVisits();
    await script.time.pass(10_000);
    assert.equal(script.shown, text(1));
    assert.deepEqual(script.asked[0], { renew: true });
    assert.deepEqual(script.asked[1], { requestId: id(1), renew: false });
    assert.equal(script.asked.length, 6);
    assert.equal(script.events.length, 0);
  });

  it("are renewed before they end, and those before are still asked about", async () => {
    const script = new ScriptedVisits();
    const stood = new Set<string | undefined>();
    for (let second = 1; second < 240; second++) {
      await script.time.pass(1_000);
      stood.add(script.shown);
    }
    assert.deepEqual([...stood], [1, 2, 3, 4, 5, 6].map(text).slice(0, stood.size));
    assert.ok(stood.size >= 5, `${stood.size}`);
    // Whoever scanned the first in its last moment was not forgotten.
    const first = script.asked.map(({ requestId }) => requestId);
    assert.ok(first.lastIndexOf(id(1)) > first.indexOf(id(2)));
  });

  it("say what became of them once, with the time of the question", async () => {
    const script = new ScriptedVisits();
    await script.time.pass(3_000);
    const holder = "Visitor";
    script.answer = ({ requestId }) => {
      script.answer = undefined;
      const decision = { granted: true, challengeId: requestId!, relayMs: 3000, holder } as const;
      return { state: "decided", decision };
    };
    await script.time.pass(2_000);
    assert.deepEqual(script.events, [
      {
        ...{ type: "visit", requestId: id(1), challengeId: id(1), askedMs: 4_000 },
        ...{ granted: true, relayMs: 3000, reason: "granted", holder },
      },
    ]);
    // It is used up: another one stands there.
    await script.time.pass(3_000);
    assert.equal(script.shown, text(2));
    assert.equal(script.events.length, 1);
  });

  it("leave the network to whoever is at the reader", async () => {
    const script = new ScriptedVisits();
    await script.time.pass(1_000);
    script.ready = false;
    await script.time.pass(60_000);
    assert.equal(script.asked.length, 1);
    assert.equal(script.shown, undefined);
    script.ready = true;
    await script.time.pass(3_000);
    assert.equal(script.shown, text(2));
  });

  it("wait after a failure, and end with the reader", async () => {
    const script = new ScriptedVisits();
    script.answer = () => {
      throw new LatchkeyError("not-found");
    };
    await script.time.pass(59_000);
    assert.equal(script.asked.length, 2);
    assert.equal(script.shown, undefined);
    script.answer = undefined;
    await script.time.pass(30_000);
    assert.equal(script.shown, text(1));
    script.visits.stop();
    const before = script.asked.length;
    await script.time.pass(60_000);
    assert.equal(script.asked.length, before);
  });
});
