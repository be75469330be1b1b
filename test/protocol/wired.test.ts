import assert from "node:assert/strict";
import fc from "fast-check";
import { toHex } from "../../protocol/encoding/hex.ts";
import { cobsDecode, cobsEncode } from "../../protocol/wired/cobs.ts";
import { Exchange, MESSAGE_MAX } from "../../protocol/wired/exchange.ts";
import { decodeFrame, encodeFrame, type Frame, STUFFED_MAX } from "../../protocol/wired/frame.ts";
import {
  parseWiredMessage,
  type WiredMessage,
  writeWiredMessage,
} from "../../protocol/wired/message.ts";
import { parses, throwsCode } from "./error-code.ts";

const bytes = (maxLength: number) => fc.uint8Array({ maxLength });
const run = (from: number, to: number) =>
  Uint8Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe("COBS", () => {
  it("gives the examples of its authors' paper and of common implementations", () => {
    const encoded = (...data: number[]) => toHex(cobsEncode(Uint8Array.from(data)));
    assert.equal(encoded(), "01");
    assert.equal(encoded(0), "0101");
    assert.equal(encoded(0, 0), "010101");
    assert.equal(encoded(0x11, 0x22, 0, 0x33), "03112202" + "33");
    assert.equal(encoded(0x11, 0x22, 0x33, 0x44), "0511223344");
    assert.equal(encoded(0x11, 0, 0, 0), "0211010101");
    assert.equal(toHex(cobsEncode(run(1, 254))), `ff${toHex(run(1, 254))}`);
    assert.equal(toHex(cobsEncode(run(0, 254))), `01ff${toHex(run(1, 254))}`);
    assert.equal(toHex(cobsEncode(run(1, 255))), `ff${toHex(run(1, 254))}02ff`);
  });

  it("gives back what went in, with no zero between", () => {
    const mostlyZero = fc.array(fc.constantFrom(0, 0, 1, 255), { maxLength: 600 });
    fc.assert(
      fc.property(
        fc.oneof(
          bytes(600),
          mostlyZero.map((a) => Uint8Array.from(a)),
        ),
        (data) => {
          const stuffed = cobsEncode(data);
          assert.ok(!stuffed.includes(0));
          assert.deepEqual(cobsDecode(stuffed), data);
        },
      ),
    );
  });

  it("never fails on noise", () => {
    fc.assert(fc.property(bytes(300), (noise) => void cobsDecode(noise)));
  });
});

const FRAME: Frame = {
  kind: "data",
  address: 7,
  sequence: 200,
  acknowledge: 3,
  payload: run(0, 239),
};

describe("a frame of the wired transport", () => {
  it("fits its bound and comes back whole between two zeros", () => {
    const sent = encodeFrame(FRAME, 0x89abcdef);
    assert.equal(sent[0], 0);
    assert.equal(sent.at(-1), 0);
    const stuffed = sent.subarray(1, -1);
    assert.ok(stuffed.length <= STUFFED_MAX && !stuffed.includes(0));
    assert.deepEqual(decodeFrame(stuffed, 0x89abcdef), FRAME);
  });

  it("is noise under another link's number", () => {
    const stuffed = encodeFrame(FRAME, 1).subarray(1, -1);
    assert.equal(decodeFrame(stuffed, 2), undefined);
  });

  it("is noise with any bit changed, or cut anywhere", () => {
    const small = { ...FRAME, payload: run(1, 9) };
    const stuffed = encodeFrame(small, 5).subarray(1, -1);
    for (let at = 0; at < stuffed.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const bent = stuffed.slice();
        bent[at] = bent[at]! ^ (1 << bit);
        assert.equal(decodeFrame(bent, 5), undefined);
      }
      assert.equal(decodeFrame(stuffed.slice(0, at), 5), undefined);
    }
  });
});

/** Two sides and a line that loses and repeats frames as `fates` say. */
function converse(messages: readonly Uint8Array[], fates: readonly boolean[]) {
  const [gateway, node] = [new Exchange(), new Exchange()];
  for (const message of messages) assert.ok(node.send(message));
  const got: Uint8Array[] = [];
  let turn = 0;
  const arrives = () => fates[turn++ % fates.length] ?? true;
  const frame = (side: Exchange, kinds: readonly ["data" | "reply", "poll" | "idle"]) => {
    const piece = side.current();
    const kind = kinds[piece === undefined ? 1 : 0];
    const acknowledge = side.acknowledge;
    const payload = piece?.payload ?? new Uint8Array(0);
    return { kind, acknowledge, sequence: piece?.sequence ?? 0, payload };
  };
  for (let round = 0; round < 5_000 && node.busy; round++) {
    if (arrives()) node.receive(frame(gateway, ["data", "poll"]));
    else continue; // the node answers only what it hears
    if (!arrives()) continue;
    const whole = gateway.receive(frame(node, ["reply", "idle"]));
    if (whole !== undefined) got.push(whole);
  }
  return got;
}

describe("an exchange over a line that loses frames", () => {
  it("brings every message once, whole and in order", () => {
    const fates = fc.array(fc.boolean(), { minLength: 3, maxLength: 40 });
    const message = fc.uint8Array({ minLength: 0, maxLength: 900 });
    fc.assert(
      fc.property(fc.array(message, { maxLength: 6 }), fates, (messages, chances) => {
        const lucky = [...chances, true, true]; // not all is lost for ever
        assert.deepEqual(converse(messages, lucky), messages);
      }),
      { numRuns: 60 },
    );
  });

  it("counts round its sequence numbers", () => {
    const long = Array.from({ length: 12 }, (_, i) => new Uint8Array(239 * 30).fill(i));
    assert.deepEqual(converse(long, [true]), long);
  });

  it("takes nothing that is too long, and not without end", () => {
    const side = new Exchange();
    assert.equal(side.send(new Uint8Array(MESSAGE_MAX + 1)), false);
    let taken = 0;
    while (side.send(new Uint8Array(1))) taken++;
    assert.equal(taken, 32);
  });

  it("leaves out a message that has no end or no beginning, and takes the next one", () => {
    const side = new Exchange();
    let sequence = 0;
    const give = (flags: number, length: number) => {
      const payload = new Uint8Array(1 + length);
      payload[0] = flags;
      return side.receive({ kind: "data", sequence: sequence++ & 255, acknowledge: 0, payload });
    };
    give(1, 239);
    for (let i = 0; i < 400; i++) assert.equal(give(0, 239), undefined);
    assert.equal(give(2, 1), undefined);
    assert.equal(give(2, 1), undefined);
    assert.equal(give(3, 5)?.length, 5);
    const empty = new Uint8Array(0);
    const hollow = { kind: "data", sequence: sequence++ & 255, acknowledge: 0, payload: empty };
    assert.equal(side.receive(hollow as Frame), undefined);
    assert.equal(give(3, 5)?.length, 5);
  });
});

describe("messages of the wired transport", () => {
  const samples: readonly WiredMessage[] = [
    {
      kind: "request",
      id: 4_000_000_000,
      timeoutMs: 5_000,
      path: "identity_iot/ii_time",
      authorization: "Bearer abc.def",
      body: '{"ä":"€"}',
    },
    { kind: "response", id: 1, status: 429, contentType: "application/problem+json", body: "{}" },
    { kind: "failure", id: 0, reason: "network-timeout" },
  ];

  it("come back as they were written", () => {
    for (const sample of samples)
      assert.deepEqual(parseWiredMessage(writeWiredMessage(sample)), sample);
  });

  it("name endpoints only: no other host, no query, no step upwards", () => {
    const [request] = samples as [Extract<WiredMessage, { kind: "request" }>];
    const paths = [
      "",
      "/x",
      "x/",
      "a//b",
      "../x",
      "a/../b",
      "http://evil",
      "a?b",
      "a#b",
      "a b",
      "%2e",
    ];
    for (const path of [...paths, `${"a".repeat(129)}`]) {
      const bent = writeWiredMessage({ ...request, path });
      throwsCode(() => parseWiredMessage(bent), "malformed", "path");
    }
  });

  it("add no header by a line break in the token", () => {
    const [request] = samples as [Extract<WiredMessage, { kind: "request" }>];
    const bent = writeWiredMessage({ ...request, authorization: "Bearer x\r\nx-forwarded-for: y" });
    throwsCode(() => parseWiredMessage(bent), "malformed", "authorization");
  });

  it("are malformed, cut anywhere or made of noise, and nothing worse", () => {
    for (const sample of samples) {
      const whole = writeWiredMessage(sample);
      for (let at = 0; at < Math.min(whole.length, 24); at++)
        parses(() => parseWiredMessage(whole.slice(0, at)), "malformed");
    }
    fc.assert(
      fc.property(bytes(120), (noise) => void parses(() => parseWiredMessage(noise), "malformed")),
    );
  });
});
