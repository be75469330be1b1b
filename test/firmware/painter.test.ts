import assert from "node:assert/strict";
import { RingLog } from "../../firmware/log.ts";
import { Painter } from "../../firmware/reader/painter.ts";
import type { Screen } from "../../firmware/reader/screens.ts";
import { Framebuffer } from "../../hal/framebuffer.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { VirtualTime } from "../hal/virtual-time.ts";

const SCREEN: Screen = { left: "", right: "", title: "READY", lines: [] };

/** A panel that takes eight slices for a picture, and can be unplugged. */
class ScriptedPanel {
  readonly framebuffer = new Framebuffer(128, 64);
  readonly slices: number[] = [];
  readonly time = new VirtualTime();
  readonly log = new RingLog({ clock: this.time.clock });
  readonly painter = new Painter({ panel: this, timer: this.time.timer, log: this.log });
  plugged = true;
  #left = 8;

  async open(): Promise<void> {
    this.configure();
  }

  configure(): void {
    if (!this.plugged) throw new LatchkeyError("display-absent");
    this.#left = 8;
  }

  flushSlice(): boolean {
    if (!this.plugged) throw new LatchkeyError("display-absent");
    this.slices.push(this.time.nowMs);
    this.#left--;
    return this.#left > 0;
  }
}

describe("the painter", () => {
  it("sends a picture slice by slice, with the event loop's turn in between", async () => {
    const panel = new ScriptedPanel();
    await panel.painter.open();
    panel.painter.show(SCREEN);
    await panel.time.pass(100);
    assert.equal(panel.slices.length, 8);
    for (let i = 1; i < 8; i++) assert.ok(panel.slices[i]! > panel.slices[i - 1]!);
  });

  it("does not look at what is shown already, and at all that may be different", async () => {
    const panel = new ScriptedPanel();
    await panel.painter.open();
    const first: Screen = { left: "a", right: "b", title: "c", lines: ["d", "e"] };
    const qr = { size: 1, modules: [true] } as unknown as NonNullable<Screen["qr"]>;
    const others: Screen[] = [
      { ...first, left: "" },
      { ...first, right: "" },
      { ...first, title: "" },
      { ...first, lines: ["d"] },
      { ...first, lines: ["d", "f"] },
      { ...first, qr },
    ];
    for (const other of others) {
      panel.painter.show(first);
      await panel.time.pass(100);
      const { length } = panel.slices;
      panel.painter.show({ ...first, lines: [...first.lines] });
      await panel.time.pass(100);
      assert.equal(panel.slices.length, length);
      panel.painter.show(other);
      await panel.time.pass(100);
      assert.ok(panel.slices.length > length, JSON.stringify(other));
    }
  });

  it("draws nothing while somebody needs the CPU, and goes on afterwards", async () => {
    const panel = new ScriptedPanel();
    await panel.painter.open();
    panel.painter.hold();
    panel.painter.hold();
    panel.painter.show(SCREEN);
    await panel.time.pass(50);
    panel.painter.release();
    await panel.time.pass(50);
    assert.deepEqual(panel.slices, []);
    panel.painter.release();
    await panel.time.pass(50);
    assert.equal(panel.slices.length, 8);
  });

  it("looks for a display that is absent, says so once, and shows what is due", async () => {
    const panel = new ScriptedPanel();
    panel.plugged = false;
    await panel.painter.open();
    panel.painter.show(SCREEN);
    panel.painter.hold();
    await panel.time.pass(20_000);
    panel.painter.release();
    assert.equal(panel.painter.absent, true);
    panel.plugged = true;
    await panel.time.pass(6_000);
    assert.equal(panel.painter.absent, false);
    assert.equal(panel.slices.length, 8);
    const events = panel.log.last(10).map(({ event }) => event);
    assert.deepEqual(events, ["display-absent", "display-found"]);
  });

  it("outlives a display that is pulled off in the middle", async () => {
    const panel = new ScriptedPanel();
    await panel.painter.open();
    panel.painter.show(SCREEN);
    await panel.time.pass(2);
    panel.plugged = false;
    await panel.time.pass(10_000);
    panel.plugged = true;
    panel.slices.length = 0;
    await panel.time.pass(6_000);
    assert.equal(panel.slices.length, 8);
  });

  it("leaves no timer behind", async () => {
    for (const plugged of [true, false]) {
      const panel = new ScriptedPanel();
      panel.plugged = plugged;
      await panel.painter.open();
      panel.painter.show(SCREEN);
      panel.painter.close();
      assert.equal(panel.time.timersSet, 0);
    }
  });
});
