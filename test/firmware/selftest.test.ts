import assert from "node:assert/strict";
import type { CheckResult } from "../../firmware/selftest/check.ts";
import { engineDefects } from "../../firmware/selftest/engine-checks.ts";
import { runSelfTest } from "../../firmware/selftest/selftest.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import type { CryptoProvider } from "../../protocol/crypto/provider.ts";
import { VirtualTime } from "../hal/virtual-time.ts";
import { PROVIDERS } from "../protocol/portable-provider.ts";

async function tested(crypto: CryptoProvider) {
  const time = new VirtualTime();
  const results: CheckResult[] = [];
  let end: readonly [number, number] | undefined;
  const stop = runSelfTest(
    { crypto, timer: time.timer },
    (result) => results.push(result),
    (passed, failed) => {
      end = [passed, failed];
    },
  );
  await time.pass(1);
  return { results, end, stop, time };
}

/** Every function that gives bytes or a verdict, one at a time, with its result bent. */
function* bent(crypto: CryptoProvider): Generator<[string, CryptoProvider]> {
  for (const name of Object.keys(crypto) as (keyof CryptoProvider)[]) {
    const original = crypto[name];
    if (typeof original !== "function") continue;
    const wrong = (...args: never[]) => {
      const result = (original as (...args: never[]) => unknown)(...args);
      if (typeof result === "boolean") return !result;
      if (!(result instanceof Uint8Array) || result.length === 0) return result;
      const other = result.slice();
      other[0] = other[0]! ^ 1;
      return other;
    };
    yield [name, { ...crypto, [name]: wrong }];
  }
}

describe("the self-test of a node", () => {
  for (const crypto of PROVIDERS)
    it(`passes with ${crypto.name}`, async () => {
      const { results, end } = await tested(crypto);
      assert.deepEqual(
        results.filter(({ ok }) => !ok),
        [],
      );
      assert.deepEqual(end, [results.length, 0]);
      assert.ok(results.length >= 27, `${results.length}`);
    });

  it("finds a fault in any primitive, and says what came out", async () => {
    for (const [name, crypto] of bent(nobleCrypto)) {
      const { results, end } = await tested(crypto);
      const failed = results.filter(({ ok }) => !ok);
      assert.ok(failed.length > 0, name);
      assert.equal(end![1], failed.length, name);
      assert.ok(
        failed.every(({ found }) => found !== undefined && found !== ""),
        name,
      );
    }
  });

  it("takes an exception for a failure, and goes on", async () => {
    const broken = () => {
      throw new RangeError("no such luck");
    };
    const { results, end } = await tested({ ...nobleCrypto, x25519: broken });
    assert.equal(end![0] + end![1], results.length);
    assert.match(results.find(({ ok }) => !ok)!.found!, /no such luck/);
  });

  it("does one check in a turn, and none after it was called off", async () => {
    const time = new VirtualTime();
    const results: CheckResult[] = [];
    const stop = runSelfTest(
      { crypto: nobleCrypto, timer: time.timer },
      (result) => {
        results.push(result);
        if (results.length === 3) stop();
      },
      () => assert.fail("it ended"),
    );
    await time.pass(10);
    assert.equal(results.length, 3);
  });

  it("knows of the engine's defects, of which the desk's engines have the second at most", () => {
    const [equality, shift] = engineDefects();
    assert.deepEqual(equality, { ...equality, present: false });
    assert.equal(typeof shift!.present, "boolean");
  });
});
