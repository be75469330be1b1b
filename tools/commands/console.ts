import { createInterface } from "node:readline";
import { toLatchkeyError } from "../../protocol/errors.ts";
import { usageError } from "../cli/arguments.ts";
import { Channel } from "../cli/channel.ts";
import type { Command } from "../cli/command.ts";
import type { Context, Link } from "../cli/context.ts";
import type { CliEvent } from "../cli/event.ts";
import { EXIT } from "../cli/exit-codes.ts";
import { ControlClient } from "../control-client.ts";

const BAUD = 115_200;
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
      help: `speed of a serial port; ${BAUD} by default`,
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
    { name: "list", short: "l", help: "name the serial ports that there are" },
  ],
  examples: [
    ["latchkey console", "the only serial port, or else the simulator"],
    ["latchkey console /dev/ttyACM0", "a Pico on USB"],
    ["latchkey console sim --send status", "what the simulated reader says of itself"],
  ],
  async *run(context, args) {
    if (args.flag("list")) {
      const ports = await context.listSerialPorts();
      const rows = ports.map(({ path, title }) => [path, title] as const);
      if (rows.length > 0) yield { type: "table", title: "Serial ports", rows };
      else yield { type: "note", text: "There is no serial port on this machine." };
      return EXIT.ok;
    }
    const baud = args.number("baud", 300, 4_000_000) ?? BAUD;
    const waitMs = args.number("wait", 1, 600_000) ?? ANSWER_MS;
    const target = args.positionals[0] ?? (await onlyPort(context));
    const link = await open(context, target, baud);
    const lines = args.texts("send");
    try {
      if (lines.length > 0) yield* sendLines(context, link, lines, waitMs);
      else yield* converse(context, link, target);
      return EXIT.ok;
    } finally {
      link.close();
    }
  },
};

async function onlyPort(context: Context): Promise<string> {
  const ports = await context.listSerialPorts();
  if (ports.length === 1) return ports[0]!.path;
  if (ports.length === 0) return "sim";
  throw usageError(`which port? There are ${ports.map(({ path }) => path).join(", ")}`, "port");
}

async function open(context: Context, target: string, baud: number): Promise<Link> {
  if (target === "sim") return openSimulator(context);
  const tcp = /^tcp:(.+):(\d{1,5})$/.exec(target);
  if (tcp !== null) return context.connectTcp(tcp[1]!.replace(/^\[|\]$/g, ""), Number(tcp[2]));
  if (target.startsWith("tcp:")) throw usageError("a TCP console is written tcp:host:port", "port");
  return context.openSerial(target, baud);
}

async function openSimulator(context: Context): Promise<Link> {
  const client = await ControlClient.connect(context);
  client.send({ do: "attach" });
  let ended: (reason: string | undefined) => void = () => {};
  return {
    write: (text) => client.send({ do: "write", text }),
    onText: (callback) => {
      forward(client, callback).then(
        () => ended(undefined),
        (error: unknown) => ended(toLatchkeyError(error).message),
      );
    },
    onEnd: (callback) => {
      ended = callback;
    },
    close: () => client.close(),
  };
}

async function forward(client: ControlClient, callback: (text: string) => void): Promise<void> {
  for await (const { serial } of client.answers()) if (serial !== undefined) callback(serial);
}

async function* sendLines(
  context: Context,
  link: Link,
  lines: readonly string[],
  waitMs: number,
): AsyncGenerator<CliEvent, void> {
  const heard = new Channel<CliEvent>();
  let silence: NodeJS.Timeout | undefined;
  const restart = (): void => {
    clearTimeout(silence);
    silence = setTimeout(() => heard.end(), waitMs);
  };
  link.onText((text) => {
    heard.push({ type: "serial", text });
    restart();
  });
  link.onEnd(() => heard.end());
  context.interrupted.addEventListener("abort", () => heard.end(), { once: true });
  for (const line of lines) link.write(`${line}\r\n`);
  restart();
  try {
    yield* heard;
  } finally {
    clearTimeout(silence);
  }
}

async function* converse(
  context: Context,
  link: Link,
  target: string,
): AsyncGenerator<CliEvent, void> {
  const heard = new Channel<CliEvent>();
  link.onText((text) => heard.push({ type: "serial", text }));
  link.onEnd((reason) => {
    heard.push({ type: "warning", text: `${target} is gone${reason ? `: ${reason}` : ""}` });
    heard.end();
  });
  const typed = createInterface({ input: context.stdin });
  typed.on("line", (line) => link.write(`${line}\r\n`));
  typed.on("close", () => heard.end());
  context.interrupted.addEventListener("abort", () => heard.end(), { once: true });
  yield { type: "note", text: `Connected to ${target}. Type \`help\`; Ctrl-C ends it.` };
  try {
    yield* heard;
  } finally {
    typed.close();
  }
}
