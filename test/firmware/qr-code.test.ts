import assert from "node:assert/strict";
import decodeQR from "qr/decode.js";
import { encode } from "uqr";
import { keyLabel } from "../../firmware/key-label.ts";
import { qrCode } from "../../firmware/qr-code.ts";
import { QR_TEXT_MAX } from "../../firmware/qr-codewords.ts";
import { drawScreen } from "../../firmware/reader/draw.ts";
import { keyScreen } from "../../firmware/reader/screens.ts";
import { Framebuffer } from "../../hal/framebuffer.ts";
import { readText } from "../../host-sim/display/read-text.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { fingerprintCode, nodeFingerprint } from "../../protocol/node/fingerprint.ts";

/** SHA-256 of 32 zero bytes begins so (FIPS 180-4, by any other implementation). */
const OF_ZEROS = "66687AADF862BD776C8FC18B8E9F8E20";

function photograph(picture: Framebuffer, scale = 4, bezel = 12) {
  const width = picture.width * scale + 2 * bezel;
  const height = picture.height * scale + 2 * bezel;
  const data = new Uint8Array(4 * width * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const at = 4 * (y * width + x);
      const px = Math.floor((x - bezel) / scale);
      const py = Math.floor((y - bezel) / scale);
      const lit = x >= bezel && y >= bezel && picture.getPixel(px, py);
      data.fill(lit ? 255 : 0, at, at + 3);
      data[at + 3] = 255;
    }
  return { width, height, data };
}

function shown(seed: number) {
  const nodePk = new Uint8Array(32).fill(seed);
  nodePk[3] = seed * 7;
  const label = keyLabel(nobleCrypto, nodePk);
  const picture = new Framebuffer(128, 64);
  drawScreen(picture, keyScreen("PENDING", "approve", label));
  return { label, picture };
}

describe("a node's key on its display", () => {
  it("has a fingerprint that others compute too", () => {
    assert.equal(nodeFingerprint(nobleCrypto, new Uint8Array(32)), OF_ZEROS);
  });

  it("is read off the pixels by another program's decoder", () => {
    for (let seed = 0; seed < 6; seed++) {
      const { label, picture } = shown(seed);
      assert.equal(decodeQR(photograph(picture)), fingerprintCode(label.fingerprint), `${seed}`);
    }
  });

  it("stands beside the code in groups that people compare", () => {
    const { label, picture } = shown(3);
    const panel = { width: 128, height: 64, pixels: new Uint8Array(128 * 64) };
    for (let i = 0; i < panel.pixels.length; i++)
      panel.pixels[i] = i % 128 >= 64 && picture.getPixel(i % 128, i >> 7) ? 1 : 0;
    const lines = readText(panel);
    assert.deepEqual(lines, ["LATCHKEY", "PENDING", "approve", ...label.lines]);
    assert.equal(label.lines.join("").replaceAll(" ", ""), label.fingerprint);
  });

  it("leaves a lit margin of 7 pixels: 3.5 modules", () => {
    const { picture } = shown(5);
    for (let i = 0; i < 64; i++)
      for (let edge = 0; edge < 7; edge++) {
        assert.ok(picture.getPixel(edge, i) && picture.getPixel(63 - edge, i));
        assert.ok(picture.getPixel(i, edge) && picture.getPixel(i, 63 - edge));
      }
  });

  it("is module by module what another program draws, at every length", () => {
    const set = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
    const settings = { ecc: "M", minVersion: 2, maxVersion: 2, maskPattern: 0, border: 0 } as const;
    for (let length = 1; length <= QR_TEXT_MAX; length++) {
      let text = ":"; // not a number: that would be written otherwise
      for (let i = 1; i < length; i++) text += set[(7 * i + 11 * length + i * i) % set.length];
      assert.deepEqual(qrCode(text).modules, encode(text, settings).data.flat(), text);
    }
  });

  it("fits one size of code whatever it says, and nothing longer", () => {
    for (let length = 1; length <= QR_TEXT_MAX; length++)
      assert.equal(qrCode("A".repeat(length)).size, 25);
    assert.throws(() => qrCode("A".repeat(QR_TEXT_MAX + 1)), RangeError);
    assert.throws(() => qrCode("lower case"), RangeError);
  });
});
