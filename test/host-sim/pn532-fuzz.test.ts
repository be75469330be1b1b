import assert from "node:assert/strict";
import fc from "fast-check";
import { toHex } from "../../protocol/encoding/hex.ts";
import { ACK, Bench, chipFrame, fakeCard, hostFrame, NACK } from "./pn532-bench.ts";

/** What a host that has lost its mind does. */
type Deed =
  | { readonly kind: "write"; readonly hex: string }
  | { readonly kind: "read"; readonly length: number }
  | { readonly kind: "wait"; readonly ms: number }
  | { readonly kind: "card"; readonly there: boolean };

const soup = fc.uint8Array({ minLength: 1, maxLength: 40 }).map(toHex);
const framed = fc
  .tuple(
    fc.constantFrom(
      0x00,
      0x04,
      0x06,
      0x08,
      0x12,
      0x14,
      0x16,
      0x32,
      0x40,
      0x42,
      0x44,
      0x4a,
      0x52,
      0x54,
      0x60,
    ),
    fc.uint8Array({ maxLength: 12 }),
  )
  .map(([code, data]) => hostFrame(toHex(Uint8Array.of(code, ...data))));
const deed: fc.Arbitrary<Deed> = fc.oneof(
  fc.record({
    kind: fc.constant("write" as const),
    hex: fc.oneof(soup, framed, fc.constantFrom(ACK, NACK, hostFrame("1401"), hostFrame("4a0100"))),
  }),
  fc.record({ kind: fc.constant("read" as const), length: fc.integer({ min: 1, max: 280 }) }),
  fc.record({ kind: fc.constant("wait" as const), ms: fc.integer({ min: 0, max: 200 }) }),
  fc.record({ kind: fc.constant("card" as const), there: fc.boolean() }),
);

function perform(bench: Bench, card: ReturnType<typeof fakeCard>, deeds: readonly Deed[]): void {
  for (const it of deeds) {
    try {
      if (it.kind === "write") bench.write(it.hex);
      else if (it.kind === "read") bench.read(it.length);
    } catch (error) {
      // The bus may say no, the model must not fall over.
      assert.match((error as Error).message, /^(read|write) failed$/);
    }
    if (it.kind === "wait") bench.wait(it.ms);
    if (it.kind === "card") {
      if (!it.there) bench.field.leave(card);
      else if (!bench.field.present().includes(card)) bench.field.enter(card);
    }
  }
}

describe("PN532 model under random hosts", () => {
  it("never falls over nor hangs the world, and works again after RSTPD_N", () => {
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 30 }), (deeds) => {
        const bench = new Bench({ busyNack: 0.3 });
        const card = fakeCard();
        const startUs = bench.world.nowUs();
        perform(bench, card, deeds);
        // Each deed costs at most one bus timeout or its wait.
        assert.ok(bench.world.nowUs() - startUs <= deeds.length * 200_000);
        bench.field.leave(card);
        bench.pulseReset();
        assert.equal(bench.command("1401"), "15");
        assert.equal(bench.command("02"), "0332010607");
        bench.field.enter(card);
        assert.equal(bench.list(), "4b01010344200704518dfaa96180067777710280");
        assert.equal(bench.command("4001aa"), "4100aa9000");
      }),
      { numRuns: 150 },
    );
  });

  it("gives the same bytes for the same deeds", () => {
    fc.assert(
      fc.property(fc.array(deed, { maxLength: 15 }), (deeds) => {
        const run = (): string => {
          const bench = new Bench({ busyNack: 0.5, jitter: 0.1 });
          perform(bench, fakeCard(), deeds);
          return bench.world.trace.digest();
        };
        assert.equal(run(), run());
      }),
      { numRuns: 40 },
    );
  });

  it("notices any one flipped bit of a command: it is never taken for another", () => {
    const bytes = hostFrame("42112233445566");
    const last = bytes.length / 2 - 1;
    for (let bit = 0; bit <= last * 8 + 7; bit++) {
      const bench = Bench.awake({ spuriousNack: "ignore" });
      const effect = { kind: "bit-flip" as const, byte: bit >> 3, bit: bit & 7 };
      bench.bus.faults.add({ direction: "write", effect });
      bench.write(bytes);
      bench.wait(100);
      // Pre- and postamble may be anything; all else is covered by a checksum.
      const isPadding = bit >> 3 === 0 || bit >> 3 === last;
      assert.equal(bench.read(1), isPadding ? "01" : "00", `bit ${bit}`);
    }
  });
});

/** Commands and answers that Debian's libnfc 1.8.0 was seen to exchange with another model. */
const LIBNFC: readonly (readonly [string, string])[] = [
  ["0000ff03fdd414011700", "0000ff02fed5151600"],
  ["0000ff09f7d400006c69626e6663be00", "0000ff09f7d501006c69626e6663bc00"],
  ["0000ff02fed4022a00", "0000ff06fad50332010607e800"],
  ["0000ff03fdd412140600", "0000ff02fed5131800"],
  ["0000ff0cf4d406630263036" + "30d6338633db000", "0000ff07f9d50780800000002400"],
  ["0000ff04fcd4320100f900", "0000ff02fed533f800"],
  ["0000ff04fcd4320101f800", "0000ff02fed533f800"],
  ["0000ff06fad43205ffffff" + "f800", "0000ff02fed533f800"],
  ["0000ff06fad43205000102f200", "0000ff02fed533f800"],
  ["0000ff08f8d4086305406" + "33c10cd00", "0000ff02fed5092200"],
  ["0000ff04fcd44a0100e100", "0000ff15ebd54b010103442007" + "04518dfaa96180" + "0677777102802300"],
  ["0000ff03fdd44400e800", "0000ff03fdd54500e600"],
  ["0000ff03fdd45200da00", "0000ff03fdd55300d800"],
  ["0000ff03fdd416f02600", "0000ff03fdd517001400"],
];

describe("PN532 model and libnfc's exchange", () => {
  it("answers every command of nfc-list byte for byte", () => {
    const bench = new Bench();
    bench.wait(10);
    bench.field.enter(fakeCard());
    for (const [command, answer] of LIBNFC) {
      bench.write(command);
      assert.equal(bench.poll(7, 20), ACK, command);
      // The card needs 5 ms of field; libnfc comes later than that by itself.
      assert.equal(bench.poll(answer.length / 2 + 1), answer, command);
      bench.wait(5);
    }
    assert.equal(chipFrame("15"), LIBNFC[0]![1]);
  });
});
