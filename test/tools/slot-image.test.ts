import assert from "node:assert/strict";
import { imageBlock, triedFirst } from "../../tools/firmware/image-block.ts";
import { partitionTable, slotBytes } from "../../tools/firmware/partitions.ts";
import { flatImage, makeSlotImage } from "../../tools/firmware/slot-image.ts";
import { makeUf2, parseUf2, UF2_FAMILY } from "../../tools/firmware/uf2.ts";
import { throwsCode } from "../protocol/error-code.ts";
import { FakeWorld } from "./fake-context.ts";

const START = [0xd3, 0xde, 0xff, 0xff];
const END = [0x79, 0x35, 0x12, 0xab];
const TYPE = [0x42, 1, 0x21, 0x10];
const PLACES = { offset: 8192, bytes: 3_911_680, state_bytes: 12_288 };

function offsetTo(from: number, to: number): number[] {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, to - from, true);
  return [...bytes];
}

/** As picotool seals one: a block at the start, and a last one with hash and version. */
function sealed({ hash = true, version = [7, 3] } = {}): Uint8Array {
  const image = new Uint8Array(8192).fill(0x11);
  const [first, last] = [0x138, 8192 - 256];
  const numbers = [version[1]!, 0, version[0]!, 0];
  image.set([...START, ...TYPE, 0xff, 1, 0, 0, ...offsetTo(first, last), ...END], first);
  const hashItem = hash ? [0x4b, 9, 0, 0, ...new Array(32).fill(0xaa)] : [];
  const tail = [0xff, 12, 0, 0, ...offsetTo(last, first), ...END];
  image.set([...START, ...TYPE, 0x48, 2, 0, 0, ...numbers, ...hashItem, ...tail], last);
  return image;
}

describe("the block by which the ROM knows an image", () => {
  it("is the last of the loop", () => {
    const { at, hasHash, tryFirst, version } = imageBlock(sealed());
    assert.deepEqual([at, hasHash, tryFirst], [8192 - 256, true, false]);
    assert.deepEqual(version, [7, 3]);
  });

  it("gets one bit, and nothing else of the image changes", () => {
    const image = sealed();
    const made = triedFirst(image);
    assert.equal(imageBlock(made).tryFirst, true);
    const changed = [...made.keys()].filter((i) => made[i] !== image[i]);
    assert.deepEqual(changed, [8192 - 256 + 7]);
    assert.equal(made[changed[0]!]! ^ image[changed[0]!]!, 0x80);
  });

  it("must be whole, and have a hash", () => {
    throwsCode(() => triedFirst(sealed({ hash: false })), "malformed");
    throwsCode(() => imageBlock(new Uint8Array(100)), "malformed");
    for (const at of [0x138, 0x138 + 8, 0x138 + 13, 0x138 + 16, 8192 - 256 + 1]) {
      const broken = sealed();
      broken[at] = broken[at]! ^ 0x41;
      throwsCode(() => imageBlock(broken), "malformed");
    }
    // A loop that never comes back to where it began.
    const looping = sealed();
    looping.set(offsetTo(8192 - 256, 8192 - 256), 8192 - 256 + 16 + 36 + 4);
    throwsCode(() => imageBlock(looping), "malformed");
  });
});

describe("an image with slots", () => {
  it("is put together out of the blocks of its chip", () => {
    const data = sealed();
    const uf2 = makeUf2(0x1000_0000, data, UF2_FAMILY.rp2350Arm);
    assert.deepEqual(flatImage(uf2), data);
    throwsCode(() => flatImage(makeUf2(0x1000_0000, data, UF2_FAMILY.rp2040)), "malformed");
    throwsCode(() => flatImage(makeUf2(0x2000_0000, data, UF2_FAMILY.absolute)), "malformed");
  });

  it("lies in one of two partitions that take it, of which one follows the other", () => {
    const table = partitionTable(PLACES) as { partitions: { start: string; size: string }[] };
    const [a, b] = table.partitions;
    assert.deepEqual([a!.start, a!.size], ["20K", "1904K"]);
    assert.deepEqual([b!.start, b!.size], ["1924K", "1904K"]);
    assert.equal(slotBytes(PLACES), 1904 * 1024);
  });

  async function make(answer: Uint8Array, exitCode = 0) {
    const world = new FakeWorld();
    const ran: (readonly string[])[] = [];
    world.files.set("/sdk/xs_pico.uf2", "");
    const uf2 = makeUf2(0x1000_0000, new Uint8Array(512), UF2_FAMILY.rp2350Arm);
    const written = new Map<string, string | Uint8Array>([["/sdk/xs_pico.uf2", uf2]]);
    const made = makeSlotImage(
      {
        readBytes: (path) => written.get(path) as Uint8Array | undefined,
        writeFile: (path, data) => void written.set(path, data),
        runTool: async (words) => {
          ran.push(words);
          if (words[1] === "seal") written.set("/out/sealed.bin", answer);
          return exitCode;
        },
      },
      {
        ...{
          uf2: "/sdk/xs_pico.uf2",
          folder: "/out",
          release: "reader-pico-2",
          picotool: "picotool",
        },
        ...{ securityVersion: 7, number: 3, places: PLACES },
        tool: { cwd: "/", env: {}, onLine: () => {} },
      },
    );
    return { made, ran, written };
  }

  it("is sealed with hash and version, tried first, and comes as image and as UF2", async () => {
    const { made, ran, written } = await make(sealed());
    const files = await made;
    assert.deepEqual(ran[0]?.slice(1, 4), ["seal", "--quiet", "--hash"]);
    assert.deepEqual(ran[0]?.slice(-4), ["--major", "7", "--minor", "3"]);
    assert.deepEqual(ran[1]?.slice(1, 3), ["partition", "create"]);
    const image = written.get(files.image) as Uint8Array;
    assert.equal(imageBlock(image).tryFirst, true);
    const blocks = parseUf2(written.get(files.uf2) as Uint8Array);
    assert.deepEqual(blocks[0]?.data, image.slice(0, 256));
  });

  it("is none when the tool fails, writes another version, or the image is too long", async () => {
    await assert.rejects((await make(sealed(), 2)).made, { code: "build-failed" });
    await assert.rejects((await make(sealed({ version: [7, 2] }))).made, { code: "build-failed" });
    const long = new Uint8Array(1904 * 1024 + 1);
    long.set(sealed());
    await assert.rejects((await make(long)).made, { code: "storage-full" });
  });
});
