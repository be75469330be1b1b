import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type BuildOptions, build, type Plugin } from "esbuild";
import type { ErrorCode } from "../../protocol/error-codes.ts";
import { constantDeclarations, functionsAsConstants, literalsFirst } from "./compact.ts";
import { imageCodes, tableOf } from "./image-codes.ts";
import type { FirmwareTarget } from "./products.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Modules that the SDK brings, or that the manifest adds. */
const FROM_THE_IMAGE = ["crypt", "embedded:*", "ssl/cert", "timer", "latchkey/*"];

export interface BundleOptions {
  readonly target: FirmwareTarget;
  readonly folder: string;
  readonly version: string;
  /** For xsbug: names and lines as in the sources, by a map beside the modules. */
  readonly debug: boolean;
  /** Of an image with slots; 0 when absent. */
  readonly securityVersion?: number;
}

/** What an image's own JavaScript is made of. */
export interface BundleFacts {
  /** Bytes of the text by source file, before it is made small. */
  readonly sources: Readonly<Record<string, number>>;
  /** Every code that it has a sentence for. */
  readonly codes: readonly ErrorCode[];
  /** Bytes of `program.js`. */
  readonly programBytes: number;
}

/**
 * Two modules out of the sources: `program.js`, which the manifest preloads, and `main.js`, which
 * runs at start and imports the other one; and the manifest of what cryptography needs of the SDK.
 */
export async function bundleFirmware(options: BundleOptions): Promise<BundleFacts> {
  const { target, folder, version, debug, securityVersion = 0 } = options;
  mkdirSync(folder, { recursive: true });
  const at = (name: string) => (debug ? { mapAt: join(folder, name) } : {});
  const codes = await codesOf(target);
  const plugins = [...replacements(target), tableOf(codes)];
  const [program, main] = await Promise.all([
    bundled({ entryPoint: target.program, plugins, ...at("program.js") }),
    bundled({ entryPoint: target.main, plugins: [], ...at("main.js") }),
  ]);
  const text = debug ? constantDeclarations(program.text) : await compacted(program.text);
  writeFileSync(join(folder, "program.js"), text);
  writeFileSync(join(folder, "main.js"), main.text);
  // Of the SDK's modules only these: each costs flash, used or not.
  writeFileSync(join(folder, "crypto.json"), JSON.stringify({ include: target.cryptoManifests }));
  const { release: product } = target;
  const facts = {
    ...{ version, builtUnix: Math.floor(Date.now() / 1000) },
    ...(product === undefined ? {} : { product, securityVersion }),
  };
  const lines = Object.entries(facts).map(
    ([name, value]) => `export const ${name} = ${JSON.stringify(value)};\n`,
  );
  writeFileSync(join(folder, "build.js"), lines.join(""));
  const sources = { ...program.sources, ...main.sources };
  return { sources, codes, programBytes: text.length };
}

interface Bundled {
  readonly text: string;
  readonly sources: Readonly<Record<string, number>>;
}

interface Entry {
  readonly entryPoint: string;
  readonly plugins: readonly Plugin[];
  /** Without one there is no source map. */
  readonly mapAt?: string;
}

async function bundled({ entryPoint, plugins, mapAt }: Entry): Promise<Bundled> {
  const { outputFiles, metafile } = await build({
    ...COMMON,
    entryPoints: [entryPoint],
    plugins: [...plugins],
    metafile: true,
    outfile: mapAt ?? "module.js",
    ...(mapAt !== undefined && { sourcemap: "linked" }),
  });
  const [map, code] = outputFiles.length === 2 ? outputFiles : [undefined, outputFiles[0]];
  if (map !== undefined) writeFileSync(map.path, map.contents);
  const { inputs } = Object.values(metafile.outputs).find(({ entryPoint }) => entryPoint)!;
  const sources = Object.entries(inputs).map(([file, { bytesInOutput }]) => [file, bytesInOutput]);
  return { text: code!.text, sources: Object.fromEntries(sources) };
}

/** The codes that this image must explain, found out with a table that has none. */
async function codesOf(target: FirmwareTarget): Promise<readonly ErrorCode[]> {
  const plugins = [...replacements(target), tableOf([])];
  const entries = [target.program, target.main];
  const texts = entries.map((entryPoint) => bundled({ entryPoint, plugins }));
  return imageCodes((await Promise.all(texts)).map(({ text }) => text).join("\n"));
}

/** Names are esbuild's own from here on, so that nobody pays for a long one. */
async function compacted(text: string): Promise<string> {
  const { outputFiles } = await build({
    ...COMMON,
    stdin: { contents: literalsFirst(constantDeclarations(text)) },
    minifyIdentifiers: true,
    minifySyntax: true,
  });
  return constantDeclarations(functionsAsConstants(outputFiles[0]!.text));
}

const COMMON = Object.freeze({
  bundle: true,
  write: false,
  absWorkingDir: root,
  format: "esm",
  target: "es2022",
  platform: "neutral",
  mainFields: ["module", "main"],
  external: FROM_THE_IMAGE,
  logLevel: "silent",
} as const satisfies BuildOptions);

/** What stands in an image in place of files of the sources. */
function replacements(target: FirmwareTarget): readonly Plugin[] {
  return [cryptoOf(target), ...IN_C];
}

function cryptoOf({ chipCrypto }: FirmwareTarget): Plugin {
  return replacing("latchkey-crypto", /\/chip-crypto\.ts$/, chipCrypto);
}

/** What the sources do in JavaScript and an image in C. */
const IN_C = [
  replacing(
    "latchkey-glyphs",
    /\/glyph-work\.ts$/,
    "firmware/platform/moddable/chip-glyph-work.ts",
  ),
  replacing("latchkey-bytes", /\/byte-work\.ts$/, "firmware/platform/moddable/chip-byte-work.ts"),
];

function replacing(name: string, filter: RegExp, file: string): Plugin {
  const path = join(root, file);
  return { name, setup: (context) => context.onResolve({ filter }, () => ({ path })) };
}
