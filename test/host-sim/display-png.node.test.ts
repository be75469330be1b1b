import assert from "node:assert/strict";
import { crc32, inflateSync } from "node:zlib";
import { Framebuffer } from "../../hal/framebuffer.ts";
import { renderPng } from "../../host-sim/node/png.ts";

interface Chunk {
  readonly type: string;
  readonly data: Buffer;
}

function chunks(png: Uint8Array): Chunk[] {
  const bytes = Buffer.from(png);
  assert.equal(bytes.subarray(0, 8).toString("hex"), "89504e470d0a1a0a");
  const found: Chunk[] = [];
  for (let at = 8; at < bytes.length; ) {
    const length = bytes.readUInt32BE(at);
    const body = bytes.subarray(at + 4, at + 8 + length);
    assert.equal(bytes.readUInt32BE(at + 8 + length), crc32(body));
    found.push({ type: body.subarray(0, 4).toString(), data: body.subarray(4) });
    at += 12 + length;
  }
  return found;
}

describe("the panel as a PNG", () => {
  const screen = new Framebuffer(128, 64);
  screen.setPixel(0, 0);
  screen.setPixel(127, 63);
  const pixels = new Uint8Array(128 * 64);
  for (let i = 0; i < pixels.length; i++) pixels[i] = screen.getPixel(i % 128, i >> 7) ? 1 : 0;
  const bitmap = { width: 128, height: 64, pixels };

  it("is a valid file whose pixels shine where the panel's do", () => {
    const [header, data, end] = chunks(renderPng(bitmap, { scale: 4 }));
    assert.deepEqual([header!.type, data!.type, end!.type], ["IHDR", "IDAT", "IEND"]);
    const width = header!.data.readUInt32BE(0);
    const height = header!.data.readUInt32BE(4);
    assert.deepEqual([width, height], [128 * 4 + 64, 64 * 4 + 64]);
    const raw = inflateSync(data!.data);
    assert.equal(raw.length, height * (1 + 3 * width));
    const green = (x: number, y: number): number => raw[y * (1 + 3 * width) + 1 + 3 * x + 1]!;
    assert.ok(green(32 + 1, 32 + 1) > 200);
    assert.ok(green(32 + 127 * 4 + 1, 32 + 63 * 4 + 1) > 200);
    assert.ok(green(32 + 64 * 4 + 1, 32 + 32 * 4 + 1) < 30);
  });

  it("is dimmer at low contrast and coloured as the glass is", () => {
    const pixel = (options: Parameters<typeof renderPng>[1], atX: number, atY: number) => {
      const [header, data] = chunks(renderPng(bitmap, { scale: 4, ...options }));
      const width = header!.data.readUInt32BE(0);
      const at = (32 + atY * 4 + 1) * (1 + 3 * width) + 1 + 3 * (32 + atX * 4 + 1);
      return [...inflateSync(data!.data).subarray(at, at + 3)];
    };
    assert.ok(pixel({ contrast: 0 }, 0, 0)[1]! < pixel({ contrast: 255 }, 0, 0)[1]!);
    const [red, , blue] = pixel({ glass: "yellow-blue" }, 0, 0);
    assert.ok(red! > blue!);
    const below = pixel({ glass: "yellow-blue" }, 127, 63);
    assert.ok(below[2]! > below[0]!);
  });
});
