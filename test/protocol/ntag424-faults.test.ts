/** A line, a card or somebody in between that does not do as it should: never accepted. */
import assert from "node:assert/strict";
import fc from "fast-check";
import type { ErrorCode } from "../../protocol/error-codes.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { encodeResponse, type Transceive } from "../../protocol/nfc/apdu.ts";
import {
  getCardUid,
  getFileCounters,
  getKeyVersion,
  getVersion,
  identifyNtag424,
  readSignature,
} from "../../protocol/ntag424/card-facts.ts";
import { changeKey } from "../../protocol/ntag424/change-key.ts";
import { readData, writeData } from "../../protocol/ntag424/file-data.ts";
import { Session } from "../../protocol/ntag424/session.ts";
import { rejectsCode } from "./error-code.ts";
import { filled, flipBit } from "./nfc-expect.ts";
import { CARD_UID, TestCard } from "./ntag424-card.ts";
import { cardHolder as holder, cardSecret as secret } from "./ntag424-scripted.ts";

type Messaging = "aes" | "lrp";

/** What may be said of an exchange that was tampered with. */
const CODES: readonly ErrorCode[] = [
  "apdu-malformed",
  "card-protocol",
  "card-status",
  "card-desync",
  "card-mac-invalid",
  "card-key-wrong",
  "card-proof-invalid",
  "card-auth-refused",
  "card-auth-delay",
  "card-session-ended",
];

const place = { fileNo: 3, mode: "full" as const };

/** A conversation of 10 answers (3 of them GetVersion's), with every mode and shape. */
const ANSWERS = 10;
async function converse(card: TestCard, messaging: Messaging, opened: (it: Session) => void) {
  const options = { keyNo: 0, messaging, delayRetriesMax: 2 };
  const session = await Session.open(card.transceive, holder, options);
  opened(session);
  await getVersion(session);
  await getCardUid(session);
  await readData(session, place, 20);
  await writeData(session, place, filled(20, 9));
  await readSignature(session);
  await getKeyVersion(session, 2);
}

/** Runs it with the n-th answer replaced; it must fail with one of our codes, and end there. */
async function converseTampered(
  messaging: Messaging,
  at: number,
  replace: (answer: Uint8Array, before: readonly Uint8Array[]) => Uint8Array,
): Promise<ErrorCode | undefined> {
  const card = new TestCard(messaging);
  const answers: Uint8Array[] = [];
  let changed = false;
  card.tamper = (answer, index) => {
    answers.push(answer);
    if (index !== at) return answer;
    const other = replace(answer, answers.slice(0, -1));
    changed = other.length !== answer.length || other.some((byte, i) => byte !== answer[i]);
    return other;
  };
  let session: Session | undefined;
  try {
    await converse(card, messaging, (it) => {
      session = it;
    });
  } catch (error) {
    assert.ok(error instanceof LatchkeyError, String(error));
    assert.ok(CODES.includes(error.code), error.code);
    assert.notEqual(session?.closed, false);
    // Nothing more is sent once it failed, save what part 1 allows.
    assert.ok(card.seen.length <= at + 3, `${card.seen.length} commands after a fault at ${at}`);
    return error.code;
  }
  assert.equal(changed, false, `a changed answer ${at} was accepted`);
  return undefined;
}

describe("an answer that was tampered with", () => {
  for (const messaging of ["aes", "lrp"] as const) {
    const numRuns = messaging === "aes" ? 50 : 6; // LRP is AES 33 times over

    it(`by one bit, anywhere, is not accepted (${messaging})`, async () => {
      const bits = fc.nat({ max: 10_000 });
      await fc.assert(
        fc.asyncProperty(fc.nat({ max: ANSWERS - 1 }), bits, async (at, bit) => {
          // 91AF with one bit changed is 91AD, "ask again later": then the driver does, and rightly.
          let saysLater = false;
          const flip = (answer: Uint8Array) => {
            const flipped = flipBit(answer, bit % (answer.length * 8));
            saysLater = flipped.at(-2) === 0x91 && flipped.at(-1) === 0xad;
            return flipped;
          };
          const code = await converseTampered(messaging, at, flip).catch((error: unknown) => {
            if (!saysLater) throw error;
            return "asked again";
          });
          assert.notEqual(code, undefined);
        }),
        { numRuns },
      );
    });

    it(`by cutting it short, or adding to it, is not accepted (${messaging})`, async () => {
      const change = fc.oneof(fc.integer({ min: -60, max: -1 }), fc.integer({ min: 1, max: 20 }));
      await fc.assert(
        fc.asyncProperty(fc.nat({ max: ANSWERS - 1 }), change, async (at, by) => {
          const cut = (answer: Uint8Array) => {
            const data = new Uint8Array(Math.max(0, answer.length - 2 + by));
            data.set(answer.subarray(0, Math.min(data.length, answer.length - 2)));
            const sw = (answer.at(-2)! << 8) | answer.at(-1)!;
            return encodeResponse({ data, sw });
          };
          await converseTampered(messaging, at, cut);
        }),
        { numRuns },
      );
    });

    it(`by an earlier answer in its place is not accepted (${messaging})`, async () => {
      for (let at = 2; at < ANSWERS; at += messaging === "aes" ? 1 : 3)
        for (let from = 0; from < at; from += messaging === "aes" ? 1 : 3)
          await converseTampered(messaging, at, (_, before) => before[from]!);
    });
  }

  it("by any status word is not accepted", async () => {
    // To the first command 91AD means "send it again", which works then.
    for (const sw of [0x9000, 0x9100, 0x9190, 0x91ad, 0x91ae, 0x91af, 0x911e, 0x6d00])
      for (let at = sw === 0x91ad ? 1 : 0; at < ANSWERS; at++)
        await converseTampered("aes", at, () => encodeResponse({ data: new Uint8Array(0), sw }));
  });

  it("by a MAC of nothing is a missing MAC", async () => {
    const bare = () => Uint8Array.of(0x91, 0x00);
    assert.equal(await converseTampered("aes", 7, bare), "card-mac-invalid");
  });

  it("by random bytes is not accepted", async () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: ANSWERS - 1 }), bytes, async (at, answer) => {
        await converseTampered("aes", at, () => answer);
      }),
      { numRuns: 40 },
    );
  });
});

describe("a session that goes wrong", () => {
  it("is over when the card leaves, and the error is the line's own", async () => {
    const card = new TestCard();
    let gone = false;
    const transceive: Transceive = (apdu) =>
      gone ? Promise.reject(new LatchkeyError("badge-moved")) : card.transceive(apdu);
    const session = await Session.open(transceive, holder, { keyNo: 0 });
    gone = true;
    await rejectsCode(getCardUid(session), "badge-moved");
    gone = false;
    await rejectsCode(getCardUid(session), "card-session-ended");
    assert.equal(card.seen.length, 2);
  });

  it("says that the two sides count differently when the chip finds so", async () => {
    const card = new TestCard();
    let swallow = false;
    const transceive: Transceive = async (apdu) => {
      // Somebody sends a command of ours twice: the chip has counted on.
      if (swallow) await card.transceive(apdu);
      return await card.transceive(apdu);
    };
    const session = await Session.open(transceive, holder, { keyNo: 0 });
    await getKeyVersion(session, 1);
    swallow = true;
    await rejectsCode(getCardUid(session), "card-desync");
    assert.equal(session.closed, true);
  });

  it("keeps the chip's own word for a refusal", async () => {
    const card = new TestCard();
    card.tamper = (answer, index) => (index === 2 ? Uint8Array.of(0x91, 0x9d) : answer);
    const session = await Session.open(card.transceive, holder, { keyNo: 0 });
    const error = await rejectsCode(getFileCounters(session, 2), "card-status");
    assert.deepEqual(error.detail, {
      sw: "919d",
      name: "permission-denied",
      instruction: "GetFileCounters",
    });
    assert.equal(session.closed, true);
  });

  it("is not proved by the bare answer to a change of its own key", async () => {
    const card = new TestCard();
    card.tamper = (answer, index) => (index === 2 ? Uint8Array.of(0x91, 0x00) : answer);
    const change = { keyNo: 4, newKey: secret(1), oldKey: secret(0x14), newVersion: 1 };
    const session = await Session.open(card.transceive, holder, { keyNo: 0 });
    // For another key the MAC is there, so it must be.
    await rejectsCode(changeKey(session, change), "card-mac-invalid");
  });
});

/** A card that answers every APDU with the same, and remembers what it was asked. */
function stubbornCard(...answers: Uint8Array[]): { transceive: Transceive; asked: number[] } {
  const asked: number[] = [];
  const transceive: Transceive = async (apdu) => {
    asked.push(apdu[1]!);
    return answers[Math.min(asked.length, answers.length) - 1]!;
  };
  return { transceive, asked };
}

describe("a card that is no NTAG 424 DNA", () => {
  const ok = Uint8Array.of(0x90, 0x00);

  it("is told apart before anything is tried on it", async () => {
    const desfire = encodeResponse({ data: Uint8Array.of(4, 1, 1, 0x12, 0, 0x1a, 5), sw: 0x91af });
    const last = encodeResponse({ data: filled(14, 4), sw: 0x9100 });
    const cards: readonly [ErrorCode, number[], Uint8Array[]][] = [
      // A phone, or a Type 4 tag of another make: no such application.
      ["card-unsupported", [0xa4], [Uint8Array.of(0x6a, 0x82)]],
      // A tag with a generic NDEF application.
      ["card-unsupported", [0xa4, 0x60], [ok, Uint8Array.of(0x6d, 0x00)]],
      ["card-unsupported", [0xa4, 0x60], [ok, Uint8Array.of(0x6e, 0x00)]],
      ["card-unsupported", [0xa4, 0x60, 0xaf, 0xaf], [ok, desfire, desfire, last]],
      ["card-status", [0xa4], [Uint8Array.of(0x69, 0x85)]],
      ["card-protocol", [0xa4, 0x60], [ok, Uint8Array.of(0x91, 0x00)]],
      ["apdu-malformed", [0xa4], [new Uint8Array(0)]],
      // More frames than there are.
      ["card-status", [0xa4, 0x60, 0xaf, 0xaf], [ok, desfire]],
    ];
    for (const [code, instructions, answers] of cards) {
      const card = stubbornCard(...answers);
      await rejectsCode(identifyNtag424(card.transceive), code);
      assert.deepEqual(card.asked, instructions);
    }
  });

  it("is taken for one when it is one", async () => {
    const card = new TestCard();
    const version = await identifyNtag424((apdu) =>
      apdu[1] === 0xa4 ? Promise.resolve(ok) : card.transceive(apdu),
    );
    assert.deepEqual(version.uid, CARD_UID);
  });

  it("fails an authentication without a second try", async () => {
    for (const [answer, code] of [
      [Uint8Array.of(0x6d, 0x00), "card-status"],
      [Uint8Array.of(0x91, 0xaf), "card-protocol"],
      [encodeResponse({ data: filled(8, 1), sw: 0x91af }), "card-protocol"],
      [encodeResponse({ data: filled(17, 2), sw: 0x91af }), "card-auth-refused"],
      [Uint8Array.of(0x90), "apdu-malformed"],
    ] as const) {
      const card = stubbornCard(answer);
      await rejectsCode(Session.open(card.transceive, holder, { keyNo: 0 }), code);
      assert.deepEqual(card.asked, [0x71]);
    }
  });
});
