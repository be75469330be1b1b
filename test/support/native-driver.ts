import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type {
  NativeCurves,
  NativeKeccak,
  NativeSymmetric,
} from "../../hal/native/native-crypto.ts";
import { uintBE } from "../../protocol/encoding/bytes.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { AskedProgram } from "./asked-program.ts";
import { compileNative, type NativeBuild, SANITIZED_BUILD } from "./native-builds.ts";

/** Skips loudly where there is no C compiler; fails where the XS lane must run, which needs one. */
export function needCompiler(test: Mocha.Context): void {
  const required = process.env["CI"] === "true" || process.env["LATCHKEY_REQUIRE_XS"] === "1";
  need(test, ["cc"], required);
}

/** Skips loudly where a program is absent; with LATCHKEY_REQUIRE_M33=1 that fails. */
export function needPrograms(test: Mocha.Context, ...programs: readonly string[]): void {
  need(test, programs, process.env["LATCHKEY_REQUIRE_M33"] === "1");
}

function need(test: Mocha.Context, programs: readonly string[], required: boolean): void {
  const absent = programs.filter(
    (program) => spawnSync(program, ["--version"], { stdio: "ignore" }).status !== 0,
  );
  if (absent.length === 0) return;
  const why = `there is no ${absent.join(" and no ")}`;
  if (required) throw new Error(why);
  console.warn(`SKIPPED: the C of hal/native is not run: ${why}`);
  test.skip();
}

/** The C of the image, compiled for the desk or for an emulator and asked over two pipes. */
export class NativeDriver implements NativeCurves, NativeKeccak, NativeSymmetric {
  readonly #program: AskedProgram;

  /** @throws Error with what the compiler said */
  constructor(build: NativeBuild = SANITIZED_BUILD) {
    const folder = mkdtempSync(join(tmpdir(), "latchkey-native-"));
    compileNative(build, join(folder, "driver"));
    this.#program = new AskedProgram(folder, "driver", build.run);
  }

  ed25519PublicKey = (seed: Uint8Array) => this.ask("public", seed).buffer;
  ed25519Sign = (seed: Uint8Array, publicKey: Uint8Array, message: Uint8Array) =>
    this.ask("sign", seed, publicKey, message).buffer;
  ed25519Verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) =>
    this.ask("verify", publicKey, message, signature)[0] === 1;
  x25519PublicKey = (privateKey: Uint8Array) => this.ask("xpublic", privateKey).buffer;
  x25519(privateKey: Uint8Array, publicKey: Uint8Array): ArrayBuffer | undefined {
    const shared = this.ask("x", privateKey, publicKey);
    return shared.length === 0 ? undefined : shared.buffer;
  }
  sha3_256 = (message: Uint8Array) => this.ask("sha3", message).buffer;
  sha3_256Chain = (start: Uint8Array, times: number) =>
    this.ask("chain", start, Uint8Array.of(times >> 8, times & 255)).buffer;

  sha256 = (message: Uint8Array) => this.ask("sha256", message).buffer;
  hmacSha256 = (key: Uint8Array, message: Uint8Array) => this.ask("hmac", key, message).buffer;
  hkdfSha256(ikm: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): ArrayBuffer {
    return this.ask("hkdf", ikm, salt, info, uintBE(length, 2)).buffer;
  }
  /** One block of a chain from zeros: the cipher itself. */
  aesEncryptBlock = (key: Uint8Array, block: Uint8Array) =>
    this.aesCbcEncrypt(key, new Uint8Array(16), block);
  aesCbcEncrypt = (key: Uint8Array, iv: Uint8Array, plain: Uint8Array) =>
    this.ask("aes-cbc-encrypt", key, iv, plain).buffer;
  aesCbcDecrypt = (key: Uint8Array, iv: Uint8Array, cipher: Uint8Array) =>
    this.ask("aes-cbc-decrypt", key, iv, cipher).buffer;
  aesGcmSeal = (key: Uint8Array, nonce: Uint8Array, aad: Uint8Array, plain: Uint8Array) =>
    this.ask("aes-seal", key, nonce, aad, plain).slice(1).buffer;
  aesGcmOpen(
    key: Uint8Array,
    nonce: Uint8Array,
    aad: Uint8Array,
    sealed: Uint8Array,
  ): ArrayBuffer | undefined {
    if (sealed.length < 16) return undefined;
    const [good, ...plain] = this.ask("aes-open", key, nonce, aad, sealed);
    return good === 1 ? Uint8Array.from(plain).buffer : undefined;
  }

  close(): void {
    this.#program.close();
  }

  /** The answer to one line of the driver. */
  ask(operation: string, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
    const words = parts.map((part) => (part.length === 0 ? "-" : toHex(part)));
    return Uint8Array.from(fromHex(this.#program.ask(`${operation} ${words.join(" ")}`)));
  }
}
