import { emitKeypressEvents } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import type { SimEvent } from "../../host-sim/scenario/events.ts";
import { toLatchkeyError } from "../../protocol/errors.ts";
import { usageError } from "../cli/arguments.ts";
import { Channel } from "../cli/channel.ts";
import type { Arguments } from "../cli/command.ts";
import type { Context } from "../cli/context.ts";
import type { CliEvent } from "../cli/event.ts";
import { EXIT } from "../cli/exit-codes.ts";
import { CONSOLE_KEYS, LiveView } from "../cli/live-view.ts";
import { styleFor } from "../cli/style.ts";
import { controlFile, refuseSecondSimulator } from "../control-client.ts";
import { ControlServer } from "../control-socket.ts";
import { DATA_FOLDER, resolvePath } from "../reader-file.ts";
import type { Desk } from "../simulator.ts";

/** Whoever typed `q` wants the prompt back; what is worth keeping was saved at the last tap. */
const STOP_LIMIT_MS = 2_000;

/**
 * The interactive simulator. On a terminal it draws the panel and listens to keys; elsewhere it
 * prints what happens until it is interrupted. `latchkey tap` works beside both.
 */
export async function* runDesk(
  context: Context,
  args: Arguments,
): AsyncGenerator<CliEvent, number> {
  await refuseSecondSimulator(context);
  const simulator = await context.loadSimulator();
  const seed = args.text("seed");
  const pn532 = pn532Of(args);
  const desk = await simulator.startDesk({
    dataFolder: resolvePath(context, args.text("data") ?? DATA_FOLDER),
    host: "127.0.0.1",
    port: args.number("port", 0, 65535) ?? 0,
    speed: args.number("speed", 0.01, 1000) ?? 1,
    ...(seed === undefined ? {} : { seed }),
    ...(pn532 === undefined ? {} : { pn532 }),
  });
  for (const text of desk.notices ?? []) yield { type: "note", text };
  const control = new ControlServer(desk);
  try {
    const address = await control.start();
    context.writeFile(controlFile(context), `${JSON.stringify(address)}\n`, { secret: true });
    const events = new Channel<SimEvent>();
    const stop = (): void => events.end();
    context.interrupted.addEventListener("abort", stop, { once: true });
    void events.follow(desk.events()).then(stop);
    const release = listenToKeys(context, args, desk, events, stop);
    try {
      yield* show(context, args, desk, withSerialCopied(events, control));
    } finally {
      release();
    }
  } finally {
    context.removeFile(controlFile(context));
    await control.stop();
    await Promise.race([desk.stop(), delay(STOP_LIMIT_MS, undefined, { ref: false })]);
  }
  yield { type: "view", text: undefined };
  yield { type: "done", text: "The simulator has stopped." };
  return EXIT.ok;
}

function pn532Of(args: Arguments): { readonly badge?: string } | undefined {
  const badge = args.text("badge");
  if (args.flag("pn532-pty")) return badge === undefined ? {} : { badge };
  if (badge !== undefined) throw usageError("--badge lies on a PN532: add --pn532-pty", "badge");
  return undefined;
}

async function* withSerialCopied(
  events: AsyncIterable<SimEvent>,
  control: ControlServer,
): AsyncGenerator<SimEvent, void> {
  for await (const event of events) {
    if (event.type === "serial") control.serial(event.text);
    yield event;
  }
}

async function* show(
  context: Context,
  args: Arguments,
  desk: Desk,
  events: AsyncIterable<SimEvent>,
): AsyncGenerator<CliEvent, void> {
  const { pn532Path } = desk;
  if (!isInteractive(context, args)) {
    yield { type: "done", text: `Simulated reader at the server ${desk.serverUrl}` };
    if (pn532Path !== undefined) {
      const fields = { pn532Path };
      yield { type: "done", text: `PN532 at the serial port ${pn532Path}`, fields };
      yield { type: "next", text: "Let libnfc look at it:", command: libnfcCommand(pn532Path) };
    }
    yield { type: "note", text: "Tap a badge from another terminal: `npx latchkey tap`" };
    for await (const event of events) yield { type: "sim", event };
    return;
  }
  const view = new LiveView(desk.badges, desk.serverUrl, styleFor(context.stdout, context.env));
  if (pn532Path !== undefined) {
    const text = `PN532 at a serial port: ${libnfcCommand(pn532Path)}`;
    view.add({ type: "note", atMs: 0, text });
  }
  for await (const event of events) {
    view.add(event);
    yield { type: "view", text: view.text(context.stdout) };
  }
}

function libnfcCommand(path: string): string {
  return `LIBNFC_DEVICE=pn532_uart:${path} nfc-list`;
}

function isInteractive({ stdout, stdin }: Context, args: Arguments): boolean {
  return stdout.isTTY && stdin.isTTY === true && !args.flag("json");
}

/** Returns what gives the keyboard back. */
function listenToKeys(
  context: Context,
  args: Arguments,
  desk: Desk,
  events: Channel<SimEvent>,
  stop: () => void,
): () => void {
  const { stdin } = context;
  if (!isInteractive(context, args)) return () => {};
  const onKey = (text: string | undefined, key: { name?: string; ctrl?: boolean }): void => {
    if (text === "q" || key.name === "escape" || (key.ctrl === true && key.name === "c")) stop();
    else if (text !== undefined && CONSOLE_KEYS[text] !== undefined) {
      desk.write(`${CONSOLE_KEYS[text]}\r\n`);
    } else tapByNumber(desk, Number(text), events);
  };
  emitKeypressEvents(stdin);
  stdin.setRawMode?.(true);
  stdin.on("keypress", onKey);
  stdin.resume();
  return () => {
    stdin.off("keypress", onKey);
    stdin.setRawMode?.(false);
    stdin.pause();
  };
}

function tapByNumber(desk: Desk, number: number, events: Channel<SimEvent>): void {
  const badge = desk.badges[number - 1];
  if (badge === undefined) return;
  desk.tap(badge.name).catch((error: unknown) => {
    events.push({ type: "note", atMs: 0, text: toLatchkeyError(error).message });
  });
}
