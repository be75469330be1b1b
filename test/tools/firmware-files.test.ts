import assert from "node:assert/strict";
import { elfSections } from "../../tools/firmware/elf.ts";
import { flashByPart, imageSize, ramByPart, sizeTable } from "../../tools/firmware/size-report.ts";
import { familiesOf, joinUf2, makeUf2, parseUf2, UF2_FAMILY } from "../../tools/firmware/uf2.ts";
import { fakeElf } from "./fake-elf.ts";

describe("the sizes of an image", () => {
  const elf = fakeElf([
    [".text", 0x1000_0000, 300_000, true],
    [".rodata", 0x1005_0000, 700_000, true],
    [".data", 0x2000_0000, 8_000, true],
    [".bss", 0x2000_2000, 50_000, false],
    [".heap", 0x2001_0000, 460_000, false],
    [".stack_dummy", 0x2008_1000, 2_048, false],
  ]);

  it("count what lies in flash, what C uses of RAM and what is left", () => {
    const size = imageSize(elfSections(elf));
    const expected = { flashBytes: 1_008_000, staticRamBytes: 58_000, heapRegionBytes: 460_000 };
    assert.deepEqual(size, expected);
    const { rows, fits } = sizeTable(size, 286_720);
    assert.equal(fits, true);
    assert.deepEqual(rows[3], ["left for C", "173,280 B, at least 98,304 B"]);
  });

  it("say which budget an image breaks", () => {
    const size = { flashBytes: 1_500_001, staticRamBytes: 0, heapRegionBytes: 300_000 };
    const { rows, fits } = sizeTable(size, 286_720);
    assert.equal(fits, false);
    assert.match(rows[0]![1], /OVER BUDGET/);
    assert.match(rows[3]![1], /OVER BUDGET/);
  });

  it("come by part out of the linker's map, flash only", () => {
    const map = [
      " .text.gone  0x10000000  0x999 /b/lib/xsAll.c.o",
      "Linker script and memory map",
      " .text.fxAbort  0x10000100       0x40 /b/lib/xsAll.c.o",
      " .rodata.fw",
      "                0x10010000      0x1000 /b/lib/cyw43_ll.c.o",
      " .rodata        0x10020000      0x2000 /b/tmp/mc.xs.c.o",
      " .text          0x10030000       0x20 /b/tmp/random.c.o",
      " .bss           0x20000000      0x500 /b/lib/xsAll.c.o",
      " .heap          0x20001000     0xc000 /b/lib/malloc.c.o",
      " .bss           0x20000500       0x40 /b/tmp/wifi-failure.c.o",
    ].join("\n");
    assert.deepEqual(Object.entries(flashByPart(map)), [
      ["our JavaScript and the SDK's, preloaded", 8_192],
      ["wireless chip and its firmware", 4_096],
      ["XS engine", 64],
      ["our C", 32],
    ]);
    assert.deepEqual(Object.entries(ramByPart(map)), [
      ["XS engine", 1_280],
      ["our C", 64],
    ]);
  });

  it("are not read out of something else", () => {
    for (const bad of [new Uint8Array(0), new Uint8Array(100), elf.slice(0, 90)])
      assert.throws(() => elfSections(bad), { code: "malformed" });
  });
});

describe("UF2 files", () => {
  const data = new Uint8Array(600).map((_, i) => i);

  it("hold data in pages with its address and family", () => {
    const blocks = parseUf2(makeUf2(0x103f_f000, data, UF2_FAMILY.rp2350Arm));
    assert.deepEqual(
      blocks.map(({ address, family }) => [address, family]),
      [0x103f_f000, 0x103f_f100, 0x103f_f200].map((address) => [address, UF2_FAMILY.rp2350Arm]),
    );
    assert.deepEqual(blocks[2]!.data.slice(86, 90), Uint8Array.of(86, 87, 255, 255));
  });

  it("are joined into one that is numbered through", () => {
    const joined = joinUf2([
      makeUf2(0x10ff_ff00, new Uint8Array(256), UF2_FAMILY.absolute),
      makeUf2(0x1000_0000, data, UF2_FAMILY.rp2350Arm),
      makeUf2(0x103f_f000, data, UF2_FAMILY.rp2350Arm),
    ]);
    const view = new DataView(joined.buffer);
    const numbers = Array.from({ length: 7 }, (_, i) => [
      view.getUint32(512 * i + 20, true),
      view.getUint32(512 * i + 24, true),
    ]);
    assert.deepEqual(numbers, [[0, 1], ...[0, 1, 2, 3, 4, 5].map((n) => [n, 6])]);
    assert.deepEqual(familiesOf(parseUf2(joined)), [UF2_FAMILY.rp2350Arm]);
  });

  it("are refused when a block is damaged", () => {
    const file = makeUf2(0x1000_0000, data, UF2_FAMILY.rp2350Arm);
    assert.throws(() => parseUf2(file.slice(0, 700)), { code: "malformed" });
    file[512 + 508]! ^= 1;
    assert.throws(() => parseUf2(file), { code: "malformed" });
    assert.throws(() => parseUf2(new Uint8Array(0)), { code: "malformed" });
  });
});
