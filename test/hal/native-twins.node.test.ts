import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { Flash } from "../../firmware/platform.ts";
import { layOutUpdate } from "../../firmware/update/update-store.ts";
import { flashRange } from "../../hal/native/flash-range.ts";
import { PROPORTION_MAX, RandomHealth, REPETITION_MAX } from "../../hal/native/random-health.ts";
import { type SlotPlaces, slotBytes } from "../../tools/firmware/partitions.ts";
import { root } from "../support/test-files.ts";

/** Reads cases from stdin, one a line, and answers each with one line. */
const PROGRAM = `
#include <stdio.h>
#include "flash-range.h"
#include "random-health.h"
#include "../slots/boot-slots.h"
int main(void)
{
	char kind;
	while (1 == scanf(" %c", &kind)) {
		if ('f' == kind) {
			unsigned bytes, unit;
			int offset, length;
			if (4 != scanf("%u %d %d %u", &bytes, &offset, &length, &unit)) return 1;
			printf("%d\\n", flashRange(bytes, offset, length, unit));
		} else if ('s' == kind) {
			unsigned bytes, state, offset, length;
			int running;
			if (5 != scanf("%u %u %d %u %u", &bytes, &state, &running, &offset, &length)) return 1;
			printf("%u\\n%d\\n", slotBytesOf(bytes, state), slotsApart(bytes, state, running, offset, length));
		} else {
			static char bits[20000];
			RandomHealth health;
			int i, taken = 0;
			if (1 != scanf("%19999s", bits)) return 1;
			randomHealthStart(&health);
			for (i = 0; bits[i]; i++) taken += randomHealthTake(&health, bits[i] - '0');
			printf("%d\\n", taken);
		}
	}
	return 0;
}
`;

function slotPlaces(): SlotPlaces {
  const manifest = readFileSync(join(root, "manifests/slots.json"), "utf8");
  return (JSON.parse(manifest) as { defines: { latchkey: { slots: SlotPlaces } } }).defines.latchkey
    .slots;
}

/** Bits that were accepted before, and including none after, the first failure. */
function accepted(bits: string): number {
  const health = new RandomHealth();
  return [...bits].filter((bit) => health.take(Number(bit))).length;
}

/** Bits with a given chance of being one, the same in every run. */
function biased(count: number, ones: number, seed: number): string {
  let state = seed;
  let bits = "";
  for (let i = 0; i < count; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    bits += (state >>> 8) / 2 ** 24 < ones ? "1" : "0";
  }
  return bits;
}

describe("the health test of the random source", () => {
  it("lets a good source pass, and one with half a bit of entropy", () => {
    for (let seed = 1; seed < 20; seed++) assert.equal(accepted(biased(8192, 0.5, seed)), 8192);
    assert.equal(accepted(biased(8192, 0.7, 7)), 8192);
  });

  it("fails a stuck source at the cut-off, and for good", () => {
    assert.equal(accepted("1".repeat(5000)), REPETITION_MAX - 1);
    assert.equal(
      accepted(`${"0".repeat(REPETITION_MAX)}${biased(2000, 0.5, 3)}`),
      REPETITION_MAX - 1,
    );
  });

  it("fails a source that nearly always says the same, though never too often in a row", () => {
    const mostlyOnes = `${"1".repeat(50)}0`.repeat(40);
    const taken = accepted(mostlyOnes);
    assert.ok(taken >= PROPORTION_MAX && taken < 1024, `${taken}`);
  });
});

describe("the C of the image and its twin", () => {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-twin-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** The answers of the compiled C; skips where there is no compiler. */
  function inC(context: Mocha.Context, cases: readonly string[]): number[] {
    const source = join(folder, "twin.c");
    const binary = join(folder, "twin");
    const headers = join(root, "hal/native/pico");
    writeFileSync(source, PROGRAM);
    try {
      execFileSync("cc", ["-std=c11", "-Wall", "-Werror", "-I", headers, source, "-o", binary]);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      if (process.env["CI"] === "true") throw new Error("a C compiler is required in CI");
      return context.skip();
    }
    const out = execFileSync(binary, { input: `${cases.join("\n")}\n`, encoding: "utf8" });
    return out.trim().split("\n").map(Number);
  }

  it("agree on every bit of good, bad and dead noise", function () {
    this.timeout(30_000);
    const noises = [0.5, 0.7, 0.85, 0.9, 0.97, 1].flatMap((ones) =>
      [1, 2, 3].map((seed) => biased(6000, ones, seed)),
    );
    const answers = inC(
      this,
      noises.map((bits) => `h ${bits}`),
    );
    assert.deepEqual(answers, noises.map(accepted));
  });

  it("agree on what is inside of a region, at its edges and at those of an integer", function () {
    this.timeout(30_000);
    const edges = [-(2 ** 31), -4096, -1, 0, 1, 255, 256, 4095, 4096, 8191, 8192, 2 ** 31 - 1];
    const cases = edges.flatMap((offset) =>
      edges.flatMap((length) =>
        [1, 256, 4096].map((unit) => [8192, offset, length, unit] as const),
      ),
    );
    const answers = inC(
      this,
      cases.map((numbers) => `f ${numbers.join(" ")}`),
    );
    assert.deepEqual(
      answers,
      cases.map((numbers) => Number(flashRange(...numbers))),
    );
  });

  it("agree on where the slots lie, and lets nothing change the one that runs", function () {
    this.timeout(30_000);
    const places = slotPlaces();
    const flash = { sizeBytes: places.bytes, sectorBytes: 4096, pageBytes: 256 } as Flash;
    const { state, slots } = layOutUpdate(flash);
    assert.equal(state.sizeBytes, places.state_bytes);
    assert.equal(slots[0].sizeBytes, slotBytes(places));
    const size = slotBytes(places);
    const starts = [places.state_bytes, places.state_bytes + size];
    const edges = [...starts, places.state_bytes + 2 * size].flatMap((at) => [at - 4096, at]);
    const cases = [-1, 0, 1].flatMap((running) => edges.map((offset) => ({ running, offset })));
    const lines = cases.map(
      ({ running, offset }) => `s ${places.bytes} ${places.state_bytes} ${running} ${offset} 4096`,
    );
    const answers = inC(this, lines);
    cases.forEach(({ running, offset }, i) => {
      const start = starts[running];
      const apart = start !== undefined && (offset < start || offset >= start + size);
      assert.deepEqual(answers.slice(2 * i, 2 * i + 2), [size, Number(apart)], lines[i]);
    });
  });

  it("never lets a byte outside of the region be touched", () => {
    const number = fc.oneof(fc.integer(), fc.double());
    fc.assert(
      fc.property(number, number, (offset, length) => {
        if (!flashRange(8192, offset, length, 1)) return true;
        return offset >= 0 && length >= 0 && offset + length <= 8192;
      }),
    );
  });
});
