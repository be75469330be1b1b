import { Channel } from "../cli/channel.ts";
import type { Arguments, Command } from "../cli/command.ts";
import type { Context, Link } from "../cli/context.ts";
import type { CliEvent } from "../cli/event.ts";
import { EXIT } from "../cli/exit-codes.ts";
import { ConsoleEar } from "../console/console-ear.ts";
import { Conversation } from "../console/conversation.ts";
import { LogFilter } from "../console/log-filter.ts";
import { openTarget } from "../console/open-target.ts";
import { Redaction, secretsOf } from "../console/redaction.ts";
import { Transcript } from "../console/transcript.ts";
import { CONSOLE_BAUD, onlySerialPort } from "../serial-target.ts";

const ANSWER_MS = 1_000;

export const consoleCommand: Command = {
  name: "console",
  summary: "talks to a node: serial port, TCP or a running simulator",
  operands: "[port | tcp:host:port | sim]",
  maxOperands: 1,
  options: [
    {
      name: "baud",
      short: "b",
      value: "number",
      help: `speed of a serial port; ${CONSOLE_BAUD} by default`,
    },
    {
      name: "send",
      short: "s",
      value: "line",
      many: true,
      help: "send this, show the answer, end",
    },
    {
      name: "wait",
      value: "ms",
      help: `how long --send waits for silence; ${ANSWER_MS} by default`,
    },
    {
      name: "level",
      value: "[tag=]level",
      many: true,
      help: "log entries from this level on: debug, info, warn, error, none",
    },
    { name: "timestamps", short: "t", help: "this computer's time in front of each line" },
    { name: "transcript", value: "file", help: "add everything that is said to this file" },
    { name: "once", help: "end when the port goes away, instead of waiting for it" },
    { name: "list", short: "l", help: "name the serial ports that there are" },
  ],
  examples: [
    ["latchkey console", "the only serial port, or else the simulator"],
    ["latchkey console /dev/ttyACM0 --level warn --level nfc=debug", "warnings, and all of nfc"],
    ["latchkey console --transcript repair.log", "everything into a file as well"],
    ["latchkey console sim --send status", "what the simulated reader says of itself"],
  ],
  async *run(context, args) {
    if (args.flag("list")) {
      yield await portList(context);
      return EXIT.ok;
    }
    const baud = args.number("baud", 300, 4_000_000) ?? CONSOLE_BAUD;
    const target = args.positionals[0] ?? (await onlySerialPort(context)) ?? "sim";
    const open = () => openTarget(context, target, baud);
    const senses = sensesOf(context, args, target);
    const lines = args.texts("send");
    if (lines.length > 0) {
      const waitMs = args.number("wait", 1, 600_000) ?? ANSWER_MS;
      yield* sendLines(senses, await open(), lines, waitMs);
    } else {
      // A simulator that was quit does not come back by itself.
      const reconnect = !args.flag("once") && target !== "sim";
      yield* new Conversation({ ...senses, target, open, reconnect }).run();
    }
    return EXIT.ok;
  },
};

async function portList(context: Context): Promise<CliEvent> {
  const ports = await context.listSerialPorts();
  const rows = ports.map(({ path, title }) => [path, title] as const);
  if (rows.length > 0) return { type: "table", title: "Serial ports", rows };
  return { type: "note", text: "There is no serial port on this machine." };
}

/** What listens and writes down. @throws usage, file-unusable */
function sensesOf(context: Context, args: Arguments, target: string) {
  const heard = new Channel<CliEvent>();
  const redaction = new Redaction(secretsOf(context));
  const path = args.text("transcript");
  const onFailure = (text: string) => heard.push({ type: "warning", text });
  const transcript =
    path === undefined ? undefined : new Transcript(context, path, target, onFailure);
  const ear = new ConsoleEar({
    ...{ context, heard, redaction, transcript, stamped: args.flag("timestamps") },
    filter: new LogFilter(args.texts("level")),
  });
  return { context, heard, redaction, transcript, ear };
}

async function* sendLines(
  { context, heard, ear, transcript, redaction }: ReturnType<typeof sensesOf>,
  link: Link,
  lines: readonly string[],
  waitMs: number,
): AsyncGenerator<CliEvent, void> {
  const { timer, interrupted } = context;
  const end = (): void => {
    ear.flush();
    heard.end();
  };
  let silence = timer.set(end, waitMs);
  link.onText((text) => {
    ear.hear(text);
    timer.clear(silence);
    silence = timer.set(end, waitMs);
  });
  link.onEnd(end);
  interrupted.addEventListener("abort", end, { once: true });
  for (const line of lines) {
    transcript?.add(">", redaction.apply(line));
    link.write(`${line}\r\n`);
  }
  try {
    yield* heard;
  } finally {
    timer.clear(silence);
    link.close();
  }
}
