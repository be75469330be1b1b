import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build, type Plugin } from "esbuild";

/** One change of the source: `find` must stand in the file exactly once. */
export interface Edit {
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

export type TrialModule = typeof import("../../host-sim/node/trial.ts");

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");

/**
 * The trial with everything below it, made from a changed source. The bug lives in the bundle
 * only: nothing in the product knows of it, and there is no flag that could be left on.
 */
export async function loadMutant(edits: readonly Edit[]): Promise<TrialModule> {
  const done = new Set<Edit>();
  const result = await build({
    entryPoints: [join(root, "host-sim/node/trial.ts")],
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    plugins: [changed(edits, done)],
    logLevel: "silent",
  });
  for (const edit of edits)
    if (!done.has(edit)) throw new Error(`${edit.file} is no part of the trial`);
  const folder = await mkdtemp(join(tmpdir(), "latchkey-mutant-"));
  try {
    const file = join(folder, "trial.mjs");
    await writeFile(file, result.outputFiles[0]!.text);
    return (await import(pathToFileURL(file).href)) as TrialModule;
  } finally {
    await rm(folder, { recursive: true });
  }
}

function changed(edits: readonly Edit[], done: Set<Edit>): Plugin {
  return {
    name: "planted-bug",
    setup(context) {
      for (const file of new Set(edits.map((edit) => edit.file))) {
        const filter = new RegExp(`/${file.replaceAll(".", "\\.")}$`);
        context.onLoad({ filter }, async ({ path }) => {
          let contents = await readFile(path, "utf8");
          for (const edit of edits.filter((other) => other.file === file)) {
            const parts = contents.split(edit.find);
            if (parts.length !== 2)
              throw new Error(`${file}: ${parts.length - 1} times ${JSON.stringify(edit.find)}`);
            contents = parts.join(edit.replace);
            done.add(edit);
          }
          return { contents, loader: "ts" };
        });
      }
    },
  };
}
