/** The C of hal/native as the image's compiler makes it, run on an emulated Cortex-M33. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { SECRET_CALLS, traceM33 } from "../support/m33-trace.ts";
import { compileNative, M33_BUILD } from "../support/native-builds.ts";
import { NativeDriver, needPrograms } from "../support/native-driver.ts";
import { testNativeCurves, testNativeField } from "./native-suite.ts";
import { testNativeSymmetric } from "./native-symmetric-suite.ts";

const PROGRAMS = ["arm-none-eabi-gcc", "arm-none-eabi-objdump", "qemu-system-arm"];

describe("the C of hal/native on a Cortex-M33", () => {
  let driver: NativeDriver | undefined;
  before(function () {
    needPrograms(this, ...PROGRAMS);
    this.timeout(60_000);
    driver = new NativeDriver(M33_BUILD);
  });
  after(() => driver?.close());

  testNativeCurves(() => driver!);

  describe("in its hashes and ciphers", () => {
    testNativeSymmetric(() => driver!);
  });

  describe("in its arithmetic", () => {
    testNativeField(() => driver!);
  });
});

describe("the machine code of hal/native", () => {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-m33-"));
  const program = join(folder, "driver");
  before(function () {
    needPrograms(this, ...PROGRAMS);
    this.timeout(60_000);
    compileNative(M33_BUILD, program);
  });
  after(() => rmSync(folder, { recursive: true }));

  it("multiplies and adds in one instruction", () => {
    const { stdout } = spawnSync("arm-none-eabi-objdump", ["-d", program], { encoding: "utf8" });
    assert.ok((stdout.match(/\tumaal\t/g) ?? []).length > 100);
  });

  const secrets = [0x00, 0xff].map((byte) => new Uint8Array(32).fill(byte));
  const message = new Uint8Array(100).fill(0x61);
  for (const [entry, operation, ...rest] of SECRET_CALLS)
    it(`runs the same instructions in ${entry} whatever the secret is`, function () {
      this.timeout(60_000);
      const traces = secrets.map((secret) => traceM33(program, entry, operation, secret, ...rest));
      assert.ok(traces[0]!.instructions > 5_000);
      for (const trace of traces) assert.deepEqual(trace, traces[0]);
    });

  it("runs others in lkEd25519Verify, which has no secret", function () {
    this.timeout(60_000);
    const traces = secrets.map((seed) => {
      const key = nobleCrypto.ed25519PublicKey(seed);
      const signature = nobleCrypto.ed25519Sign(seed, message);
      return traceM33(program, "lkEd25519Verify", "verify", key, message, signature);
    });
    assert.notEqual(traces[0]!.digest, traces[1]!.digest);
  });
});
