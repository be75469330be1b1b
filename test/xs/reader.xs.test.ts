/**
 * The whole reader on the real engine: firmware, drivers and the simulated board run in XS, the
 * service answers from outside. What is metered is the firmware together with the simulator's
 * models and noble's cryptography: a figure to compare from commit to commit, not that of the
 * device, whose cryptography is native (docs/xs.md).
 */
import assert from "node:assert/strict";
import { readerConfig } from "../../firmware/config.ts";
import { CryptoCost } from "../../host-sim/crypto-cost.ts";
import { readText } from "../../host-sim/display/read-text.ts";
import { NetworkModel } from "../../host-sim/net/network-model.ts";
import { type ChipSnapshot, restoreChip } from "../../host-sim/nfc/chip-snapshot.ts";
import { ReaderBoard } from "../../host-sim/reader-board.ts";
import { World } from "../../host-sim/world/world.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import type { HttpResponse } from "../../protocol/platform.ts";
import { metered } from "./shims/meter.ts";
import { callHost } from "./shims/prelude.ts";

declare const setImmediate: (callback: () => void) => void;

const host = (name: string, argument: unknown): unknown =>
  callHost({ type: "call", name, argument });

function makeBoard(seed: string): { world: World; board: ReaderBoard } {
  const world = new World({ seed, idle: () => new Promise((done) => setImmediate(done)) });
  const network = new NetworkModel({
    world,
    backend: async (request) => host("request", { request, nowUs: world.nowUs() }) as HttpResponse,
  });
  const { crypto } = new CryptoCost({ crypto: nobleCrypto, advance: (us) => world.advance(us) });
  const config = readerConfig(host("open", seed));
  return { world, board: new ReaderBoard({ world, config, network, crypto }) };
}

describe("the whole reader on XS", () => {
  const { world, board } = makeBoard("xs");
  const stage = (): string | undefined => board.reader?.state.stage;
  const reach = (wanted: string) => world.run(() => stage() === wanted, 20_000_000);
  const screen = (): string => readText(board.display!.bitmap()).join("\n");

  /** Holds a badge to the reader for three seconds. */
  async function tap(name: string): Promise<void> {
    const snapshot = host("badge", name) as ChipSnapshot;
    const card = restoreChip(snapshot, { crypto: nobleCrypto, random: world.rng(name) });
    const before = board.reader!.taps.length;
    const ended = (): boolean => board.reader!.taps.length > before;
    await metered(`reader: tap of ${name}`, async () => {
      board.field.enter(card);
      assert.ok(await world.run(ended, 10_000_000), "the tap ends");
    });
    await world.runFor(300_000);
    board.field.leave(card);
  }

  it("boots from power to REGISTERING", async () => {
    await metered("reader: boot to REGISTERING", async () => {
      board.powerOn();
      assert.ok(await reach("registering"), String(stage()));
    });
  });

  it("registers and authenticates", async () => {
    await metered("reader: REGISTERING to VERIFIED", async () => {
      assert.ok(await reach("verified"), String(stage()));
    });
    await metered("reader: VERIFIED to READY", async () => {
      assert.ok(await reach("ready"), String(stage()));
    });
    await world.runFor(200_000);
    assert.match(screen(), /READY/);
  });

  it("boots again without registering", async () => {
    board.powerOff();
    await world.runFor(1_000_000);
    await metered("reader: power to VERIFIED, known", async () => {
      board.powerOn();
      assert.ok(await reach("verified"), String(stage()));
    });
    assert.ok(await reach("ready"), String(stage()));
    await world.runFor(200_000);
  });

  it("opens the door for a good badge of each mode, and for a sealed one", async () => {
    for (const name of ["alice", "bob", "sam"]) {
      await tap(name);
      assert.match(screen(), /GRANTED/);
      assert.equal(board.relay.energised, true);
      await world.runFor(5_000_000);
      assert.equal(board.relay.energised, false);
    }
    assert.equal(board.relay.windows().length, 3);
  });

  it("keeps it shut for a revoked one", async () => {
    await tap("carol");
    assert.match(screen(), /DENIED/);
    assert.equal(board.relay.windows().length, 3);
  });
});
