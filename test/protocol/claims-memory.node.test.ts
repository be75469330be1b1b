import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { answerInTurns, type Inquiry } from "../../protocol/claims/inquiry.ts";
import { wotsVerify } from "../../protocol/claims/wots.ts";
import { unsafeWotsSign } from "../../protocol/claims/wots-secret.ts";
import { nobleSha3 } from "../../protocol/crypto/noble-sha3.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import type { Sha3 } from "../../protocol/crypto/sha3.ts";
import { needCompiler } from "../support/native-driver.ts";
import { root } from "../support/test-files.ts";

/** Issue of the whole: what a verification may take beside its input. */
const LIMIT = 2048;

/**
 * Bytes of all arrays that are made while `work` runs, whether or not they are let go again: an
 * upper bound of what is held at any one time.
 */
async function bytesMade(work: (sha3: Sha3) => unknown): Promise<number> {
  const Original = globalThis.Uint8Array;
  const { slice, map } = Original.prototype;
  let bytes = 0;
  const counted = <Made extends Uint8Array>(made: Made): Made => {
    bytes += made.length;
    return made;
  };
  globalThis.Uint8Array = new Proxy(Original, {
    construct: (target, args: [unknown]) => {
      const made = Reflect.construct(target, args) as Uint8Array;
      return args[0] instanceof ArrayBuffer ? made : counted(made);
    },
  });
  Original.prototype.slice = function (...args) {
    return counted(slice.apply(this, args));
  };
  Original.prototype.map = function (...args) {
    return counted(map.apply(this, args));
  };
  // What the provider computes in belongs to it: on the device to the stack of the C.
  const apart = <Result>(compute: () => Result): Result => {
    const before = bytes;
    const result = compute();
    bytes = before;
    return result;
  };
  const sha3: Sha3 = {
    name: "apart",
    sha3_256: (message) => counted(apart(() => nobleSha3.sha3_256(message))),
    // Of its results one is held at a time; it is added once, below.
    sha3_256Chain: (start, times) => apart(() => nobleSha3.sha3_256Chain(start, times)),
  };
  try {
    await work(sha3);
  } finally {
    globalThis.Uint8Array = Original;
    Original.prototype.slice = slice;
    Original.prototype.map = map;
  }
  return bytes + 32;
}

describe("the memory of a verification", function () {
  this.timeout(60_000);
  const message = new Uint8Array(32).fill(9);
  const seed = new Secret(new Uint8Array(32).fill(7));
  const { signature, publicKey } = unsafeWotsSign(nobleSha3, seed, 0, message);

  it("at once is less than 2 kB beside its input", async () => {
    const bytes = await bytesMade((sha3) => {
      assert.ok(wotsVerify(sha3, publicKey, message, signature));
    });
    assert.ok(bytes >= 1088 && bytes <= LIMIT, `${bytes} bytes`);
  });

  it("in turns is less than 2 kB beside its input", async () => {
    function* asked(): Inquiry<boolean> {
      return yield { publicKey, message, signature, isShared: false };
    }
    const bytes = await bytesMade(async (sha3) => {
      assert.ok(await answerInTurns(asked(), sha3, async () => {}));
    });
    assert.ok(bytes >= 1088 && bytes <= LIMIT, `${bytes} bytes`);
  });

  it("is counted: a copy of the signature too many would be seen", async () => {
    const bytes = await bytesMade((sha3) => {
      wotsVerify(sha3, publicKey, message, signature.slice());
    });
    assert.ok(bytes > LIMIT, `${bytes} bytes`);
  });

  it("on the stack of the C is less than 700 bytes, all calls together", function () {
    needCompiler(this);
    const folder = mkdtempSync(join(tmpdir(), "latchkey-stack-"));
    try {
      const args = ["-std=c11", "-Os", "-fstack-usage", "-c", join(root, "hal/native/keccak.c")];
      execFileSync("cc", [...args, "-o", join(folder, "keccak.o")], { cwd: folder });
      const lines = readFileSync(join(folder, "keccak.su"), "utf8").trim().split("\n");
      const frames = lines.map((line) => {
        const [name, bytes, kind] = line.split("\t");
        // Without loops that the compiler cannot bound: no array of a length given at run time.
        assert.equal(kind, "static", name);
        return Number(bytes);
      });
      const sum = frames.reduce((all, one) => all + one, 0);
      assert.ok(frames.length >= 2 && sum > 200 && sum <= 700, `${sum} bytes`);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
