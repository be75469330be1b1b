import { ADDRESS_MAX, ADDRESS_MIN } from "../../protocol/wired/frame.ts";
import { usageError } from "../cli/arguments.ts";
import { Channel } from "../cli/channel.ts";
import type { Arguments, Command } from "../cli/command.ts";
import type { CliEvent } from "../cli/event.ts";
import { EXIT } from "../cli/exit-codes.ts";
import type { BusEvent } from "../gateway/bus-master.ts";

/** What a Pico takes. */
const BAUD = 115_200;

export const gateway: Command = {
  name: "gateway",
  summary: "carries nodes on a serial line to the server",
  operands: "<port>",
  maxOperands: 1,
  options: [
    { name: "url", value: "url", help: "base_url of the server" },
    { name: "address", value: "list", help: "nodes on the line: 1 by default; 1,2,5-8" },
    { name: "baud", short: "b", value: "number", help: `speed of the line; ${BAUD} by default` },
  ],
  examples: [
    ["latchkey gateway /dev/ttyUSB0 --url http://10.0.0.5:8787", "one reader on a cable"],
    ["latchkey gateway /dev/ttyUSB0 --url https://id.example.org --address 1-4", "four on RS-485"],
  ],
  async *run(context, args) {
    const [port] = args.positionals;
    if (port === undefined) throw usageError("gateway: which serial port?", "port");
    const baseUrl = baseUrlOf(args);
    const addresses = addressesOf(args.text("address") ?? "1");
    const baud = args.number("baud", 1_200, 4_000_000) ?? BAUD;
    const events = new Channel<CliEvent>();
    const running = await context.openGateway({
      port,
      baud,
      baseUrl,
      addresses,
      onEvent: (event) => events.push(eventOf(event)),
      onEnd: (reason) => {
        events.push({ type: "warning", text: `${port} is gone: ${reason}` });
        events.end();
      },
    });
    try {
      const list = addresses.join(", ");
      yield { type: "done", text: `Carries nodes ${list} on ${port} to ${baseUrl}` };
      yield { type: "note", text: "Ctrl-C ends it." };
      context.interrupted.addEventListener("abort", () => events.end(), { once: true });
      if (context.interrupted.aborted) events.end();
      yield* events;
      return context.interrupted.aborted ? EXIT.ok : EXIT.environment;
    } finally {
      running.close();
    }
  },
};

function baseUrlOf(args: Arguments): string {
  const url = args.text("url");
  if (url === undefined) throw usageError("gateway: --url of the server is needed", "url");
  if (!/^https?:\/\/[^\s?#]+$/.test(url)) throw usageError("--url must be http(s)://…", "url");
  return url.replace(/\/+$/, "");
}

/** `1,2,5-8`, each once. */
function addressesOf(list: string): number[] {
  const found = new Set<number>();
  for (const part of list.split(",")) {
    const range = /^(\d{1,3})(?:-(\d{1,3}))?$/.exec(part.trim());
    const first = Number(range?.[1]);
    const last = Number(range?.[2] ?? range?.[1]);
    if (range === null || first < ADDRESS_MIN || last > ADDRESS_MAX || last < first)
      throw usageError(`--address takes numbers from ${ADDRESS_MIN} to ${ADDRESS_MAX}`, "address");
    for (let address = first; address <= last; address++) found.add(address);
  }
  return [...found].sort((a, b) => a - b);
}

function eventOf(event: BusEvent): CliEvent {
  const { address } = event;
  switch (event.type) {
    case "up":
      return { type: "note", text: `node ${address} answers` };
    case "down":
      return { type: "warning", text: `node ${address} is silent` };
    case "malformed":
      return { type: "warning", text: `node ${address} sent what is none: ${event.message}` };
  }
}
