import { join } from "node:path";
import { packConfigSlot } from "../../firmware/provisioning/config-slot.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { Channel } from "../cli/channel.ts";
import type { Command } from "../cli/command.ts";
import type { Context } from "../cli/context.ts";
import type { CliEvent } from "../cli/event.ts";
import { EXIT } from "../cli/exit-codes.ts";
import { comesBack } from "../firmware/comes-back.ts";
import { configAddress } from "../firmware/config-address.ts";
import { sdkFolders } from "../firmware/sdk.ts";
import { familiesOf, joinUf2, makeUf2, parseUf2, UF2_FAMILY } from "../firmware/uf2.ts";
import { readReaderFile, resolvePath } from "../reader-file.ts";

const IMAGE = "build/firmware/reader-pico_2_w/sdk/bin/pico/pico_2_w/release/reader/xs_pico.uf2";
const BOARD = "RP2350";
const SECTOR_BYTES = 4096;
const GONE_MS = 15_000;
const LOOK_MS = 200;

export const flash: Command = {
  name: "flash",
  summary: "writes an image, a configuration or both to a board",
  operands: "[image.uf2]",
  maxOperands: 1,
  options: [
    {
      name: "config",
      short: "c",
      value: "file",
      help: "write this configuration beside the image",
    },
    { name: "only-config", help: "leave the image alone" },
    {
      name: "wait",
      value: "ms",
      help: "how long to wait for a board in BOOTSEL mode; 0 by default",
    },
  ],
  examples: [
    ["latchkey flash", "what `latchkey build` made last"],
    ["latchkey flash --config latchkey.json", "and who the reader is"],
    ["latchkey flash --only-config --config latchkey.json", "another server for a board in use"],
  ],
  async *run(context, args) {
    const file = args.flag("only-config") ? undefined : (args.positionals[0] ?? IMAGE);
    const image = file === undefined ? undefined : readImage(context, file);
    const path = args.text("config");
    const config = path === undefined ? undefined : configUf2(context, path);
    const parts = [image, config].filter((part) => part !== undefined);
    if (parts.length === 0) throw nothing();
    const data = joinUf2(parts);
    const waitMs = args.number("wait", 0, 600_000) ?? 0;
    const volume = await findVolume(context, waitMs);
    const ports = (await context.listSerialPorts()).map(({ path }) => path);
    if (volume !== undefined) yield* copy(context, volume, data);
    else yield* withPicotool(context, data);
    yield* comesBack(context, ports);
    yield { type: "next", text: "Talk to it", command: "latchkey console" };
    return EXIT.ok;
  },
};

function nothing(): LatchkeyError {
  return new LatchkeyError("usage", { message: "--only-config needs --config with a file" });
}

/** Refuses what is for another chip before a board is touched. @throws image-unusable */
function readImage(context: Context, path: string): Uint8Array {
  const file = context.readBytes(resolvePath(context, path));
  if (file === undefined)
    throw new LatchkeyError("file-unusable", { message: `there is no ${path}` });
  const families = familiesOf(parseUf2(file));
  if (families.length === 1 && families[0] === UF2_FAMILY.rp2350Arm) return file;
  const names = families.map(familyName).join(", ");
  const message = `${path} is for ${names}, not for the ARM cores of an RP2350`;
  throw new LatchkeyError("image-unusable", { message });
}

function familyName(family: number): string {
  const known = Object.entries(UF2_FAMILY).find(([, number]) => number === family);
  return known?.[0] ?? `an unknown chip (family ${family.toString(16)})`;
}

/**
 * The configuration in the first sector of its region; the second one is erased, or an older one
 * there could count as the later. Checked here: a board that complains is further away than a
 * terminal.
 * @throws config-invalid
 */
function configUf2(context: Context, path: string): Uint8Array {
  if (readReaderFile(context, path) === undefined)
    throw new LatchkeyError("file-unusable", { message: `there is no ${path}` });
  const json = JSON.stringify(JSON.parse(context.readText(resolvePath(context, path)) ?? "{}"));
  const region = new Uint8Array(2 * SECTOR_BYTES).fill(0xff);
  region.set(packConfigSlot({ sequence: 1, json }));
  return makeUf2(configAddress(context), region, UF2_FAMILY.rp2350Arm);
}

async function findVolume(context: Context, waitMs: number): Promise<string | undefined> {
  for (let leftMs = waitMs; ; leftMs -= LOOK_MS) {
    const volumes = context.bootVolumes();
    const other = volumes.find(({ board }) => board !== BOARD);
    const right = volumes.filter(({ board }) => board === BOARD);
    if (right.length > 1) throw unclear("several boards are in BOOTSEL mode: unplug all but one");
    if (right[0] !== undefined) return right[0].path;
    if (other !== undefined) throw unclear(`the board at ${other.path} is a ${other.board}`);
    if (leftMs <= 0) return undefined;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

function unclear(message: string): LatchkeyError {
  return new LatchkeyError("board-missing", { message });
}

/** The boot ROM checks every block, restarts the board after the last and takes its drive away. */
async function* copy(
  context: Context,
  volume: string,
  data: Uint8Array,
): AsyncGenerator<CliEvent, void> {
  yield { type: "note", text: `Writing ${data.length / 1024} kB to ${volume} …` };
  const of = data.length;
  let done = 0;
  try {
    for (done of context.writePieces(join(volume, "latchkey.uf2"), data))
      yield { type: "progress", text: `${Math.floor(done / 1024)} kB`, done, of };
  } catch (cause) {
    const message = `the drive went away, or refused, after ${done} of ${of} bytes`;
    throw new LatchkeyError("flash-failed", { message, cause });
  }
  for (let waitedMs = 0; waitedMs < GONE_MS; waitedMs += LOOK_MS) {
    if (!context.bootVolumes().some(({ path }) => path === volume)) {
      const blocks = of / 512;
      yield { type: "done", text: `The board took all ${blocks} blocks and has restarted.` };
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new LatchkeyError("flash-failed", {
    message: "the board did not restart: not all blocks arrived",
  });
}

/** `Loading into Flash:   [=====          ]  20%`, each written over the last. */
function percentIn(line: string): number | undefined {
  const found = /\]\s*(\d{1,3})%\s*$/.exec(line);
  return found === null ? undefined : Number(found[1]);
}

async function* withPicotool(context: Context, data: Uint8Array): AsyncGenerator<CliEvent, void> {
  const { picotool } = sdkFolders(context);
  if (!context.exists(picotool)) throw unclear("there is no board in BOOTSEL mode");
  const file = join(context.cwd, ".latchkey", "flash.uf2");
  // It can hold the keys of a configuration.
  context.writeFile(file, data, { secret: true });
  try {
    const words = [picotool, "load", "-f", "-v", "-x", file];
    const events = new Channel<CliEvent>();
    let last: string | undefined;
    const onLine = (line: string): void => {
      const done = percentIn(line);
      if (done === undefined) last = line;
      else events.push({ type: "progress", text: line.split(":")[0]!.trim(), done, of: 100 });
    };
    const { cwd, env } = context;
    const ended = context.runTool(words, { cwd, env, onLine }).finally(() => events.end());
    yield* events;
    const code = await ended;
    if (code !== 0)
      throw new LatchkeyError("flash-failed", { message: `picotool says: ${last ?? code}` });
    yield { type: "done", text: "picotool wrote it, read it back and restarted the board." };
  } finally {
    context.removeFile(file);
  }
}
