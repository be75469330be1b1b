import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { root } from "./test-files.ts";

/** How the C of hal/native is made into a program that answers lines, and how that is run. */
export interface NativeBuild {
  /** The compiler and its flags; the sources and `-o FILE` come behind. */
  readonly compile: readonly string[];
  /** Beside those of hal/native. */
  readonly sources: readonly string[];
  /** What stands before the program's path. */
  readonly run: readonly string[];
}

/** Headers in place of the Pico SDK's, over models of its controllers. */
const FAKES = join(root, "test/hal/native/pico");
const OURS_ON_PICO = join(root, "hal/native/pico");
const OURS = ["-std=c11", "-g", "-Wall", "-Wextra", "-Werror"];
const SANITIZED = ["-fsanitize=address,undefined", "-fno-sanitize-recover"];

/** On this machine, under the address and undefined-behaviour sanitizers. */
export const SANITIZED_BUILD: NativeBuild = {
  compile: ["cc", ...OURS, "-O1", ...SANITIZED],
  sources: [],
  run: [],
};

/**
 * On this machine under valgrind, which ends the program where a branch or an index depends on
 * what the driver marks as secret (A. Langley's ctgrind).
 */
export const SECRETS_BUILD: NativeBuild = {
  compile: ["cc", ...OURS, "-O2", "-DLATCHKEY_MEMCHECK"],
  sources: [],
  run: ["valgrind", "--quiet", "--exit-on-first-error=yes", "--error-exitcode=9"],
};

const EMULATOR = [
  ...["qemu-system-arm", "-machine", "mps2-an505", "-nographic", "-monitor", "none"],
  ...["-serial", "none", "-semihosting-config", "enable=on,target=native"],
];

/** With the image's compiler and flags, on an emulated Cortex-M33: what the board runs. */
export const M33_BUILD: NativeBuild = {
  compile: [
    ...["arm-none-eabi-gcc", "-mcpu=cortex-m33", "-mthumb", "-Os", "--specs=rdimon.specs"],
    // The board's memory begins there, and its processor reads where to begin.
    ...["-Wl,--section-start=.vectors=0x10000000", "-Wl,-Ttext-segment=0x10001000"],
  ],
  sources: ["test/hal/native/m33-start.c"],
  run: [...EMULATOR, "-kernel"],
};

/** Ed25519 of ref10, as the npm package ed25519-supercop has it, in the place of ours. */
export const REF10_BUILD: NativeBuild = {
  compile: ["cc", "-O1", "-DLATCHKEY_REF10", "-DED25519_NO_SEED"],
  sources: ["test/hal/native/ref10.c"],
  run: [],
};

/** The driver and all the C that it calls. @throws Error with what the compiler said */
export function compileNative({ compile, sources }: NativeBuild, program: string): void {
  compileFiles(compile, [...driverSources(), ...sources], program);
}

/**
 * Some files of the project, under the sanitizers.
 * @param headers folder of headers that are made for it
 * @throws Error with what the compiler said
 */
export function compileSanitized(
  files: readonly string[],
  program: string,
  headers: string = FAKES,
): void {
  const folders = [...new Set([FAKES, headers, OURS_ON_PICO])];
  compileFiles([...SANITIZED_BUILD.compile, ...folders.map((path) => `-I${path}`)], files, program);
}

function compileFiles(compile: readonly string[], files: readonly string[], program: string): void {
  const [compiler, ...flags] = compile;
  const paths = files.map((file) => join(root, file));
  const { status, stderr } = spawnSync(compiler!, [...flags, "-o", program, ...paths], {
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(stderr);
}

/** Those of the C that have neither an engine nor a board. */
function driverSources(): string[] {
  const files = readdirSync(join(root, "hal/native"));
  const crypto = files.filter((file) =>
    /^(?:aes|curve25519|gcm|hmac|keccak|sha256).*\.c$/.test(file),
  );
  return ["test/hal/native/driver.c", ...crypto.map((file) => `hal/native/${file}`)];
}
