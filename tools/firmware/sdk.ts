import { join } from "node:path";
import type { Context } from "../cli/context.ts";

/** One thing that a build of the image needs, where it was looked for and how to get it. */
export interface SdkPart {
  readonly name: string;
  readonly found: boolean;
  readonly text: string;
  readonly next?: string;
}

type Machine = Pick<Context, "env" | "exists" | "readText" | "platform">;

const GUIDE = "documentation/devices/pico.md of the Moddable SDK says how";
/** The SDK's makefile refuses every other one. */
const PICO_SDK_VERSION = "2.2.0";

/** Where the parts are, by the variables that the SDK's own makefile reads. */
export function sdkFolders({ env, platform }: Pick<Machine, "env" | "platform">) {
  const given = (name: string, fallback: string): string => env[name] || fallback;
  const picoRoot = given("PICO_ROOT", join(env["HOME"] ?? "", "pico"));
  const picoSdk = given("PICO_SDK_DIR", join(picoRoot, "pico-sdk"));
  const moddable = env["MODDABLE"] || undefined;
  const host = platform === "darwin" ? "mac" : "lin";
  return {
    moddable,
    tools: moddable && join(moddable, "build/bin", host, "release"),
    picoRoot,
    picoSdk,
    extras: given("PICO_EXTRAS_DIR", join(picoRoot, "pico-extras")),
    examples: given("PICO_EXAMPLES_DIR", join(picoRoot, "pico-examples")),
    gcc: join(given("PICO_GCC_ROOT", "/usr/local"), "bin", "arm-none-eabi-gcc"),
    pioasm: given("PIOASM", join(picoSdk, "build/pioasm/pioasm")),
    picotool: given("UF2CONV", join(picoSdk, "build/_deps/picotool/picotool")),
    flashRegion: join(picoSdk, "build/pico_flash_region.ld"),
  };
}

/** Everything that a build for the desk needs. */
export function deskParts(machine: Machine): readonly SdkPart[] {
  const at = sdkFolders(machine);
  if (at.tools === undefined) return [moddable(machine, at.moddable)];
  const next = "build the tools of the Moddable SDK";
  const mcconfig = filePart(machine, "mcconfig", join(at.tools, "mcconfig"), next);
  return [moddable(machine, at.moddable), mcconfig];
}

/** Everything that a build for a Pico needs, in the order in which one installs it. */
export function sdkParts(machine: Machine): readonly SdkPart[] {
  const at = sdkFolders(machine);
  const file = (name: string, path: string, next: string) => filePart(machine, name, path, next);
  return [
    ...deskParts(machine),
    picoSdk(machine, at.picoSdk),
    file("pico-extras", at.extras, `get its tag sdk-${PICO_SDK_VERSION}; set PICO_EXTRAS_DIR`),
    file(
      "pico-examples",
      at.examples,
      `get its tag sdk-${PICO_SDK_VERSION}; set PICO_EXAMPLES_DIR`,
    ),
    file(
      "arm-none-eabi-gcc",
      at.gcc,
      "install the GNU Arm toolchain; set PICO_GCC_ROOT to its root",
    ),
    file("pioasm", at.pioasm, "build it out of the Pico SDK's tools/pioasm; set PIOASM"),
    file("picotool", at.picotool, "build picotool of the same release; set UF2CONV to it"),
    file("flash region", at.flashRegion, "run cmake once in the folder `build` of the Pico SDK"),
  ];
}

function filePart({ exists }: Machine, name: string, path: string, next: string): SdkPart {
  if (exists(path)) return { name, found: true, text: path };
  return { name, found: false, text: `there is no ${path}`, next };
}

function moddable({ exists }: Machine, folder: string | undefined): SdkPart {
  const name = "moddable";
  if (folder === undefined)
    return { name, found: false, text: "$MODDABLE is not set", next: `install the SDK; ${GUIDE}` };
  if (exists(join(folder, "xs"))) return { name, found: true, text: folder };
  const wrong = exists(folder) ? "does not hold the Moddable SDK" : "does not exist";
  const text = `$MODDABLE names ${folder}, which ${wrong}`;
  return { name, found: false, text, next: "correct $MODDABLE" };
}

function picoSdk({ readText }: Machine, folder: string): SdkPart {
  const name = "pico sdk";
  const text = readText(join(folder, "pico_sdk_version.cmake"));
  if (text === undefined) {
    const next = `install version ${PICO_SDK_VERSION} with its submodules; set PICO_SDK_DIR`;
    return { name, found: false, text: `there is no Pico SDK in ${folder}`, next };
  }
  const number = (part: string): string =>
    new RegExp(`^\\s*set\\(PICO_SDK_VERSION_${part} (\\d+)\\)`, "m").exec(text)?.[1] ?? "?";
  const version = ["MAJOR", "MINOR", "REVISION"].map(number).join(".");
  if (version === PICO_SDK_VERSION) return { name, found: true, text: `${version} in ${folder}` };
  const next = `check out its tag ${PICO_SDK_VERSION}: the Moddable SDK refuses others`;
  return { name, found: false, text: `${folder} is version ${version}`, next };
}
