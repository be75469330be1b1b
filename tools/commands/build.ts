import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { LatchkeyError } from "../../protocol/errors.ts";
import { usageError } from "../cli/arguments.ts";
import type { Arguments, Command } from "../cli/command.ts";
import type { Context } from "../cli/context.ts";
import type { CliEvent } from "../cli/event.ts";
import { EXIT } from "../cli/exit-codes.ts";
import type { BundleFacts } from "../firmware/bundle.ts";
import { elfSections } from "../firmware/elf.ts";
import type { SlotPlaces } from "../firmware/partitions.ts";
import {
  FIRMWARE_TARGETS,
  type FirmwareTarget,
  findTarget,
  isForDesk,
  withPortableCurves,
} from "../firmware/products.ts";
import { deskParts, sdkFolders, sdkParts } from "../firmware/sdk.ts";
import {
  CRYPTO_IN_C,
  flashByPart,
  imageSize,
  type PartSizes,
  partTable,
  ramByPart,
  sizeTable,
  sourcesByRoom,
} from "../firmware/size-report.ts";
import { makeSlotImage, type SlotImageFiles } from "../firmware/slot-image.ts";
import { resolvePath } from "../reader-file.ts";

const PRODUCT = "reader";
const TARGET = "pico_2_w";
/** What of a failed build is worth showing. */
const LAST_LINES = 12;

const project = fileURLToPath(new URL("../..", import.meta.url));

export const build: Command = {
  name: "build",
  summary: "builds the image for a board with the Moddable SDK",
  maxOperands: 0,
  options: [
    { name: "product", value: "name", help: `what to build; ${PRODUCT} by default` },
    { name: "target", value: "name", help: `the board; ${TARGET} by default` },
    { name: "out", value: "folder", help: "where to build; build/firmware/… by default" },
    { name: "portable-curves", help: "no cryptography in our C: slower, and not constant-time" },
    { name: "debug", help: "for xsbug: names and lines as in the sources; over the budget" },
    {
      name: "report",
      help: "add how much flash and RAM each part takes, and what changed since the last report",
    },
    { name: "security", value: "number", help: "with slots: the image's security version; 0" },
    { name: "number", value: "number", help: "with slots: counts images of one of them; 0" },
    { name: "dry-run", help: "say what would be run, and run nothing" },
  ],
  examples: [
    ["latchkey build", "the reader for a Pico 2 W"],
    ["latchkey build --target pico_2 --report", "for a Pico 2, with a table of sizes"],
    ["latchkey build --product sensor --target desk", "a program of Linux on the SDK's own XS"],
    ["latchkey build --target pico_2_slots --security 7", "one that nodes can be updated to"],
  ],
  async *run(context, args) {
    const found = wanted(args.text("product") ?? PRODUCT, args.text("target") ?? TARGET);
    const portable = args.flag("portable-curves");
    const target = portable ? withPortableCurves(found) : found;
    const debug = args.flag("debug");
    const name = [nameOf(target), portable ? "portable" : "", debug ? "debug" : ""];
    const out = args.text("out") ?? `build/firmware/${name.filter(Boolean).join("-")}`;
    const folder = resolvePath(context, out);
    const plan = planOf(context, { target, folder, debug });
    const parts = isForDesk(target) ? deskParts(context) : sdkParts(context);
    const missing = parts.filter(({ found }) => !found);
    const slots = slotNumbers(args, target);
    for (const { name, text, next } of missing)
      yield { type: "check", name, state: "failed", text, ...(next === undefined ? {} : { next }) };
    yield { type: "note", text: `${plan.settings} ${plan.words.join(" ")}` };
    if (args.flag("dry-run")) return EXIT.ok;
    if (missing.length > 0) {
      const message = `${missing.length} things are missing to build an image`;
      throw new LatchkeyError("sdk-missing", { message });
    }
    const { version } = context;
    const securityVersion = slots?.securityVersion;
    const facts = await context.bundleFirmware({
      ...{ target, folder: plan.javascript, version, debug },
      ...(securityVersion !== undefined && { securityVersion }),
    });
    yield* make(context, plan);
    if (isForDesk(target)) return yield* deskReport(context, plan);
    if (portable) refuseCryptoInC(context, plan);
    const files =
      slots &&
      (await makeSlotImage(context, {
        ...{ ...slots, folder, uf2: `${plan.image}.uf2`, places: slotPlaces(context) },
        ...{ picotool: sdkFolders(context).picotool },
        tool: { cwd: project, env: plan.env, onLine: () => {} },
      }));
    const detail = args.flag("report") ? facts : undefined;
    const fits = yield* report(context, plan, target, detail, files);
    return fits || debug ? EXIT.ok : EXIT.failed;
  },
};

/** For the ROM: two numbers of 16 bits. */
const NUMBER_MAX = 0xffff;

function slotNumbers(args: Arguments, { release, target }: FirmwareTarget) {
  const whole = (name: string): number => {
    const value = args.number(name, 0, NUMBER_MAX) ?? 0;
    if (!Number.isInteger(value)) throw usageError(`--${name} must be a whole number`, name);
    if (release === undefined && args.flag(name))
      throw usageError(`--${name} is for a target with slots; ${target} has none`, name);
    return value;
  };
  const numbers = { securityVersion: whole("security"), number: whole("number") };
  return release === undefined ? undefined : { release, ...numbers };
}

interface Plan {
  readonly javascript: string;
  /** Where mcconfig puts everything. */
  readonly output: string;
  /** Without the extension. */
  readonly image: string;
  /** What the last build with --report had. */
  readonly sizes: string;
  readonly words: readonly string[];
  readonly settings: string;
  readonly env: Context["env"];
}

function wanted(product: string, target: string): FirmwareTarget {
  const found = findTarget(product, target);
  if (found !== undefined) return found;
  const known = FIRMWARE_TARGETS.map((one) => `${one.product} for ${one.target}`).join(", ");
  throw usageError(`there is no ${product} for ${target}; there is ${known}`, "target");
}

function nameOf({ product, target }: FirmwareTarget): string {
  return `${product}-${target}`;
}

interface Wanted {
  readonly target: FirmwareTarget;
  readonly folder: string;
  readonly debug: boolean;
}

function planOf(context: Context, { target, folder, debug }: Wanted): Plan {
  const javascript = join(folder, "js");
  const output = join(folder, "sdk");
  const { tools } = sdkFolders(context);
  const kind = debug ? ["-d"] : [];
  const words = ["mcconfig", ...kind, "-m", "-p", target.platform, "-t", "build", "-o", output];
  // The SDK's makefile compares versions with a construct of bash.
  const env = { LATCHKEY_OUT: javascript, MAKEFLAGS: "SHELL=/bin/bash" };
  return {
    ...{ javascript, output },
    image: imageOf(target, output, debug),
    sizes: join(folder, "sizes.json"),
    words: [...words, join(project, target.manifest)],
    settings: Object.entries(env)
      .map(([name, value]) => `${name}=${value}`)
      .join(" "),
    env: { ...context.env, ...env, PATH: `${tools ?? ""}:${context.env["PATH"] ?? ""}` },
  };
}

/** Where mcconfig leaves it. */
function imageOf(target: FirmwareTarget, output: string, debug: boolean): string {
  const kind = debug ? "debug" : "release";
  if (isForDesk(target)) return join(output, "bin/lin", kind, target.product);
  return join(output, "bin", target.platform, kind, target.product, "xs_pico");
}

async function* make(context: Context, plan: Plan): AsyncGenerator<CliEvent, void> {
  const last: string[] = [];
  const onLine = (line: string): void => {
    last.push(line);
    if (last.length > LAST_LINES) last.shift();
  };
  // The SDK keeps every name that any build before had, and pays for it in flash; and it does not
  // notice a change of the board's header. Only a folder that this command made is removed.
  const mark = join(plan.output, ".keep");
  if (context.exists(mark)) context.removeFolder(plan.output);
  // mcconfig wants to find its folder.
  context.writeFile(mark, "");
  const code = await context.runTool(plan.words, { cwd: project, env: plan.env, onLine });
  if (code === 0) return;
  for (const line of last) yield { type: "text", text: line };
  throw new LatchkeyError("build-failed", { message: `mcconfig ended with ${code}` });
}

/** Who may add no C has to be sure of it: the linker's map says what is in the image. */
function refuseCryptoInC({ readText }: Context, { image }: Plan): void {
  const bytes = flashByPart(readText(`${image}.map`) ?? "")[CRYPTO_IN_C];
  if (bytes === undefined) return;
  const message = `the image has ${bytes} bytes of cryptography in C in spite of --portable-curves`;
  throw new LatchkeyError("build-failed", { message });
}

async function* deskReport({ exists }: Context, { image }: Plan): AsyncGenerator<CliEvent, number> {
  if (!exists(image)) throw new LatchkeyError("build-failed", { message: `there is no ${image}` });
  yield { type: "done", text: image };
  yield { type: "next", text: "Run it, with a folder for its flash", command: `${image} node` };
  return EXIT.ok;
}

async function* report(
  context: Context,
  { image, sizes }: Plan,
  target: FirmwareTarget,
  facts: BundleFacts | undefined,
  slots: SlotImageFiles | undefined,
): AsyncGenerator<CliEvent, boolean> {
  const elf = context.readBytes(`${image}.elf`);
  if (elf === undefined)
    throw new LatchkeyError("build-failed", { message: `there is no ${image}.elf` });
  const { rows, fits } = sizeTable(imageSize(elfSections(elf)), engineBytes(context));
  yield { type: "table", title: nameOf(target), rows };
  const map = facts === undefined ? undefined : context.readText(`${image}.map`);
  if (map !== undefined) yield* parts(context, map, sizes);
  if (facts !== undefined) {
    const rooms = partTable(sourcesByRoom(facts.sources), {});
    yield {
      type: "table",
      title: "Text of our JavaScript, by room, before it is made small",
      rows: rooms,
    };
  }
  const uf2 = slots?.uf2 ?? `${image}.uf2`;
  yield { type: "done", text: uf2 };
  if (slots !== undefined) {
    yield { type: "note", text: `for updates: ${slots.image}` };
    const text = "Divide a new board's flash, once";
    yield { type: "next", text, command: `picotool load ${slots.table}` };
  }
  yield { type: "next", text: "Put it on a board", command: `latchkey flash ${uf2}` };
  return fits;
}

function* parts(context: Context, map: string, file: string): Generator<CliEvent> {
  const now = { flash: flashByPart(map), ram: ramByPart(map) };
  const before = sizesIn(context.readText(file));
  yield { type: "table", title: "Flash", rows: partTable(now.flash, before.flash ?? {}) };
  yield { type: "table", title: "RAM", rows: partTable(now.ram, before.ram ?? {}) };
  context.writeFile(file, JSON.stringify(now));
}

/** Nothing is compared with what cannot be read. */
function sizesIn(text: string | undefined): { flash?: PartSizes; ram?: PartSizes } {
  try {
    return JSON.parse(text ?? "{}") as ReturnType<typeof sizesIn>;
  } catch {
    return {};
  }
}

function slotPlaces({ readText }: Context): SlotPlaces {
  const manifest = readText(join(project, "manifests/slots.json")) ?? "";
  return (JSON.parse(manifest) as { defines: { latchkey: { slots: SlotPlaces } } }).defines.latchkey
    .slots;
}

/** `creation.static` of the manifest that all images share. */
function engineBytes({ readText }: Context): number {
  const manifest = readText(join(project, "manifests/pico.json")) ?? "{}";
  const { creation } = JSON.parse(manifest) as { creation?: { static?: number } };
  return creation?.static ?? 0;
}
