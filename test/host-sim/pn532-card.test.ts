import assert from "node:assert/strict";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { Bench, fakeCard } from "./pn532-bench.ts";

const LISTED = "4b01010344200704518dfaa96180067777710280";

/** A bench with one card listed. */
function withCard(card = fakeCard(), behaviour = {}) {
  const bench = Bench.awake(behaviour);
  const faults = bench.field.enter(card);
  assert.equal(bench.list().slice(0, 12), "4b0101034420");
  return { bench, card, faults };
}

describe("PN532 model, cards", () => {
  it("lists a card with SENS_RES, SEL_RES, NFCID1 and ATS", () => {
    const bench = Bench.awake();
    bench.field.enter(fakeCard());
    assert.equal(bench.list(), LISTED);
  });

  it("lists a random UID of four bytes, another one after each loss of the field", () => {
    const bench = Bench.awake();
    let turn = 0;
    const card = {
      ...fakeCard(),
      atqa: 0x0304,
      uid: fromHex("08000000"),
      fieldOn() {
        this.uid = Uint8Array.of(0x08, 0x11, 0x22, ++turn);
      },
    };
    bench.field.enter(card);
    assert.equal(bench.list(), "4b010103042004081122" + "01067777710280");
    bench.command("320100");
    assert.equal(bench.list(), "4b010103042004081122" + "02067777710280");
  });

  it("looks for a card as often as MxRtyPassiveActivation says, 145.5 ms each", () => {
    const bench = Bench.awake({ commandUs: { 74: 0 } });
    bench.command("3205ff0120");
    bench.send("4a0100");
    const startUs = bench.world.nowUs();
    assert.equal(bench.receive(6000), "4b00");
    // The measured 4.8 s for 0x20.
    assert.ok(Math.abs(bench.world.nowUs() - startUs - 4_806_000) < 50_000);
  });

  it("looks for ever after a reset, until a card comes", () => {
    const bench = Bench.awake();
    bench.send("4a0100");
    bench.wait(20_000);
    assert.equal(bench.tryRead(1), "00");
    bench.field.enter(fakeCard());
    assert.equal(bench.receive(200), LISTED);
  });

  it("does not find a card again that it has activated, until the field was off", () => {
    const { bench } = withCard();
    assert.equal(bench.list(), "4b00");
    assert.equal(bench.command("320100"), "33");
    assert.equal(bench.command("320101"), "33");
    bench.wait(6);
    assert.equal(bench.list(), LISTED);
  });

  it("finds a halted card by its UID only", () => {
    const { bench, card } = withCard();
    assert.equal(bench.command("5200"), "5300");
    assert.equal(card.heard.at(-1), "deselect");
    assert.equal(bench.list(), "4b00");
    assert.equal(bench.command("4a01008804518dfaa96180"), LISTED);
  });

  it("leaves RATS to the host when SetParameters says so", () => {
    const bench = Bench.awake();
    bench.command("1204");
    bench.field.enter(fakeCard());
    assert.equal(bench.list(), "4b01010344200704518dfaa96180");
  });

  it("exchanges data and gives status 00", () => {
    const { bench, card } = withCard();
    assert.equal(bench.command("400100a40000"), "410000a400009000");
    assert.equal(card.heard.at(-1), "00a40000");
  });

  it("chains to the card and back by frame sizes, 258 bytes of answer in an extended frame", () => {
    const answer = "cd".repeat(256);
    const card = fakeCard("04518dfaa96180", () => fromHex(`${answer}9000`));
    const { bench } = withCard(card);
    const before = bench.chip.stats.airBytes;
    const long = "ab".repeat(250);
    assert.equal(bench.command(`4001${long}`), `4100${answer}9000`);
    assert.equal(card.heard.at(-1), long);
    // 250 bytes in blocks of 125 and 258 in blocks of 61: PCB and CRC each, and the R(ACK)s.
    const toCard = 250 + 2 * 3 + 3;
    const toHost = 258 + 5 * 3 + 4 * 3;
    assert.equal(bench.chip.stats.airBytes - before, toCard + toHost);
  });

  it("takes data in parts from the host: MI in Tg", () => {
    const { bench, card } = withCard();
    assert.equal(bench.command("4041aabb"), "4100");
    assert.equal(bench.command("4041cc"), "4100");
    assert.equal(bench.command("4001dd"), "4100aabbccdd9000");
    assert.equal(card.heard.at(-1), "aabbccdd");
  });

  it("forgets the parts that it has when the card is deselected", () => {
    const { bench, card } = withCard();
    assert.equal(bench.command("4041aabb"), "4100");
    assert.equal(bench.command("4401"), "4500");
    assert.equal(bench.command("4001cc"), "4100cc9000");
    assert.equal(card.heard.at(-1), "cc");
  });

  it("gives an answer in parts that does not fit one frame: MI in the status", () => {
    const bytes = Uint8Array.from({ length: 600 }, (_, i) => i & 255);
    const { bench } = withCard(fakeCard("04518dfaa96180", () => bytes));
    const parts = [bench.command("400100"), bench.command("4001"), bench.command("4001")];
    assert.deepEqual(
      parts.map((part) => [part.slice(0, 4), part.length / 2 - 2]),
      [
        ["4140", 262],
        ["4140", 262],
        ["4100", 76],
      ],
    );
    assert.equal(parts.map((part) => part.slice(4)).join(""), toHex(bytes));
  });

  it("says 27 for a target that it does not have", () => {
    const bench = Bench.awake();
    assert.equal(bench.command("400100"), "4127");
    assert.equal(bench.command("5401"), "5527");
    assert.equal(bench.command("4402"), "4527");
    assert.equal(bench.command("5200"), "5300");
  });

  it("says 01 when the card left between ACK and response, after the frame waiting time", () => {
    const { bench, card } = withCard();
    bench.send("400100");
    const startUs = bench.world.nowUs();
    bench.world.after(100, () => bench.field.leave(card));
    assert.equal(bench.receive(), "4101");
    assert.ok(bench.world.nowUs() - startUs > 38_660);
    assert.equal(bench.list(), "4b00");
  });

  it("notices a card that leaves at any moment of an exchange, and takes the next one", () => {
    const outcomes = new Set<string>();
    for (let us = 0; us < 6000; us += 97) {
      const { bench, card } = withCard();
      bench.send("4001112233");
      bench.world.after(us, () => bench.field.leave(card));
      const answer = bench.receive();
      outcomes.add(answer);
      assert.match(answer, /^41(01|02|00(112233)9000)$/);
      bench.field.enter(fakeCard("04aabbccddeeff"));
      assert.equal(bench.list().slice(0, 26), "4b01010344200704aabbccddeeff".slice(0, 26));
    }
    assert.ok(outcomes.has("4101") && outcomes.has("41001122339000"));
  });

  it("lists the first card when it comes in mid-search, at the next try", () => {
    const bench = Bench.awake();
    bench.send("4a0100");
    bench.world.after(200_000, () => bench.field.enter(fakeCard()));
    assert.equal(bench.receive(500), LISTED);
  });

  it("resolves two cards and lists both when asked for two", () => {
    const bench = Bench.awake();
    bench.field.enter(fakeCard());
    bench.field.enter(fakeCard("04aabbccddeeff"));
    bench.command("3205ff0100");
    const both = bench.command("4a0200");
    assert.equal(both.slice(0, 4), "4b02");
    assert.ok(both.includes("04518dfaa96180") && both.includes("04aabbccddeeff"));
    const first = both.slice(6).startsWith("0344200704518d") ? "04518dfaa96180" : "04aabbccddeeff";
    assert.equal(bench.command("4001aa"), "4100aa9000");
    assert.equal(bench.command("4002bb"), "4100bb9000");
    assert.equal(bench.command("4001cc"), "4100cc9000");
    assert.ok(first.length > 0);
  });

  it("lists one card as one when asked for two, and it still answers", () => {
    const bench = Bench.awake();
    bench.field.enter(fakeCard());
    bench.command("3205ff0100");
    assert.equal(bench.command("4a0200"), LISTED);
    assert.equal(bench.command("4001aa"), "4100aa9000");
  });

  it("deselects and selects again: the card loses its session, not its power", () => {
    const { bench, card } = withCard();
    assert.equal(bench.command("4401"), "4500");
    assert.deepEqual(card.heard, ["on", "deselect"]);
    assert.equal(bench.command("5401"), "5500");
    assert.equal(bench.command("4001aa"), "4100aa9000");
    assert.equal(bench.command("4401"), "4500");
    assert.equal(bench.command("4001bb"), "4100bb9000", "an exchange selects by itself");
    assert.equal(bench.command("5201"), "5300");
    assert.equal(bench.command("4001cc"), "4127");
  });

  it("grants a slow card the time that it asks for with S(WTX)", () => {
    const { bench, faults } = withCard();
    faults.extraTimeUs = 300_000;
    bench.send("4001aa");
    const startUs = bench.world.nowUs();
    assert.equal(bench.receive(), "4100aa9000");
    assert.ok(bench.world.nowUs() - startUs > 300_000);
  });

  it("says 01 for a mute card and 02 for a garbled answer", () => {
    const { bench, faults } = withCard();
    faults.garbledFrames = 1;
    assert.equal(bench.command("4001aa"), "4102");
    faults.mute = true;
    assert.equal(bench.command("4001aa"), "4101");
  });

  it("hands on an ATS that is not the data sheet's", () => {
    const bench = Bench.awake();
    bench.field.enter(fakeCard(), { ats: fromHex("0575807080") });
    assert.equal(bench.list(), "4b01010344200704518dfaa961800575807080");
  });

  it("resets the card when the field goes off and on", () => {
    const { bench, card } = withCard();
    bench.command("320100");
    bench.command("320101");
    assert.deepEqual(card.heard, ["on", "off", "on"]);
    assert.equal(bench.command("4001aa"), "4101", "the card knows nothing of its activation");
  });

  it("reports the status that a fault forces, and its drivers are off when it is hot", () => {
    const { bench } = withCard();
    bench.chip.forcedStatus = 0x0d;
    assert.equal(bench.command("4001aa"), "410d");
    assert.equal(bench.field.isOn, false);
    assert.equal(bench.command("04").slice(0, 6), "050d00");
  });

  it("asks a card whether it is still there without disturbing it: Diagnose 06", () => {
    const { bench, card } = withCard();
    assert.equal(bench.command("0006"), "0100");
    assert.deepEqual(card.heard, ["on"]);
    assert.equal(bench.command("4001aa"), "4100aa9000");
    bench.field.leave(card);
    assert.equal(bench.command("0006"), "0101");
  });

  it("sends raw frames: REQA by hand through registers and InCommunicateThru", () => {
    const bench = Bench.awake();
    bench.field.enter(fakeCard());
    bench.command("320101");
    bench.wait(6);
    bench.command("08630200630300633d07");
    assert.equal(bench.command("4226"), "43004403");
    bench.command("08633d00");
    assert.equal(bench.command("429320").slice(0, 6), "430088");
    bench.command("320100");
    assert.equal(bench.command("429320"), "4301");
  });

  it("reports what it has listed: GetGeneralStatus", () => {
    const { bench } = withCard();
    assert.equal(bench.command("04"), "050001010100000000");
  });

  it("keeps a target of 106 kbit/s for itself and finds none of the other kinds", () => {
    const bench = Bench.awake();
    bench.field.enter(fakeCard());
    bench.command("3205ff0100");
    assert.equal(bench.command("4a010100ffff0000"), "4b00");
    assert.equal(bench.command("4a010300"), "4b00");
    assert.equal(bench.command("4a0104"), "4b00");
  });

  it("polls by itself, type by type, until a card of one of them comes: InAutoPoll", () => {
    const bench = Bench.awake();
    bench.send("60ff01112010");
    bench.wait(1000);
    assert.equal(bench.tryRead(1), "00");
    bench.field.enter(fakeCard());
    assert.equal(bench.receive(), `61012012${LISTED.slice(4)}`);
    assert.equal(bench.command("4001aa"), "4100aa9000");
    assert.equal(bench.command("60020111"), "6100");
    bench.send("60000120");
    assert.equal(bench.poll(9), "0000ff01ff7f8100");
  });

  it("passes a card over that is of another kind than it polls for, without losing it", () => {
    const bench = Bench.awake();
    bench.field.enter(fakeCard());
    assert.equal(bench.command("60020110"), "6100");
    assert.equal(bench.command("6002011020"), `61012012${LISTED.slice(4)}`);
  });

  it("accounts for the air: two block exchanges take what their bits take at 106 kbit/s", () => {
    const { bench } = withCard();
    const before = bench.chip.stats;
    bench.command("4001aabbccdd");
    const after = bench.chip.stats;
    assert.equal(after.airBytes - before.airBytes, 1 + 4 + 2 + (1 + 6 + 2));
    const etu = 128 / 13.56;
    const bits = 1 + 7 * 9 + 2 + (1 + 9 * 9 + 1);
    assert.ok(Math.abs(after.airUs - before.airUs - bits * etu) < 1);
    assert.equal(after.firmwareUs - before.firmwareUs, 1100);
    assert.ok(after.cardUs - before.cardUs > 800);
  });
});
