import assert from "node:assert/strict";
import fc from "fast-check";
import { drawScreen, titleScale } from "../../firmware/reader/draw.ts";
import { initialState, type ReaderState, STAGES, type Tap } from "../../firmware/reader/machine.ts";
import {
  cropped,
  elapsedText,
  LINE_CHARS,
  type Screen,
  type ScreenContext,
  screenFor,
} from "../../firmware/reader/screens.ts";
import { denialWords, errorWords } from "../../firmware/reader/words.ts";
import { Framebuffer, textWidth } from "../../hal/framebuffer.ts";
import { ERROR_CODES, type ErrorCode } from "../../protocol/error-codes.ts";

const CODES = Object.keys(ERROR_CODES) as ErrorCode[];
const CONTEXT: ScreenContext = {
  nowMs: 1_234,
  label: "A label as long as it",
  version: "12.34.56-beta.7",
  server: "some-server.in.a.long.domain.example:8443/path",
  minuteOfDay: 605,
};
const TAP: Tap = {
  id: 1,
  badge: "04aabbccddeeff",
  startedMs: 1_000,
  readMs: undefined,
  askedMs: undefined,
  challenge: undefined,
  sealed: false,
};

function state(changes: Partial<ReaderState>): ReaderState {
  return { ...initialState(100), ...changes };
}

function result(granted: boolean, reason: string, holder?: string): Partial<ReaderState> {
  const by = { decided: true, local: false };
  const ended = { granted, reason, holder, ...by, endedMs: 1_105, tap: TAP };
  return { stage: granted ? "granted" : "denied", result: ended };
}

function assertFits(screen: Screen): void {
  const where = JSON.stringify(screen);
  assert.ok(screen.left.length + screen.right.length < LINE_CHARS, where);
  assert.ok(textWidth(screen.title, titleScale(screen.title)) <= 128, where);
  assert.ok(screen.lines.length <= 3, where);
  for (const line of screen.lines) assert.ok(textWidth(line) <= 128, where);
  for (const text of [screen.title, screen.left, screen.right, ...screen.lines])
    assert.match(text, /^[ -~]*$/, where);
}

describe("the screens", () => {
  it("name the stage of the boot that is under way, with elapsed time", () => {
    const titles = {
      boot: "BOOT",
      network: "NETWORK",
      registering: "REGISTERING",
      pending: "PENDING",
      challenge: "CHALLENGE",
      verified: "VERIFIED",
      active: "ACTIVE",
    } as const;
    for (const [stage, title] of Object.entries(titles)) {
      const screen = screenFor(state({ stage: stage as keyof typeof titles }), CONTEXT);
      assert.equal(screen.title, title);
      assert.equal(screen.right, "1234 ms");
      assert.ok(screen.lines.includes("+1134 ms"), JSON.stringify(screen));
    }
  });

  it("tell a new registration from a known node", () => {
    const at = (registration: ReaderState["registration"]) =>
      screenFor(state({ stage: "registered", registration }), CONTEXT).title;
    assert.equal(at("registered"), "REGISTERED");
    assert.equal(at("exists"), "NODE EXISTS");
  });

  it("of a tap say READING, CHECKING, GRANTED or DENIED with the reason", () => {
    assert.equal(screenFor(state({ stage: "ready" }), CONTEXT).title, "READY");
    assert.equal(screenFor(state({ stage: "ready" }), CONTEXT).right, "10:05");
    assert.equal(screenFor(state({ stage: "reading", tap: TAP }), CONTEXT).title, "READING");
    assert.equal(screenFor(state({ stage: "checking", tap: TAP }), CONTEXT).title, "CHECKING");
    const granted = screenFor(state(result(true, "granted", "Ada")), CONTEXT);
    assert.equal(granted.title, "GRANTED");
    assert.equal(granted.right, "105 ms");
    assert.ok(granted.lines.includes("Ada"));
    const denied = screenFor(state(result(false, "badge-revoked")), CONTEXT);
    assert.equal(denied.title, "DENIED");
    assert.deepEqual(denied.lines.slice(1), ["Badge was revoked", "badge-revoked"]);
  });

  it("ask to hold the badge still when it moved", () => {
    for (const code of ["badge-moved", "card-timeout", "card-protocol"]) {
      const screen = screenFor(state(result(false, code)), CONTEXT);
      assert.ok(screen.lines.includes("HOLD BADGE STILL"), code);
    }
  });

  it("name cause and next step of an error, and when it is tried again", () => {
    const fault = { at: "registering", code: "server-untrusted", retryAtMs: 4_000 } as const;
    const screen = screenFor(state({ stage: "error", fault }), CONTEXT);
    assert.deepEqual(screen, {
      left: "DOOR SHUT",
      right: "1134 ms",
      title: "BAD SERVER",
      lines: ["Signature not trusted", "Check server_keys", "again in 3 s"],
    });
    const title = (code: ErrorCode, at: "network" | "active" | "nfc") => errorWords(code, at).title;
    assert.equal(title("network-down", "network"), "NO NETWORK");
    assert.equal(title("network-timeout", "active"), "SERVER DOWN");
    assert.equal(title("not-latchkey", "active"), "BAD SERVER");
    assert.equal(title("pn532-dead", "nfc"), "NO READER");
    assert.equal(title("pn532-no-ack", "nfc"), "NO READER");
    assert.equal(title("bus-stuck", "nfc"), "NO READER");
  });

  it("say GRANTED in stage granted and nowhere else", () => {
    for (const stage of STAGES) {
      if (stage === "granted") continue;
      for (const reason of ["granted", "badge-revoked"]) {
        const screen = screenFor(state({ ...result(false, reason), stage }), CONTEXT);
        assert.notEqual(screen.title, "GRANTED", stage);
      }
    }
  });

  it("fit the display for every error code, wherever it comes from", () => {
    for (const code of CODES) {
      for (const at of ["network", "active", "nfc"] as const) {
        const { title, cause, next } = errorWords(code, at);
        for (const text of [title, cause, next]) assert.ok(text.length <= LINE_CHARS, text);
        const fault = { at, code, retryAtMs: 301_234 };
        assertFits(screenFor(state({ stage: "error", fault }), CONTEXT));
      }
      assert.ok(denialWords(code).length <= LINE_CHARS, code);
      assertFits(screenFor(state(result(false, code)), CONTEXT));
    }
  });

  it("fit the display whatever labels, names and times there are", () => {
    const strings = fc.string({ unit: "grapheme", maxLength: 80 });
    const times = fc.double({ min: 0, max: 1e10, noNaN: true });
    fc.assert(
      fc.property(fc.constantFrom(...STAGES), strings, strings, times, (stage, a, b, nowMs) => {
        const fault = { at: "registering", code: "internal", retryAtMs: nowMs + 30_000 } as const;
        const granted = stage === "granted";
        const ended = { ...result(granted, granted ? "granted" : a, b), stage, fault, tap: TAP };
        const label = a.slice(0, LINE_CHARS);
        const context = { ...CONTEXT, nowMs, label, version: b, server: b };
        assertFits(screenFor(state(ended), context));
      }),
    );
  });

  it("are drawn inside the picture", () => {
    const picture = new Framebuffer(128, 64);
    const lit = () => picture.bytes.some((byte) => byte !== 0);
    for (const stage of STAGES) {
      drawScreen(picture, screenFor(state({ stage }), CONTEXT));
      assert.ok(lit(), stage);
    }
  });

  it("write durations short and numbers whole", () => {
    assert.equal(elapsedText(0.4), "0 ms");
    assert.equal(elapsedText(9_999.4), "9999 ms");
    assert.equal(elapsedText(12_345), "12.3 s");
    assert.equal(elapsedText(3_600_000), "60 min");
    assert.equal(elapsedText(599_999_999), "9999 min");
    assert.equal(elapsedText(600_000_000), "6 d");
    assert.equal(elapsedText(-5), "0 ms");
    assert.equal(cropped("Zoë\n", 4), "Zo??");
  });
});
