/** bytes.c and glyphs.c, compiled for the desk, against their twins in TypeScript. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { GLYPH_COLUMNS } from "../../hal/font.ts";
import { Framebuffer } from "../../hal/framebuffer.ts";
import { changedSpan, GAP_MAX, takeSpan } from "../../hal/ssd1306.ts";
import { fromBase64, toBase64, toBase64Url } from "../../protocol/encoding/base64.ts";
import { concat, copyToZero, sumBytes, uintBE, xor } from "../../protocol/encoding/bytes.ts";
import { crc32 } from "../../protocol/encoding/crc32.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { fromUtf8, toUtf8 } from "../../protocol/encoding/utf8.ts";
import { isPlainText, parseValue } from "../../protocol/json/reader.ts";
import { cobsDecode, cobsEncode } from "../../protocol/wired/cobs.ts";
import { decodeFrame, encodeFrame, PAYLOAD_MAX } from "../../protocol/wired/frame.ts";
import { compileSanitized } from "../support/native-builds.ts";
import { needCompiler } from "../support/native-driver.ts";

interface Case {
  readonly ask: string;
  readonly expected: string;
}

const OURS = ["bytes", "glyphs", "wire-frame"].map((name) => `hal/native/${name}.c`);
const SOURCES = ["test/hal/native/byte-driver.c", ...OURS];
const NONE = "-1 -";

const hex = (bytes: Uint8Array) => (bytes.length === 0 ? "-" : toHex(bytes));
const ask = (
  operation: string,
  a: Uint8Array,
  one = 0,
  two = 0,
  b: Uint8Array = new Uint8Array(0),
) => `${operation} ${one} ${two} ${hex(a)} ${hex(b)}`;

/** The twin's bytes behind their number, or "none" where it throws or has nothing. */
function decoded(work: () => Uint8Array | undefined): string {
  try {
    const bytes = work();
    return bytes === undefined ? NONE : `${bytes.length} ${hex(bytes)}`;
  } catch {
    return NONE;
  }
}

const throws = (work: () => unknown): boolean => {
  try {
    work();
    return false;
  } catch {
    return true;
  }
};

/** As many as that, the same in every run. */
const some = <T>(arbitrary: fc.Arbitrary<T>, count = 400): T[] =>
  fc.sample(arbitrary, { numRuns: count, seed: 7 });

const bytes = fc.uint8Array({ maxLength: 600 });
const digits = (alphabet: string) =>
  fc.string({ unit: fc.constantFrom(...alphabet), maxLength: 24 });
const ascii = (text: string) => Uint8Array.from(text, (char) => char.charCodeAt(0));

describe("the loops over bytes in C", () => {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-bytes-"));
  const binary = join(folder, "driver");
  before(function () {
    needCompiler(this);
    this.timeout(60_000);
    compileSanitized(SOURCES, binary);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  function agree(cases: readonly Case[]): void {
    const input = `${cases.map((one) => one.ask).join("\n")}\n`;
    const { status, stdout, stderr } = spawnSync(binary, { input, encoding: "utf8" });
    assert.equal(status, 0, stderr);
    const answers = stdout.trim().split("\n");
    assert.equal(answers.length, cases.length);
    for (const [i, { ask: asked, expected }] of cases.entries())
      assert.equal(answers[i], expected, asked.slice(0, 200));
  }

  it("have the check value of CRC-32, and agree on other bytes", () => {
    agree([
      { ask: ask("crc32", ascii("123456789")), expected: `${0xcbf43926} -` },
      ...some(bytes).map((a) => ({ ask: ask("crc32", a), expected: `${crc32(a)} -` })),
      ...some(bytes, 50).map((a) => ({
        ask: ask("crc32", a.subarray(0, 5), 0, 0, a.subarray(5)),
        expected: `${crc32(a)} -`,
      })),
    ]);
  });

  it("write base64 and hexadecimal alike", () => {
    agree(
      some(bytes).flatMap((a) => [
        { ask: ask("base64", a, 0, 1), expected: `0 ${hex(ascii(toBase64(a)))}` },
        { ask: ask("base64", a, 1, 0), expected: `0 ${hex(ascii(toBase64Url(a)))}` },
        { ask: ask("hex", a), expected: `0 ${hex(ascii(toHex(a)))}` },
      ]),
    );
  });

  it("take the same base64 and hexadecimal, and nothing else", () => {
    const texts = [
      ...some(digits("AQgw0-_+/=\n \u00e9"), 2000),
      ...some(bytes, 200).flatMap((a) => [toBase64(a), toBase64Url(a)]),
    ];
    const numbers = [...some(digits("0189abfgAF\n"), 1000), ...some(bytes, 100).map(toHex)];
    agree([
      ...texts.map((text) => ({
        ask: ask("unbase64", toUtf8(text)),
        expected: decoded(() => fromBase64(text)),
      })),
      ...numbers.map((text) => ({
        ask: ask("unhex", toUtf8(text)),
        expected: decoded(() => fromHex(text)),
      })),
    ]);
  });

  it("take only such UTF-8 as the twin takes, without zeros and pairs", () => {
    const texts = some(fc.string({ unit: "binary", maxLength: 40 }), 300).map(toUtf8);
    const bent = texts.map((text, i) => {
      const other = text.slice();
      if (other.length > 0) other[i % other.length] = (i * 37) & 255;
      return other;
    });
    agree(
      [...texts, ...bent, ...some(fc.uint8Array({ maxLength: 6 }), 2000)].map((a) => {
        const pairs = a.some((byte) => byte >= 0xf0);
        const good = !a.includes(0) && !pairs && !throws(() => fromUtf8(a));
        return { ask: ask("utf8", a), expected: `${Number(good)} -` };
      }),
    );
  });

  it("call plain what the twin calls plain", () => {
    for (const a of some(fc.uint8Array({ maxLength: 4 }), 1000)) {
      const text = String.fromCharCode(...a);
      if (/^[\x20-\x7e]*$/.test(text)) assert.ok(isPlainText(text));
    }
    agree(
      some(fc.uint8Array({ maxLength: 3 }), 1000).map((a) => ({
        ask: ask("printable", a),
        expected: `${Number(/^[\x20-\x7e]*$/.test(String.fromCharCode(...a)))} -`,
      })),
    );
  });

  it("find JSON too deep where the twin does", () => {
    const texts = some(digits('[]{}"\\a'), 3000);
    agree(
      texts.map((text) => {
        const limits = { length: 1000, depth: 2 };
        let deep = false;
        try {
          parseValue(text, "x", limits);
        } catch (error) {
          deep = (error as Error).message.includes("deep");
        }
        return { ask: ask("nested", ascii(text), 2), expected: `${Number(deep)} -` };
      }),
    );
  });

  it("stuff and unstuff bytes alike, around runs of 254 too", () => {
    const runs = [0, 1, 253, 254, 255, 508, 509].flatMap((length) => [
      new Uint8Array(length).fill(7),
      new Uint8Array(length),
    ]);
    const sparse = some(fc.uint8Array({ max: 2, maxLength: 300 }), 300);
    agree(
      [...runs, ...sparse, ...some(bytes)].flatMap((a) => [
        { ask: ask("cobs", a), expected: `0 ${hex(cobsEncode(a))}` },
        { ask: ask("uncobs", cobsEncode(a)), expected: `${a.length} ${hex(a)}` },
        { ask: ask("uncobs", a), expected: decoded(() => cobsDecode(a)) },
      ]),
    );
  });

  it("make and take frames of the wired transport alike, and none of another link", () => {
    const frames = some(
      fc.record({
        kind: fc.constantFrom("poll" as const, "data" as const, "reply" as const),
        address: fc.integer({ min: 1, max: 254 }),
        sequence: fc.integer({ min: 0, max: 255 }),
        acknowledge: fc.integer({ min: 0, max: 255 }),
        payload: fc.uint8Array({ maxLength: PAYLOAD_MAX }),
        link: fc.integer({ min: 0, max: 0xffffffff }),
        bit: fc.nat(),
      }),
    );
    agree(
      frames.flatMap(({ link, bit, ...frame }) => {
        const sent = encodeFrame(frame, link);
        const stuffed = sent.subarray(1, -1);
        const plain = cobsDecode(stuffed)!.slice(0, -4);
        const halves = [link >>> 16, link & 0xffff] as const;
        const bent = stuffed.slice();
        const at = (bit >> 3) % bent.length;
        bent[at] = bent[at]! ^ (1 << (bit & 7));
        assert.equal(decodeFrame(bent, link), undefined);
        const cut = stuffed.slice(0, at);
        return [
          { ask: ask("frame", plain, ...halves), expected: `0 ${hex(sent)}` },
          { ask: ask("unframe", stuffed, ...halves), expected: `${plain.length} ${hex(plain)}` },
          { ask: ask("unframe", stuffed, halves[0] ^ 1, halves[1]), expected: NONE },
          { ask: ask("unframe", bent, ...halves), expected: NONE },
          { ask: ask("unframe", cut, ...halves), expected: NONE },
          { ask: ask("unframe", concat(stuffed, stuffed), ...halves), expected: NONE },
        ];
      }),
    );
  });

  it("compare and add bytes without carry as their twins do", () => {
    agree(
      some(bytes).flatMap((a, i) => {
        const b = a.map((byte, at) => (at === i % (a.length + 1) ? byte ^ (1 << (i & 7)) : byte));
        const same = Number(i % (a.length + 1) >= a.length);
        const longer = concat(a, new Uint8Array(1));
        return [
          { ask: ask("equal", a, 0, 0, a), expected: "1 -" },
          { ask: ask("equal", a, 0, 0, b), expected: `${same} -` },
          { ask: ask("equal", a, 0, 0, longer), expected: "0 -" },
          { ask: ask("xor", a, 0, 0, b), expected: `0 ${hex(xor(a, b))}` },
        ];
      }),
    );
  });

  it("copy up to a zero alike, and no further than there is room", () => {
    const sparse = fc.uint8Array({ max: 3, maxLength: 30 });
    agree(
      some(sparse).map((a, i) => {
        const room = i % 20;
        const to = new Uint8Array(room);
        const copied = copyToZero(to, 0, a.slice().buffer, 0);
        const count = copied & 0xffff;
        const expected = `${Number(copied > count)} ${hex(to.subarray(0, count))}`;
        return { ask: ask("tozero", a, room), expected };
      }),
    );
  });

  it("put lengths and numbers before bytes as a transcript does, and no other numbers", () => {
    const lengths = [0, 1, 255, 256, 65_535, 65_536, 0x7fffffff];
    const numbers = [
      ...[0, 1, 255, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 2 ** 64, 1e300],
      ...[-1, -0.5, 0.5, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 1_795_000_000],
      ...some(fc.maxSafeNat(), 300),
    ];
    const eight = (value: number) => {
      try {
        return `1 ${hex(uintBE(value, 8))}`;
      } catch {
        return "0 -";
      }
    };
    agree([
      ...lengths.map((n) => ({
        ask: ask("length", new Uint8Array(4), n),
        expected: `0 ${hex(uintBE(n, 4))}`,
      })),
      ...numbers.map((n) => ({
        ask: ask("number", new Uint8Array(Float64Array.of(n).buffer)),
        expected: eight(n),
      })),
    ]);
  });

  it("add bytes up alike", () => {
    agree(
      some(bytes, 100).map((a) => ({
        ask: ask("sum", a),
        expected: `${sumBytes(a, 0, a.length)} -`,
      })),
    );
  });

  it("draw text to the same pixels, at every size and cut off at every edge", () => {
    const text = fc.string({
      unit: fc.integer({ min: 32, max: 126 }).map((c) => String.fromCharCode(c)),
      maxLength: 24,
    });
    const place = fc.tuple(
      text,
      fc.integer({ min: -60, max: 140 }),
      fc.integer({ min: -40, max: 70 }),
      fc.integer({ min: 1, max: 3 }),
      fc.boolean(),
    );
    agree(
      some(place).map(([line, x, y, scale, dark]) => {
        const picture = new Framebuffer(128, 64);
        if (dark) picture.bytes.fill(0xff);
        picture.drawText(line, x, y, { scale, dark });
        const where = ((x + 300) << 10) | (y + 300);
        return {
          ask: ask("text", GLYPH_COLUMNS, where, scale | (dark ? 16 : 0), ascii(line)),
          expected: `0 ${hex(picture.bytes)}`,
        };
      }),
    );
  });

  it("bring the same bytes of a stretch to the panel, and take the same for shown", () => {
    const columns = fc.uint8Array({ minLength: 128, maxLength: 128 });
    const ends = fc.tuple(fc.integer({ min: 0, max: 127 }), fc.integer({ min: 0, max: 127 }));
    agree(
      some(fc.tuple(columns, columns, ends), 100).map(([drawn, before, both], i) => {
        const [first, last] = both.sort((a, b) => a - b) as [number, number];
        const page = i % 8;
        const pages = (bytes: Uint8Array) => {
          const picture = new Uint8Array(1024);
          picture.set(bytes, 128 * page);
          return picture;
        };
        const shown = pages(before);
        const sent = takeSpan(pages(drawn), shown, 128, page, first, last);
        const after = shown.slice(128 * page, 128 * page + 128);
        const where = (page << 16) | (first << 8) | last;
        return {
          ask: ask("take", drawn, where, 0, before),
          expected: `${sent.length} ${hex(sent)}${hex(after)}`,
        };
      }),
    );
  });

  it("find the same stretch that changed", () => {
    const pair = fc.array(
      fc.tuple(fc.integer({ max: 1, min: 0 }), fc.integer({ max: 1, min: 0 })),
      {
        minLength: 128,
        maxLength: 128,
      },
    );
    const sparse = fc.array(fc.integer({ min: 0, max: 127 }), { maxLength: 5 });
    const pairs = [
      ...some(pair, 100).map((both) => [
        Uint8Array.from(both, ([a]) => a),
        Uint8Array.from(both, ([, b]) => b),
      ]),
      ...some(sparse).map((places) => {
        const drawn = new Uint8Array(128);
        for (const at of places) drawn[at] = 1;
        return [drawn, new Uint8Array(128)];
      }),
    ] as [Uint8Array, Uint8Array][];
    agree(
      pairs.map(([drawn, shown]) => {
        const span = changedSpan(drawn, shown, 0, 128);
        const expected = span === undefined ? NONE : `${(span[0] << 16) | span[1]} -`;
        return { ask: ask("span", drawn, GAP_MAX, 0, shown), expected };
      }),
    );
  });
});
