import assert from "node:assert/strict";
import fc from "fast-check";
import { Framebuffer } from "../../hal/framebuffer.ts";
import type { Bitmap } from "../../host-sim/display/bitmap.ts";
import { readText, showsText } from "../../host-sim/display/read-text.ts";
import { renderTerminal } from "../../host-sim/display/terminal.ts";

function shown(draw: (screen: Framebuffer) => void): Bitmap {
  const screen = new Framebuffer(128, 64);
  draw(screen);
  const pixels = new Uint8Array(128 * 64);
  for (let i = 0; i < pixels.length; i++) pixels[i] = screen.getPixel(i % 128, i >> 7) ? 1 : 0;
  return { width: 128, height: 64, pixels };
}

describe("reading text from the pixels", () => {
  it("finds every character of the font", () => {
    const ascii = Array.from({ length: 94 }, (_, i) => String.fromCharCode(0x21 + i)).join("");
    for (let at = 0; at < ascii.length; at += 19) {
      const part = `H${ascii.slice(at, at + 19)}`;
      assert.deepEqual(readText(shown((screen) => screen.drawText(part, 1, 11))), [part]);
    }
  });

  it("finds lines of several sizes at once, from top to bottom, with their spaces", () => {
    const bitmap = shown((screen) => {
      screen.drawText("NODE 4f2a  12:05", 0, 0);
      screen.drawCentred("DENIED", 14, { scale: 3 });
      screen.drawCentred("HOLD BADGE STILL", 44);
      screen.drawText("0.8 s", 0, 56);
      screen.drawText("RETRY", 98, 56);
    });
    assert.deepEqual(readText(bitmap).slice(0, 3), [
      "NODE 4f2a  12:05",
      "DENIED",
      "HOLD BADGE STILL",
    ]);
    assert.match(readText(bitmap)[3]!, /^0\.8 s +RETRY$/);
    assert.ok(showsText(bitmap, "BADGE STILL"));
    assert.ok(!showsText(bitmap, "GRANTED"));
  });

  it("finds dark text on a light bar, and text inside a frame", () => {
    const bitmap = shown((screen) => {
      screen.fillRect(0, 0, 128, 12);
      screen.drawText("LATCHKEY", 4, 2, { dark: true });
      screen.strokeRect(2, 20, 124, 40);
      screen.drawCentred("READY", 30, { scale: 2 });
    });
    assert.ok(showsText(bitmap, "LATCHKEY"));
    assert.ok(showsText(bitmap, "READY"));
  });

  it("finds nothing on dark, light and noisy panels that could be taken for a word", () => {
    assert.deepEqual(readText(shown(() => {})), []);
    assert.deepEqual(readText(shown((screen) => screen.fillRect(0, 0, 128, 64))), []);
    let state = 1;
    const noise = shown((screen) => {
      for (let i = 0; i < 128 * 64; i++) {
        state = (Math.imul(state, 1103515245) + 12345) >>> 0;
        if (state >>> 31) screen.setPixel(i % 128, i >> 7);
      }
    });
    for (const line of readText(noise)) assert.ok(line.replace(/ /g, "").length < 4, line);
  });

  it("does not read what one wrong pixel has spoilt", () => {
    const bitmap = shown((screen) => {
      screen.drawCentred("GRANTED", 20, { scale: 3 });
      screen.setPixel(64, 27, !screen.getPixel(64, 27));
    });
    assert.ok(!showsText(bitmap, "GRANTED"));
  });

  it("finds any text of any size wherever it fits", () => {
    const text = fc.stringMatching(/^[A-Z0-9]([A-Za-z0-9 .:-]{0,8}[A-Za-z0-9])?$/);
    fc.assert(
      fc.property(
        text,
        fc.nat(200),
        fc.nat(200),
        fc.integer({ min: 1, max: 3 }),
        (word, a, b, s) => {
          const scale = Math.min(s, Math.floor(128 / (word.length * 6)));
          fc.pre(scale >= 1 && !word.includes("  "));
          const x = a % (128 - word.length * 6 * scale + 1);
          const y = b % (64 - 8 * scale + 1);
          assert.deepEqual(readText(shown((screen) => screen.drawText(word, x, y, { scale }))), [
            word,
          ]);
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe("the panel in a terminal", () => {
  const corner = shown((screen) => {
    screen.setPixel(0, 0);
    screen.setPixel(127, 63);
    screen.setPixel(1, 1);
  });

  it("packs eight pixels into a braille character, in a frame", () => {
    const lines = renderTerminal(corner);
    assert.equal(lines.length, 18);
    assert.ok(lines.every((line) => line.length === 66));
    assert.equal(lines[1]![1], String.fromCharCode(0x2800 + 1 + 16));
    assert.equal(lines[16]![64], String.fromCharCode(0x2880));
  });

  it("packs two pixels into a half block, in colour if asked", () => {
    const lines = renderTerminal(corner, { style: "half", frame: false, color: "cyan" });
    assert.equal(lines.length, 32);
    assert.ok(lines[0]!.startsWith("\u001b[96m▀▄ "));
    assert.ok(lines[31]!.endsWith("▄\u001b[0m"));
  });
});
