/** i2c-sleep.c, compiled for the desk, on a model of the RP2350's I2C controller. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toHex } from "../../protocol/encoding/hex.ts";
import { compileSanitized } from "../support/native-builds.ts";
import { needCompiler } from "../support/native-driver.ts";

interface Transfer {
  readonly kind: "w" | "r";
  readonly length: number;
  readonly nostop?: boolean;
  /** Whether a chip answers to the address. */
  readonly present?: boolean;
  /** The byte that the chip does not acknowledge. */
  readonly refusedAt?: number;
  /** The byte at which the clock line stays low for good. */
  readonly stuckAt?: number;
  /** How long the chip holds the clock before the first byte. */
  readonly stretchedUs?: number;
  /** How often another interrupt wakes the processor; 0: never. */
  readonly wakeUs?: number;
  /** How long another interrupt is served between any two looks at a register. */
  readonly stolenUs?: number;
  readonly timeoutUs?: number;
}

interface Outcome {
  readonly result: number;
  readonly wire: string;
  readonly wakes: number;
  readonly us: number;
}

const GENERIC = -1;
const TIMEOUT = -2;
const LENGTHS = [1, 2, 3, 4, 5, 15, 16, 17, 18, 19, 20, 31, 32, 33, 64, 129, 265, 512];
/** 100 kHz: nine bits. */
const BYTE_US = 90;

const lineOf = (transfer: Transfer): string =>
  [
    transfer.kind,
    transfer.length,
    Number(transfer.nostop ?? false),
    Number(transfer.present ?? true),
    transfer.refusedAt ?? -1,
    transfer.stuckAt ?? -1,
    transfer.stretchedUs ?? 0,
    transfer.wakeUs ?? 0,
    transfer.stolenUs ?? 0,
    transfer.timeoutUs ?? 200_000,
  ].join(" ");

const written = (length: number) => toHex(Uint8Array.from({ length }, (_, i) => 3 * i + 1));
const read = (length: number) => toHex(Uint8Array.from({ length }, (_, i) => 0x40 + i));

describe("I2C while the processor sleeps, on a model of the controller", () => {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-i2c-"));
  const program = join(folder, "i2c");

  before(function () {
    needCompiler(this);
    compileSanitized(["test/hal/native/i2c-controller.c", "hal/native/pico/i2c-sleep.c"], program);
  });
  after(() => rmSync(folder, { recursive: true }));

  /** One after the other on one controller. */
  function run(...transfers: readonly Transfer[]): readonly Outcome[] {
    const input = transfers.map(lineOf).join("\n");
    const lines = execFileSync(program, { input, encoding: "utf8" }).trimEnd().split("\n");
    return lines.map((line) => {
      const [result, wire, wakes, us] = line.split(" ");
      return { result: Number(result), wire: wire!, wakes: Number(wakes), us: Number(us) };
    });
  }

  it("writes every byte once, in order, between a START and a STOP", () => {
    const outcomes = run(...LENGTHS.map((length) => ({ kind: "w", length }) as const));
    outcomes.forEach(({ result, wire }, i) => {
      assert.equal(result, LENGTHS[i]);
      assert.equal(wire, `Sw${written(LENGTHS[i]!)}P`);
    });
  });

  it("reads every byte once, in order, and never asks for more than its queue holds", () => {
    const outcomes = run(...LENGTHS.map((length) => ({ kind: "r", length }) as const));
    outcomes.forEach(({ result, wire }, i) => {
      assert.equal(result, LENGTHS[i]);
      assert.equal(wire, `Sr${read(LENGTHS[i]!)}P`);
    });
  });

  it("does the same whenever other interrupts wake the processor", () => {
    for (const wakeUs of [1, 7, 89, 90, 91, 400, 1500])
      for (const stolenUs of [0, 3, 40])
        for (const kind of ["w", "r"] as const)
          for (const length of [1, 16, 17, 265]) {
            const [outcome] = run({ kind, length, wakeUs, stolenUs });
            const bytes = kind === "w" ? written(length) : read(length);
            assert.deepEqual([outcome!.result, outcome!.wire], [length, `S${kind}${bytes}P`]);
          }
  });

  it("keeps the bus between a write without STOP and a read, which begins by a repeated START", () => {
    const [register, value, next] = run(
      { kind: "w", length: 1, nostop: true },
      { kind: "r", length: 6 },
      { kind: "w", length: 2 },
    );
    assert.equal(register!.wire, `Sw${written(1)}`);
    assert.equal(value!.wire, `Rr${read(6)}P`);
    assert.equal(next!.wire, `Sw${written(2)}P`);
  });

  it("sleeps: a long transfer wakes it less than once in eight bytes, and the bus does not pause", () => {
    for (const kind of ["w", "r"] as const) {
      const [{ wakes, us }] = run({ kind, length: 256 }) as [Outcome];
      assert.ok(wakes < 256 / 8, `${kind}: ${wakes} wakes`);
      assert.ok(us <= (256 + 1) * BYTE_US * 1.03, `${kind}: ${us} us`);
    }
  });

  /** Two transfers, one after the other. */
  const pair = (first: Transfer, second: Transfer) => run(first, second) as [Outcome, Outcome];

  it("says that nobody took the address, whatever else is served, and the next transfer works", () => {
    for (let stolenUs = 0; stolenUs < 120; stolenUs += 5)
      for (const kind of ["w", "r"] as const)
        for (const length of [1, 40]) {
          const after = { kind: "w", length: 3 } as const;
          const [refused, next] = pair({ kind, length, stolenUs, present: false }, after);
          assert.deepEqual([refused.result, refused.wire], [GENERIC, `S${kind}P`]);
          assert.deepEqual([next.result, next.wire], [3, `Sw${written(3)}P`]);
        }
  });

  it("gives less than the length where a byte was refused, whichever it was", () => {
    for (const length of [1, 5, 16, 17, 40])
      for (let refusedAt = 0; refusedAt < length; refusedAt++) {
        const first = { kind: "w", length, refusedAt, stolenUs: (refusedAt * 7) % 100 } as const;
        const [refused, next] = pair(first, { kind: "r", length: 2 });
        assert.equal(refused.wire, `Sw${written(refusedAt + 1)}P`);
        assert.ok(refused.result >= 0 && refused.result < length, `${refused.result}`);
        assert.deepEqual([next.result, next.wire], [2, `Sr${read(2)}P`]);
      }
  });

  it("waits for a chip that stretches the clock", () => {
    for (const kind of ["w", "r"] as const) {
      const [{ result, us }] = run({ kind, length: 20, stretchedUs: 5_000 }) as [Outcome];
      assert.equal(result, 20);
      assert.ok(us >= 5_000 && us < 5_000 + 23 * BYTE_US, `${us} us`);
    }
  });

  it("gives up a clock line that stays low, when its time has come, and the next transfer works", () => {
    for (const kind of ["w", "r"] as const)
      for (const stuckAt of [0, 3, 19]) {
        const first = { kind, length: 20, stuckAt, timeoutUs: 3_000 };
        const [stuck, next] = pair(first, { kind: "w", length: 4 });
        assert.equal(stuck.result, TIMEOUT);
        assert.ok(stuck.us >= 3_000 && stuck.us < 3_000 + BYTE_US, `${stuck.us} us`);
        assert.deepEqual([next.result, next.wire], [4, `Sw${written(4)}P`]);
      }
  });
});
