import assert from "node:assert/strict";
import fc from "fast-check";
import { Journal } from "../../firmware/journal/journal.ts";
import { lcg, PowerCut, StrictFlash, TEARS } from "./strict-flash.ts";

type Operation = { readonly set: string; readonly value: Uint8Array } | { readonly delete: string };

const bytesOf = (length: number, seed: number): Uint8Array => {
  const next = lcg(seed);
  return Uint8Array.from({ length }, () => next() & 0xff);
};
const set = (key: string, length: number, seed: number): Operation => ({
  set: key,
  value: bytesOf(length, seed),
});

function apply(journal: Journal, operation: Operation): void {
  if ("set" in operation) journal.set(operation.set, operation.value);
  else journal.delete(operation.delete);
}

function applyToOracle(oracle: Map<string, string>, operation: Operation): void {
  if ("set" in operation) oracle.set(operation.set, String(operation.value));
  else oracle.delete(operation.delete);
}

function contents(journal: Journal): string {
  return journal
    .keys()
    .map((key) => `${key}=${String(journal.get(key))}`)
    .join("\n");
}

function oracleText(oracle: Map<string, string>): string {
  return [...oracle]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`)
    .join("\n");
}

interface Prepared {
  readonly flash: StrictFlash;
  readonly oracle: Map<string, string>;
}

function prepare(sectors: number, operations: readonly Operation[]): Prepared {
  const flash = new StrictFlash(sectors);
  const journal = new Journal(flash);
  const oracle = new Map<string, string>();
  for (const operation of operations) {
    apply(journal, operation);
    applyToOracle(oracle, operation);
  }
  return { flash: flash.restarted(), oracle };
}

/**
 * Runs `operation` with power failing in its n-th flash operation, for every n and every tear,
 * and checks after each: old or new, nothing else touched, and still writable.
 */
function cutEverywhere(start: Prepared, operation: Operation, seeds = 3): number {
  const before = oracleText(start.oracle);
  const afterOracle = new Map(start.oracle);
  applyToOracle(afterOracle, operation);
  const after = oracleText(afterOracle);
  const whole = start.flash.restarted();
  apply(new Journal(whole), operation);
  for (let n = 0; n < whole.operations; n++) {
    for (const tear of TEARS) {
      for (let seed = 0; seed < (tear === "before" || tear === "after" ? 1 : seeds); seed++) {
        const flash = start.flash.restarted();
        flash.cut = { operation: n, tear, seed };
        const journal = new Journal(flash);
        assert.throws(() => apply(journal, operation), PowerCut);
        const where = `operation ${n} of ${whole.operations}, ${tear} ${seed}`;
        const back = flash.restarted();
        const found = contents(new Journal(back));
        assert.ok(found === before || found === after, where);
        checkWritable(back, operation, after, where);
      }
    }
  }
  return whole.operations;
}

function checkWritable(flash: StrictFlash, operation: Operation, after: string, where: string) {
  const journal = new Journal(flash);
  apply(journal, operation);
  assert.equal(contents(journal), after, `${where}: the repeated operation`);
  for (let i = 0; i < 6; i++) journal.set("scratch", bytesOf(20, i));
  journal.delete("scratch");
  assert.equal(contents(new Journal(flash.restarted())), after, `${where}: later writes`);
}

const churn = (count: number): Operation[] =>
  Array.from({ length: count }, (_, i) => set(i % 3 === 0 ? "busy" : "other", 30 + i, i));
const FIXED = [set("node.key", 32, 7), set("node.uid", 36, 8), set("long", 700, 9)];

describe("journal under power cuts", () => {
  const cases: readonly (readonly [string, readonly Operation[], Operation])[] = [
    ["the first set on new flash", [], set("node.key", 32, 1)],
    ["a set beside others", FIXED, set("more", 100, 2)],
    ["an overwrite", FIXED, set("node.uid", 36, 3)],
    ["an overwrite of several pages", FIXED, set("long", 900, 4)],
    ["a delete", FIXED, { delete: "node.uid" }],
    ["a set after a delete", [...FIXED, { delete: "node.uid" }], set("node.uid", 36, 5)],
    ["a set that opens a sector", [...FIXED, ...churn(9)], set("long", 800, 6)],
  ];
  for (const [name, operations, operation] of cases) {
    it(`${name} leaves the old or the new value at every flash operation`, () => {
      assert.ok(cutEverywhere(prepare(4, operations), operation) >= 1);
    });
  }

  it("every sector opened or compacted in a long history leaves old or new", function () {
    this.timeout(20_000);
    let compactions = 0;
    for (const sectors of [3, 4]) {
      const history = [...FIXED.slice(0, 2), set("gone", 50, 1), ...churn(12), { delete: "gone" }];
      for (let i = 0; i < 45; i++) {
        const next =
          i % 7 === 3 ? { delete: "busy" } : set(i % 2 ? "busy" : "other", 40 + i * 5, i);
        const start = prepare(sectors, history);
        history.push(next);
        const rehearsal = start.flash.restarted();
        apply(new Journal(rehearsal), next);
        // One flash operation is a plain append, which the cases above have covered.
        if (rehearsal.operations === 1) continue;
        if (cutEverywhere(start, next, 2) > 3) compactions++;
      }
    }
    assert.ok(compactions > 3, `only ${compactions} compactions were cut`);
  });

  it("a deleted key does not come back from a half-erased sector", () => {
    // The deletion and what it deletes stand in one sector; then that sector is erased, torn.
    const history = [set("door", 40, 1), { delete: "door" }, set("node.key", 32, 2), ...churn(30)];
    const start = prepare(3, history);
    for (let i = 0; i < 25; i++) cutEverywhereQuick(start, set("busy", 30, 100 + i), "door");
  });

  it("survives power cuts in series: reset storms", function () {
    this.timeout(20_000);
    const cut = fc.record({
      operation: fc.nat({ max: 6 }),
      tear: fc.constantFrom(...TEARS),
      seed: fc.nat({ max: 1000 }),
    });
    fc.assert(
      fc.property(
        fc.array(cut, { minLength: 5, maxLength: 60 }),
        fc.integer({ min: 3, max: 6 }),
        (cuts, n) => {
          const start = prepare(n, [...FIXED, ...churn(20)]);
          let { flash } = start;
          let possible = new Set([oracleText(start.oracle)]);
          for (const [index, plan] of cuts.entries()) {
            flash = flash.restarted();
            flash.cut = plan;
            try {
              const journal = new Journal(flash);
              for (let k = 0; k < 4; k++) {
                const operation = set(`k${(index + k) % 3}`, 20 + index * 7, index * 10 + k);
                const now = contents(journal);
                const next = new Map(start.oracle);
                for (const line of now.split("\n"))
                  next.set(line.split("=")[0]!, line.split("=")[1]!);
                applyToOracle(next, operation);
                possible = new Set([now, oracleText(next)]);
                apply(journal, operation);
                possible = new Set([oracleText(next)]);
              }
            } catch (error) {
              assert.ok(error instanceof PowerCut, String(error));
            }
            flash = flash.restarted();
            assert.ok(possible.has(contents(new Journal(flash))), `after cut ${index}`);
          }
        },
      ),
      { numRuns: 15 },
    );
  });
});

function cutEverywhereQuick(start: Prepared, operation: Operation, absent: string): void {
  const journal = new Journal(start.flash);
  for (const tear of TEARS) {
    const probe = start.flash.restarted();
    const flash = start.flash.restarted();
    apply(new Journal(probe), operation);
    for (let n = 0; n < probe.operations; n++) {
      const victim = flash.restarted();
      victim.cut = { operation: n, tear, seed: n };
      assert.throws(() => apply(new Journal(victim), operation), PowerCut);
      assert.equal(new Journal(victim.restarted()).get(absent), undefined);
    }
  }
  apply(journal, operation);
}
