import type { Context } from "../cli/context.ts";
import type { CliEvent } from "../cli/event.ts";
import { ImprovClient } from "../provision/improv-client.ts";
import { CONSOLE_BAUD } from "../serial-target.ts";

/** USB comes up within a second; a computer may think about a new port for some more. */
const BACK_MS = 8_000;
const LOOK_MS = 200;

/**
 * Whether the board that was written comes back as a node, and which firmware it says to run: the
 * boot ROM's drive cannot be read back, so this is what shows that the image starts.
 * @param before serial ports that there were while the board was a drive
 */
export async function* comesBack(
  context: Context,
  before: readonly string[],
): AsyncGenerator<CliEvent, void> {
  const path = await newPort(context, before);
  const name = "starts";
  if (path === undefined) {
    const text = "no serial port has appeared; the board may have no configuration for one";
    const next = "`latchkey console --list` names the ports; try another cable";
    yield { type: "check", name, state: "warning", text, next };
    return;
  }
  const firmware = await firmwareAt(context, path);
  yield firmware === undefined
    ? {
        ...{ type: "check", name, state: "warning", text: `${path} is there, but says nothing` },
        next: "`latchkey console` shows what it does",
      }
    : { type: "check", name, state: "ok", text: `${firmware} at ${path}` };
}

async function newPort(
  { listSerialPorts, timer }: Context,
  before: readonly string[],
): Promise<string | undefined> {
  for (let leftMs = BACK_MS; leftMs > 0; leftMs -= LOOK_MS) {
    const found = (await listSerialPorts()).find(({ path }) => !before.includes(path));
    if (found !== undefined) return found.path;
    await new Promise<void>((done) => void timer.set(done, LOOK_MS));
  }
  return undefined;
}

async function firmwareAt(context: Context, path: string): Promise<string | undefined> {
  const { timer, interrupted } = context;
  try {
    const link = await context.openBytes(path, CONSOLE_BAUD);
    const client = new ImprovClient({ link, timer, path, interrupted });
    try {
      const [firmware = "", version = ""] = await client.info();
      return `${firmware} ${version}`.trim();
    } finally {
      link.close();
    }
  } catch {
    return undefined; // not ours to open, or silent: said, and no reason to call it not written
  }
}
