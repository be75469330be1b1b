import assert from "node:assert/strict";
import { type CardChannel, CardSession, expectedAnswerBytes } from "../../hal/pn532/iso-dep.ts";
import { PN532_STATUSES, statusError } from "../../hal/pn532/status.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";

const TARGET = {
  tg: 1,
  atqa: 0x0344,
  sak: 0x20,
  uid: fromHex("04518dfaa96180"),
  ats: fromHex("067777710280"),
};

function session(answer: () => Uint8Array, present = true, sak = 0x20) {
  const asked: (number | undefined)[] = [];
  const channel: CardChannel = {
    inDataExchange: async (_tg, _data, options) => {
      asked.push(options?.expectBytes);
      return answer();
    },
    isPresent: async () => present,
  };
  return { asked, card: new CardSession(channel, { ...TARGET, sak }) };
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => "ok",
    (error) => (isLatchkeyError(error) ? error.code : String(error)),
  );
}

describe("Card session", () => {
  it("takes the length to read from the APDU's Le", () => {
    const expected = (hex: string) => expectedAnswerBytes(fromHex(hex));
    assert.equal(expected("00a4040c"), 2, "case 1");
    assert.equal(expected("00b0840040"), 66, "case 2");
    assert.equal(expected("00b0840000"), 258, "READ BINARY of all there is");
    assert.equal(expected("00d6840002abcd"), 2, "case 3");
    assert.equal(expected("00a4040007d276000085010100"), 2, "SELECT answers with its status");
    assert.equal(expected("9060000000"), undefined, "native commands always say 00");
    assert.equal(expected(""), 2);
    assert.equal(expected("00b084000405"), 2, "not an APDU: the card will say so");
  });

  it("a caller who knows better is believed", async () => {
    const { card, asked } = session(() => fromHex("9000"));
    await card.transceive(fromHex("00b0840000"), { expectBytes: 100 });
    await card.transceive(fromHex("00b0840010"));
    assert.deepEqual(asked, [100, 18]);
  });

  it("a card without ISO-DEP takes no APDUs", async () => {
    const { card } = session(() => fromHex("9000"), true, 0x08);
    assert.equal(card.isoDep, false);
    assert.equal(await codeOf(card.transceive(fromHex("00a4040c"))), "card-unsupported");
  });

  it("an answer without status word is card-protocol", async () => {
    const { card } = session(() => fromHex("90"));
    assert.equal(await codeOf(card.transceive(fromHex("00a4040c"))), "card-protocol");
  });

  it("after an error every further APDU gets the same one", async () => {
    let works = false;
    const { card } = session(() => {
      if (works) return fromHex("9000");
      throw statusError(0x2b, "InDataExchange");
    });
    const first = await card.transceive(fromHex("00a4040c")).catch((error) => error);
    works = true;
    const second = await card.transceive(fromHex("00a4040c")).catch((error) => error);
    assert.equal(first, second);
    assert.equal(card.broken, first);
    assert.equal(toHex(card.uid), "04518dfaa96180");
  });

  const whenThere: Readonly<Record<number, string>> = {
    1: "card-timeout",
    10: "badge-moved",
    13: "pn532-status",
    37: "badge-moved",
    39: "badge-moved",
    41: "badge-moved",
    42: "badge-changed",
    43: "badge-moved",
    45: "pn532-status",
  };
  for (const status of PN532_STATUSES) {
    const there = whenThere[status] ?? "card-protocol";
    const gone = there === "card-protocol" || status === 1 ? "badge-moved" : there;
    const hex = status.toString(16).padStart(2, "0");
    it(`status ${hex} is ${there} while the card answers, else ${gone}`, async () => {
      for (const [present, wanted] of [
        [true, there],
        [false, gone],
      ] as const) {
        const { card } = session(() => {
          throw statusError(status, "InDataExchange");
        }, present);
        assert.equal(await codeOf(card.transceive(fromHex("00a4040c"))), wanted);
      }
    });
  }
});
