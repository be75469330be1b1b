import assert from "node:assert/strict";
import fc from "fast-check";
import { ADVANCE, GLYPH_HEIGHT, GLYPH_WIDTH, glyphColumn } from "../../hal/font.ts";
import { Framebuffer, textWidth } from "../../hal/framebuffer.ts";
import { SSD1306 } from "../../hal/ssd1306.ts";
import { I2CBus } from "../../host-sim/board/i2c-bus.ts";
import { boardIo } from "../../host-sim/board/io.ts";
import { Pins } from "../../host-sim/board/pins.ts";
import { isLit } from "../../host-sim/display/bitmap.ts";
import { showsText } from "../../host-sim/display/read-text.ts";
import { Ssd1306Model } from "../../host-sim/display/ssd1306-model.ts";
import type { QueuedEvent } from "../../host-sim/world/event-queue.ts";
import { World } from "../../host-sim/world/world.ts";

const RESET = 12;

function panel(wired = true) {
  const world = new World({ seed: "display", idle: () => Promise.resolve() });
  const pins = new Pins(world);
  const bus = new I2CBus({ world, pins, data: 2, clock: 3, name: "i2c1" });
  const model = new Ssd1306Model({ world, reset: pins.pin(RESET) });
  if (wired) bus.attach(model);
  const io = boardIo({ pins, buses: [bus], digital: { initialValue: false } });
  const timer = {
    set: (run: () => void, delayMs: number) => world.task(delayMs * 1000, run),
    clear: (handle: object | number) => world.cancel(handle as QueuedEvent),
  };
  const display = new SSD1306({
    i2c: { io: io.I2C, data: 2, clock: 3 },
    reset: { io: io.Digital, pin: RESET },
    timer,
  });
  async function open() {
    let done = false;
    const opening = display.open().finally(() => {
      done = true;
    });
    opening.catch(() => undefined);
    await world.run(() => done, 1_000_000);
    return opening;
  }
  /** Every pixel of the glass against every pixel of the framebuffer. */
  function assertShown() {
    const bitmap = model.bitmap();
    for (let y = 0; y < 64; y++)
      for (let x = 0; x < 128; x++)
        if (isLit(bitmap, x, y) !== display.framebuffer.getPixel(x, y))
          assert.fail(`pixel ${x},${y} differs`);
  }
  return { world, bus, model, display, open, assertShown };
}

describe("SSD1306 driver on the simulated panel", () => {
  it("stays dark until the first whole picture is there: no noise is ever shown", async () => {
    const { model, display, open, assertShown } = panel();
    await open();
    assert.equal(model.isLit, false);
    while (display.flushSlice()) assert.equal(model.isLit, false);
    assert.equal(model.isLit, true);
    assertShown();
    assert.deepEqual(model.faults, []);
  });

  it("what is drawn is what the glass shows, and can be read from it", async () => {
    const { model, display, open, assertShown } = panel();
    await open();
    display.framebuffer.drawCentred("GRANTED", 20, { scale: 3 });
    display.framebuffer.drawText("door 1, 08:15", 0, 56);
    display.flush();
    assertShown();
    assert.ok(showsText(model.bitmap(), "GRANTED"));
    assert.ok(showsText(model.bitmap(), "door 1, 08:15"));
    assert.equal(display.dirty, false);
  });

  it("an unchanged picture costs no byte, a changed character only a few", async () => {
    const { bus, display, open } = panel();
    await open();
    display.framebuffer.drawText("12:00", 0, 0);
    display.flush();
    const before = bus.stats.bytes;
    display.flush();
    assert.equal(bus.stats.bytes, before);
    display.framebuffer.fillRect(4 * ADVANCE, 0, 5, 8, false);
    display.framebuffer.drawText("1", 4 * ADVANCE, 0);
    display.flush();
    assert.ok(bus.stats.bytes - before <= 20, `${bus.stats.bytes - before} bytes`);
  });

  it("no slice blocks for more than 5 ms at 400 kHz", async () => {
    const { world, display, open } = panel();
    await open();
    display.framebuffer.fillRect(0, 0, 128, 64);
    for (let more = true; more; ) {
      const start = world.nowUs();
      more = display.flushSlice();
      assert.ok(world.nowUs() - start < 5_000, `${world.nowUs() - start} µs`);
    }
  });

  it("any drawings, in any number of slices, end in the right picture", async () => {
    const { model, display, open, assertShown } = panel();
    await open();
    const rectangle = fc.record({
      x: fc.integer({ min: -20, max: 140 }),
      y: fc.integer({ min: -20, max: 80 }),
      w: fc.nat(60),
      h: fc.nat(40),
      on: fc.boolean(),
      slices: fc.nat(4),
    });
    fc.assert(
      fc.property(fc.array(rectangle, { maxLength: 8 }), (drawings) => {
        for (const { x, y, w, h, on, slices } of drawings) {
          display.framebuffer.fillRect(x, y, w, h, on);
          for (let i = 0; i < slices; i++) display.flushSlice();
        }
        display.flush();
        assertShown();
      }),
      { numRuns: 40 },
    );
    assert.deepEqual(model.faults, []);
  });

  it("a display that is not there is display-absent, and close does not throw", async () => {
    const { display, open } = panel(false);
    await assert.rejects(open(), { code: "display-absent" });
    display.close();
  });

  it("a transfer that fails in the middle is made good by the next flush", async () => {
    const { bus, display, open, assertShown } = panel();
    await open();
    display.flush();
    display.framebuffer.drawText("HOLD BADGE STILL", 0, 24);
    bus.faults.add({ address: 0x3c, effect: { kind: "address-nack" } });
    assert.throws(() => display.flush(), { code: "display-absent" });
    assert.equal(display.dirty, true);
    display.flush();
    assertShown();
  });

  it("a half-sent line is not taken for the old one when the old text comes back", async () => {
    const { bus, display, open, assertShown } = panel();
    await open();
    display.flush();
    display.framebuffer.drawText("DENIED", 0, 24);
    bus.faults.add({ address: 0x3c, effect: { kind: "stretch", us: 1e6, byte: 20 } });
    assert.throws(() => display.flush(), { code: "display-absent" });
    display.framebuffer.clear();
    display.flush();
    assertShown();
  });

  it("configure heals a panel that forgot everything", async () => {
    const { model, display, open, assertShown } = panel();
    await open();
    display.framebuffer.drawText("READY", 10, 10);
    display.flush();
    await open();
    assert.equal(model.isLit, false);
    display.flush();
    assertShown();
  });
});

describe("Framebuffer and font", () => {
  it("the large size fits GRANTED across the panel", () => {
    assert.ok(textWidth("GRANTED", 3) <= 128);
    assert.equal(textWidth(""), 0);
    assert.equal(textWidth("AB"), 11);
  });

  it("each printable character has a shape of its own", () => {
    const shapes = new Map<string, number>();
    for (let code = 0x20; code <= 0x7e; code++) {
      const shape = Array.from({ length: GLYPH_WIDTH }, (_, i) => glyphColumn(code, i)).join();
      assert.equal(shapes.get(shape), undefined, `${String.fromCharCode(code)} looks like another`);
      shapes.set(shape, code);
    }
    assert.equal(shapes.size, 95);
  });

  it("what the font does not have is a question mark", () => {
    for (const code of [0, 0x1f, 0x7f, 0xe4, 0x1f600])
      assert.equal(glyphColumn(code, 2), glyphColumn(0x3f, 2));
  });

  it("text at any place is the same glyphs, cut off at the edges", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0x20, max: 0x7e }),
        fc.integer({ min: -12, max: 130 }),
        fc.integer({ min: -12, max: 70 }),
        fc.constantFrom(1, 2, 3),
        (code, x, y, scale) => {
          const buffer = new Framebuffer(128, 64);
          const after = buffer.drawText(String.fromCharCode(code), x, y, { scale });
          assert.equal(after, x + ADVANCE * scale);
          for (let row = 0; row < GLYPH_HEIGHT * scale; row++)
            for (let column = 0; column < GLYPH_WIDTH * scale; column++) {
              const inside = x + column >= 0 && x + column < 128 && y + row >= 0 && y + row < 64;
              const bits = glyphColumn(code, Math.floor(column / scale));
              const lit = (bits & (1 << Math.floor(row / scale))) !== 0;
              assert.equal(buffer.getPixel(x + column, y + row), inside && lit);
            }
        },
      ),
      { numRuns: 150 },
    );
  });

  it("dark text leaves the light around it", () => {
    const buffer = new Framebuffer(16, 8);
    buffer.fillRect(0, 0, 16, 8);
    buffer.drawText("I", 0, 0, { dark: true });
    assert.equal(buffer.getPixel(2, 3), false);
    assert.equal(buffer.getPixel(0, 3), true);
  });
});
