import assert from "node:assert/strict";
import fc from "fast-check";
import { SSD1306 } from "../../hal/ssd1306.ts";
import { I2CBus } from "../../host-sim/board/i2c-bus.ts";
import { boardIo } from "../../host-sim/board/io.ts";
import { Pins } from "../../host-sim/board/pins.ts";
import { type Bitmap, isLit } from "../../host-sim/display/bitmap.ts";
import { Ssd1306Model } from "../../host-sim/display/ssd1306-model.ts";
import { World } from "../../host-sim/world/world.ts";

const idle = (): Promise<void> => Promise.resolve();
const LIGHT = [0x00, 0x8d, 0x14, 0xaf];
/** Upright picture, as every module is mounted. */
const UPRIGHT = [0x00, 0xa1, 0xc8];

function panel(): Ssd1306Model {
  return new Ssd1306Model({ world: new World({ seed: "panel", idle }) });
}

function send(model: Ssd1306Model, ...bytes: number[]): void {
  assert.equal(model.startWrite(), true);
  for (const byte of bytes) assert.equal(model.writeByte(byte), true);
  model.stop();
}

/** Lit up, upright, empty, in horizontal mode, pointer at the origin. */
function emptyPanel(): Ssd1306Model {
  const model = panel();
  send(model, ...UPRIGHT);
  send(model, 0x00, 0x20, 0x00, 0x21, 0, 127, 0x22, 0, 7);
  send(model, 0x40, ...new Array<number>(1024).fill(0));
  send(model, ...LIGHT);
  return model;
}

function litPixels(bitmap: Bitmap): [number, number][] {
  const found: [number, number][] = [];
  for (let y = 0; y < bitmap.height; y++)
    for (let x = 0; x < bitmap.width; x++) if (isLit(bitmap, x, y)) found.push([x, y]);
  return found;
}

describe("SSD1306 model: light", () => {
  it("is dark until both the charge pump and the display are on", () => {
    for (const commands of [[0xaf], [0x8d, 0x14], [0x8d, 0x10, 0xaf], [0x8d, 0x14, 0xaf, 0xae]]) {
      const model = panel();
      send(model, 0x00, 0xa5, ...commands);
      assert.equal(model.isLit, false);
      assert.equal(litPixels(model.bitmap()).length, 0);
    }
    const model = panel();
    send(model, 0x00, 0xa5);
    send(model, ...LIGHT);
    assert.equal(litPixels(model.bitmap()).length, 128 * 64);
  });

  it("shows noise before anything is written, the same for one seed", () => {
    const [first, second] = [panel(), panel()];
    for (const model of [first, second]) send(model, ...LIGHT);
    const lit = litPixels(first.bitmap()).length;
    assert.ok(lit > 3000 && lit < 5200, `${lit}`);
    assert.deepEqual(first.bitmap(), second.bitmap());
  });

  it("is gone with the power, and the settings with it", () => {
    const model = emptyPanel();
    send(model, 0x00, 0xa5);
    model.powerOff();
    assert.equal(litPixels(model.bitmap()).length, 0);
    assert.deepEqual([model.startWrite(), model.startRead()], [false, false]);
    model.powerOn();
    assert.equal(model.startWrite(), true);
    model.stop();
    assert.equal(model.isLit, false);
    send(model, ...LIGHT);
    const lit = litPixels(model.bitmap()).length;
    assert.ok(lit > 3000 && lit < 5200, `${lit}`);
  });

  it("inverts, and A5 overrides the memory", () => {
    const model = emptyPanel();
    send(model, 0x40, 0x01);
    assert.deepEqual(litPixels(model.bitmap()), [[0, 0]]);
    send(model, 0x00, 0xa7);
    assert.equal(litPixels(model.bitmap()).length, 128 * 64 - 1);
    send(model, 0x00, 0xa5);
    assert.equal(litPixels(model.bitmap()).length, 128 * 64);
    send(model, 0x00, 0xa4, 0xa6);
    assert.deepEqual(litPixels(model.bitmap()), [[0, 0]]);
  });

  it("keeps contrast and reports on and off in its status byte", () => {
    const model = panel();
    assert.equal(model.contrast, 0x7f);
    send(model, 0x00, 0x81, 0x33);
    assert.equal(model.contrast, 0x33);
    assert.equal(model.startRead(), true);
    assert.equal(model.readByte(), 0x40);
    send(model, ...LIGHT);
    assert.equal(model.readByte(), 0x00);
  });
});

describe("SSD1306 model: addressing", () => {
  it("horizontal mode goes along the columns of its window, then to the next page", () => {
    const model = emptyPanel();
    send(model, 0x00, 0x21, 10, 12, 0x22, 2, 3);
    send(model, 0x40, 1, 1, 1, 1, 1, 1, 0x80);
    assert.deepEqual(litPixels(model.bitmap()), [
      [11, 16],
      [12, 16],
      [10, 23],
      [10, 24],
      [11, 24],
      [12, 24],
    ]);
  });

  it("vertical mode goes down the pages of its window, then to the next column", () => {
    const model = emptyPanel();
    send(model, 0x00, 0x20, 0x01, 0x21, 126, 127, 0x22, 6, 7);
    send(model, 0x40, 1, 2, 4);
    assert.deepEqual(
      litPixels(model.bitmap()),
      [
        [127, 50],
        [126, 48],
        [126, 57],
      ].sort((a, b) => a[1]! - b[1]! || a[0]! - b[0]!) as [number, number][],
    );
    send(model, 0x40, 0, 0, 0, 0);
    assert.deepEqual(litPixels(model.bitmap()), [[127, 50]].slice(1));
  });

  it("page mode stays on its page and starts again at the column it was given", () => {
    const model = emptyPanel();
    send(model, 0x00, 0x20, 0x02, 0xb3, 0x0e, 0x17);
    send(model, 0x40, 1, 1, 1);
    assert.deepEqual(litPixels(model.bitmap()), [
      [126, 24],
      [127, 24],
    ]);
    send(model, 0x40, 0, 1);
    assert.deepEqual(litPixels(model.bitmap()), [[126, 24]]);
    assert.deepEqual(model.faults, []);
  });

  it("takes commands and data in one transfer through single control bytes", () => {
    const model = emptyPanel();
    send(model, 0x80, 0x22, 0x80, 0x01, 0x80, 0x07, 0xc0, 0xff, 0x40, 0x01);
    assert.equal(litPixels(model.bitmap()).length, 9);
    assert.equal(model.stats.dataBytes, 1024 + 2);
  });

  it("mirrors what is written after a segment remap, not what was there before", () => {
    const model = emptyPanel();
    send(model, 0x40, 0x01);
    send(model, 0x00, 0xa0, 0x21, 0, 127);
    send(model, 0x40, 0x01);
    assert.deepEqual(litPixels(model.bitmap()), [
      [0, 0],
      [127, 0],
    ]);
  });

  it("flips with the scan direction, and shifts with start line and offset", () => {
    const model = emptyPanel();
    send(model, 0x40, 0x01);
    send(model, 0x00, 0xc0);
    assert.deepEqual(litPixels(model.bitmap()), [[0, 63]]);
    send(model, 0x00, 0xc8, 0x40 | 60);
    assert.deepEqual(litPixels(model.bitmap()), [[0, 4]]);
    send(model, 0x00, 0x40, 0xd3, 8);
    assert.deepEqual(litPixels(model.bitmap()), [[0, 8]]);
    send(model, 0x00, 0xd3, 0, 0xa8, 31);
    send(model, 0x00, 0xa5);
    assert.equal(litPixels(model.bitmap()).length, 128 * 32);
  });
});

describe("SSD1306 model: what a driver gets wrong", () => {
  it("is recorded, and not carried out", () => {
    const cases: [number[], RegExp][] = [
      [[0x00, 0x23], /^23: unknown opcode/],
      [[0x00, 0xff], /^ff: unknown opcode/],
      [[0x00, 0x20, 0x03], /^20: memory mode 3/],
      [[0x00, 0x21, 5, 4], /^21: columns 5 to 4/],
      [[0x00, 0x21, 0, 128], /^21: columns 0 to 128/],
      [[0x00, 0x22, 7, 0], /^22: pages 7 to 0/],
      [[0x00, 0x8d, 0x04], /^8d: charge pump/],
      [[0x00, 0xa8, 0x0e], /^a8: MUX/],
      [[0x00, 0xda, 0x02], /^da: COM pins 02|^da: COM pins 2/],
      [[0x00, 0x20, 0x00, 0xb0], /^b0: page start/],
      [[0x00, 0x20, 0x01, 0x12], /^12: column start/],
      [[0x00, 0x2f], /^2f: scrolling/],
      [[0x01], /^control byte 01/],
      [[0x80, 0x81, 0x40, 0x00], /^data in the middle of command 81/],
    ];
    for (const [bytes, fault] of cases) {
      const model = panel();
      send(model, ...bytes);
      assert.equal(model.faults.length, 1, bytes.join());
      assert.match(model.faults[0]!, fault);
    }
  });

  it("does not include what the libraries send", () => {
    const model = panel();
    send(model, 0x00, 0xae, 0xd5, 0x80, 0xa8, 0x3f, 0xd3, 0x00, 0x40, 0x8d, 0x14, 0x20, 0x00);
    send(model, 0x00, 0xa1, 0xc8, 0xda, 0x12, 0x81, 0xcf, 0xd9, 0xf1, 0xdb, 0x40, 0xa4, 0xa6);
    send(model, 0x00, 0x2e, 0xaf, 0x22, 0x00, 0xff, 0x21, 0x00, 0x7f, 0xe3);
    assert.deepEqual(model.faults, []);
  });

  it("includes a reset that is too short; a good one restores every register", async () => {
    const world = new World({ seed: "reset", idle });
    const pin = new Pins(world).pin(9);
    const model = new Ssd1306Model({ world, reset: pin });
    send(model, ...LIGHT);
    send(model, 0x00, 0x81, 0x01);
    pin.drive("mcu", "low");
    assert.equal(model.startWrite(), false);
    assert.equal(model.isLit, false);
    world.advance(2);
    pin.drive("mcu", "high");
    assert.match(model.faults[0]!, /^reset of 2 µs/);
    pin.drive("mcu", "low");
    world.advance(10_000);
    pin.drive("mcu", "high");
    assert.equal(model.faults.length, 1);
    assert.equal(model.startWrite(), true);
    assert.equal(model.contrast, 0x7f);
    assert.equal(model.isLit, false);
  });
});

describe("SSD1306 model under random bytes", () => {
  it("never crashes, and the bitmap stays a bitmap", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 20 }), (transfers) => {
        const model = panel();
        send(model, ...LIGHT);
        for (const bytes of transfers) send(model, ...bytes);
        const { pixels } = model.bitmap();
        assert.equal(pixels.length, 128 * 64);
        assert.ok(pixels.every((pixel) => pixel === 0 || pixel === 1));
      }),
      { numRuns: 100 },
    );
  });
});

describe("SSD1306 driver on the model, over the bus", () => {
  it("shows exactly the framebuffer, without a fault, in slices and at once", async () => {
    const world = new World({ seed: "driver", idle });
    const pins = new Pins(world);
    const bus = new I2CBus({ world, pins, data: 6, clock: 7 });
    const model = new Ssd1306Model({ world });
    bus.attach(model);
    const io = boardIo({ pins, buses: [bus] });
    const display = new SSD1306({ i2c: { io: io.I2C, data: 6, clock: 7 } });
    await display.open();
    assert.equal(model.isLit, false);
    const { framebuffer } = display;
    framebuffer.drawCentred("GRANTED", 20, { scale: 3 });
    display.flush();
    const same = (): void => {
      const bitmap = model.bitmap();
      for (let y = 0; y < 64; y++)
        for (let x = 0; x < 128; x++)
          assert.equal(isLit(bitmap, x, y), framebuffer.getPixel(x, y), `${x} ${y}`);
    };
    same();
    framebuffer.clear();
    framebuffer.drawText("DENIED", 3, 41);
    while (display.flushSlice());
    same();
    assert.deepEqual(model.faults, []);
  });
});
