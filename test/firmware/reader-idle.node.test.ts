/** When the reader says that nobody needs the processor: the board collects its garbage then. */
import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { readerConfig } from "../../firmware/config.ts";
import type { Platform } from "../../firmware/platform.ts";
import { NetworkModel } from "../../host-sim/net/network-model.ts";
import { Backend, SIM_BASE_URL } from "../../host-sim/node/backend.ts";
import { BadgeBox } from "../../host-sim/node/badge-box.ts";
import { deskReaderJson } from "../../host-sim/node/desk-reader.ts";
import { ReaderBoard } from "../../host-sim/reader-board.ts";
import { World } from "../../host-sim/world/world.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";

/** A board that has something to do when nothing else is. */
class BoardWithGarbage extends ReaderBoard {
  readonly idles: { readonly stage: string; readonly atUs: number }[] = [];

  protected override start(platform: Platform) {
    const { system } = platform;
    const idle = () =>
      void this.idles.push({ stage: this.reader!.state.stage, atUs: this.world.nowUs() });
    return super.start({ ...platform, system: { ...system, idle } });
  }
}

async function boot() {
  const idle = (): Promise<void> => new Promise((done) => setImmediate(done));
  const world = new World({ seed: "idle", idle });
  const backend = new Backend(world);
  const own = await backend.createTenant("Own");
  const badges = { alice: { kind: "good", mode: "STD", holder: "Alice" } } as const;
  const box = new BadgeBox({ world, issuer: backend, own, other: own, badges });
  const network = new NetworkModel({ world, backend: (request) => backend.handle(request) });
  const config = readerConfig(deskReaderJson(own.provisioning, SIM_BASE_URL));
  const board = new BoardWithGarbage({ world, config, network, crypto: nobleCrypto });
  board.powerOn();
  assert.ok(await world.run(() => board.reader?.state.stage === "ready", 20_000_000));
  return { world, board, box };
}

describe("a reader with nothing to do", () => {
  it("says so within two seconds of READY, and not while it boots", async () => {
    const { world, board } = await boot();
    assert.deepEqual(board.idles, []);
    await world.runFor(2_000_000);
    assert.ok(board.idles.length > 0);
  });

  it("says it from a second after a tap on, before the next, and never while one is under way", async () => {
    const { world, board, box } = await boot();
    const { card } = await box.get("alice");
    await world.runFor(3_000_000);
    for (let i = 0; i < 4; i++) {
      board.idles.length = 0;
      const { length } = board.reader!.taps;
      board.field.enter(card);
      assert.ok(await world.run(() => board.reader!.taps.length > length, 10_000_000));
      const endUs = world.nowUs();
      // In the field the card is a tap from when it is seen; what came before was truly idle.
      const during = board.idles.filter(({ stage }) => stage === "reading" || stage === "checking");
      assert.deepEqual(during, []);
      board.idles.length = 0;
      await world.runFor(300_000);
      board.field.leave(card);
      await world.runFor(1_800_000);
      const first = board.idles[0];
      assert.ok(first !== undefined, "the next tap would find the garbage of this one");
      assert.ok(first.atUs - endUs >= 1_000_000, `${first.atUs - endUs} µs`);
    }
    assert.ok(board.reader!.taps.every(({ granted }) => granted));
  });
});
