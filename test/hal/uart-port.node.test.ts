/** uart-port.c, compiled for the desk, on a model of the RP2350's UART. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compileSanitized } from "../support/native-builds.ts";
import { needCompiler } from "../support/native-driver.ts";

const BYTES = 20_000;
/** 115,200 baud: a turn of the event loop of 40 ms, a page of flash programmed. */
const TURN_BITS = 4_600;
const PAGE_BITS = 46;
/** A sector of flash erased. */
const SECTOR_BITS = 5_200;

describe("a UART's bytes, on a model of the controller", () => {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-uart-"));
  const program = join(folder, "uart");

  before(function () {
    needCompiler(this);
    compileSanitized(["test/hal/native/uart-model.c", "hal/native/uart/uart-port.c"], program);
  });
  after(() => rmSync(folder, { recursive: true }));

  function run(seed: number, awayBits: number, heldOffBits: number) {
    const words = [seed, BYTES, awayBits, heldOffBits].map(String);
    const text = execFileSync(program, words, { encoding: "utf8" });
    const numbers = /^lost (\d+) told (\d+) interrupts (\d+)$/.exec(text.trim());
    assert.ok(numbers, text);
    const [lost, told, interrupts] = numbers.slice(1).map(Number) as [number, number, number];
    return { lost, told, interrupts };
  }

  it("come and go whole and in order while the program is away for as long as a turn takes", () => {
    for (let seed = 1; seed <= 20; seed++)
      assert.equal(run(seed, TURN_BITS, PAGE_BITS).lost, 0, `seed ${seed}`);
  });

  it("are told of in large pieces, and a rest as soon as the line is silent", () => {
    const { told } = run(1, 1, 1);
    assert.ok(told < BYTES / 20, `${told} calls for ${BYTES} bytes each way`);
  });

  it("are told of while they come, on a line that never pauses", () => {
    assert.equal(run(0, TURN_BITS, PAGE_BITS).lost, 0);
  });

  it("wait in the controller, without its interrupts, when there is no room for more", () => {
    for (let seed = 1; seed <= 10; seed++) {
      const { lost, interrupts } = run(seed, 5 * TURN_BITS, PAGE_BITS);
      assert.ok(lost > 0, "there was room enough");
      assert.ok(interrupts < BYTES / 4, `${interrupts} interrupts`);
    }
  });

  it("go on after interrupts were held off for a sector's erasure: what was lost is all that is", () => {
    let lost = 0;
    for (let seed = 1; seed <= 10; seed++) lost += run(seed, TURN_BITS, SECTOR_BITS).lost;
    assert.ok(lost > 0, "nothing was held off long enough");
  });
});
