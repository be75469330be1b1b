import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NativeCurves, NativeKeccak } from "../../hal/native/native-crypto.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { root } from "./test-files.ts";

const SOURCES = [
  "test/hal/native/driver.c",
  "hal/native/ref10.c",
  "hal/native/curve25519.c",
  "hal/native/keccak.c",
];
const OURS = ["-Wall", "-Wextra", "-Werror"];
// ref10 shifts negative numbers, which C leaves open and gcc and clang define.
const SANITIZED = ["-fsanitize=address,undefined", "-fno-sanitize=shift", "-fno-sanitize-recover"];

/** Skips loudly where there is no C compiler; fails where the XS lane must run, which needs one. */
export function needCompiler(test: Mocha.Context): void {
  if (spawnSync("cc", ["--version"], { stdio: "ignore" }).status === 0) return;
  const why = "there is no C compiler (cc)";
  if (process.env["CI"] === "true" || process.env["LATCHKEY_REQUIRE_XS"] === "1")
    throw new Error(why);
  console.warn(`SKIPPED: the C of hal/native is not run: ${why}`);
  test.skip();
}

/**
 * The C of the image, compiled for the desk under the address and undefined-behaviour sanitizers,
 * and asked over two pipes.
 */
export class NativeDriver implements NativeCurves, NativeKeccak {
  readonly #folder = mkdtempSync(join(tmpdir(), "latchkey-native-"));
  readonly #child: ChildProcess;
  readonly #requests: number;
  readonly #answers: number;

  /** @throws Error with what the compiler said */
  constructor() {
    const at = (name: string) => join(this.#folder, name);
    const files = SOURCES.map((file) => join(root, file));
    const args = ["-std=c11", "-O1", "-g", ...OURS, ...SANITIZED, "-o", at("driver"), ...files];
    const { status, stderr } = spawnSync("cc", args, { encoding: "utf8" });
    if (status !== 0) throw new Error(stderr);
    spawnSync("mkfifo", [at("requests"), at("answers")]);
    const script = 'exec "$0/driver" <"$0/requests" >"$0/answers"';
    this.#child = spawn("sh", ["-c", script, this.#folder], { stdio: "inherit" });
    this.#requests = openSync(at("requests"), "w");
    this.#answers = openSync(at("answers"), "r");
  }

  ed25519PublicKey = (seed: Uint8Array) => this.#ask("public", seed).buffer;
  ed25519Sign = (seed: Uint8Array, publicKey: Uint8Array, message: Uint8Array) =>
    this.#ask("sign", seed, publicKey, message).buffer;
  ed25519Verify = (publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array) =>
    this.#ask("verify", publicKey, message, signature)[0] === 1;
  x25519PublicKey = (privateKey: Uint8Array) => this.#ask("xpublic", privateKey).buffer;
  x25519(privateKey: Uint8Array, publicKey: Uint8Array): ArrayBuffer | undefined {
    const shared = this.#ask("x", privateKey, publicKey);
    return shared.length === 0 ? undefined : shared.buffer;
  }
  sha3_256 = (message: Uint8Array) => this.#ask("sha3", message).buffer;
  sha3_256Chain = (start: Uint8Array, times: number) =>
    this.#ask("chain", start, Uint8Array.of(times >> 8, times & 255)).buffer;

  close(): void {
    closeSync(this.#requests);
    closeSync(this.#answers);
    this.#child.kill();
    rmSync(this.#folder, { recursive: true });
  }

  #ask(operation: string, ...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
    const words = parts.map((part) => (part.length === 0 ? "-" : toHex(part)));
    writeSync(this.#requests, `${operation} ${words.join(" ")}\n`);
    let line = "";
    const piece = Buffer.alloc(512);
    while (!line.endsWith("\n")) {
      const length = readSync(this.#answers, piece);
      if (length === 0) throw new Error(`the C of hal/native died over ${operation}`);
      line += piece.toString("latin1", 0, length);
    }
    return Uint8Array.from(fromHex(line.trim()));
  }
}
