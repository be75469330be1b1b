import assert from "node:assert/strict";
import { layOutFlash } from "../../firmware/journal/flash-layout.ts";
import { Journal } from "../../firmware/journal/journal.ts";
import { openValues } from "../../firmware/journal/older-layout.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { StrictFlash } from "./strict-flash.ts";

/**
 * Three sectors as the first firmware with a journal wrote them (format version 1): every page
 * that is not erased as `page:bytes`, without the erased end. A key, a value of two pages, one
 * that was deleted, one that was written 26 times; the oldest sector has been compacted.
 */
const IMAGE = [
  "0:c3010000010000006cf3c08f 1:a5010800200001000000d4a86cf96e6f64652e6b657901080f161d242b3",
  "23940474e555c636a71787f868d949ba2a9b0b7bec5ccd3da 2:a5010400fa000200000035fe3a336c6f6e67",
  "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b",
  "2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f5051525354555657",
  "58595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f80818283",
  "8485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9fa0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
  "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadb",
  "dcdddedfe0e1e2e3e4e5e6e7e8e9eaebeced 3:5aeeeff0f1f2f3f4f5f6f7f8f9 4:a5010400010003000000",
  "fa1e30e2676f6e6501 5:a50204000000040000000790c3df676f6e65 6:a50101000100050000009d66d5d2",
  "6e00 7:a5010100010006000000a52446236e01 8:a5010100010007000000baa613716e02 9:a5010100010",
  "008000000f92442f76e03 10:a5010100010009000000ff627aa26e04 11:a501010001000a000000c720e95",
  "36e05 12:a501010001000b000000d8a2bc016e06 13:a501010001000c000000f6a2be6b6e07 14:a501010",
  "001000d000000c26c5d306e08 16:c301000002000000825c759d 17:a501010001000e000000fa2ecec16e0",
  "9 18:a501010001000f000000e5ac9b936e0a 19:a50101000100100000003d2c1c166e0b 20:a5010100010",
  "0110000003b6a24436e0c 21:a50101000100120000000328b7b26e0d 22:a50101000100130000001caae2e",
  "06e0e 23:a501010001001400000032aae08a6e0f 24:a50101000100150000006274b4cc6e10 25:a501010",
  "00100160000005a36273d6e11 26:a501010001001700000045b4726f6e12 27:a5010100010018000000063",
  "623e96e13 28:a501010001001900000000701bbc6e14 29:a501010001001a0000003832884d6e15 30:a50",
  "1010001001b00000027b0dd1f6e16 32:c30101000300000042e895ee 33:a5010800200001000000d4a86cf",
  "96e6f64652e6b657901080f161d242b323940474e555c636a71787f868d949ba2a9b0b7bec5ccd3da 34:a50",
  "10400fa000200000035fe3a336c6f6e67000102030405060708090a0b0c0d0e0f101112131415161718191a1",
  "b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f404142434445464",
  "748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f7071727",
  "37475767778797a7b7c7d7e7f808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9",
  "fa0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cac",
  "bcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebeced 35:5aeeeff0f1f2f3f",
  "4f5f6f7f8f9 36:a501010001001c00000009b0df756e17 37:a501010001001d0000003d7e3c2e6e18 38:a",
  "501010001001e000000053cafdf6e19 47:9600000002000000030000000049a7a8",
].join("");

const KEY = Uint8Array.from({ length: 32 }, (_, n) => n * 7 + 1);

function flashOf(image: string, sectors = 3): StrictFlash {
  const flash = new StrictFlash(sectors);
  for (const page of image.split(" ")) {
    const [number, bytes] = page.split(":");
    flash.bytes.set(fromHex(bytes!), Number(number) * flash.pageBytes);
  }
  return flash;
}

describe("a journal of older firmware", () => {
  it("is read as it was written", () => {
    const journal = new Journal(flashOf(IMAGE));
    assert.deepEqual(journal.keys(), ["long", "n", "node.key"]);
    assert.equal(toHex(journal.get("node.key")!), toHex(KEY));
    assert.deepEqual(
      journal.get("long"),
      Uint8Array.from({ length: 250 }, (_, n) => n),
    );
    assert.deepEqual(journal.get("n"), Uint8Array.of(25));
  });

  it("goes on being written", () => {
    const flash = flashOf(IMAGE);
    const journal = new Journal(flash);
    for (let n = 0; n < 100; n++) journal.set("n", Uint8Array.of(n));
    const again = new Journal(flash.restarted());
    assert.deepEqual(again.keys(), ["long", "n", "node.key"]);
    assert.deepEqual(again.get("n"), Uint8Array.of(99));
  });
});

describe("a node from before the events, whose journal had all of the flash", () => {
  it("is found by its first sectors as they were written", () => {
    const { values } = openValues(layOutFlash(flashOf(IMAGE, 16)), () => {});
    assert.deepEqual(values.get("node.key"), KEY);
    assert.deepEqual(values.get("n"), Uint8Array.of(25));
  });
});
