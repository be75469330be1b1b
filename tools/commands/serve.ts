import { Channel } from "../cli/channel.ts";
import type { Command } from "../cli/command.ts";
import type { CliEvent } from "../cli/event.ts";
import { EXIT } from "../cli/exit-codes.ts";
import { resolvePath, SERVER_FOLDER } from "../reader-file.ts";

export const SERVER_PORT = 8787;

export const serve: Command = {
  name: "serve",
  summary: "runs the server; creates its database and keys at the first start",
  maxOperands: 0,
  options: [
    {
      name: "port",
      short: "p",
      value: "number",
      help: `${SERVER_PORT} by default; 0: any free one`,
    },
    { name: "host", value: "address", help: "127.0.0.1 by default; 0.0.0.0 for the network" },
    {
      name: "data",
      value: "folder",
      help: `where database and keys are; ${SERVER_FOLDER} by default`,
    },
    { name: "quiet", short: "q", help: "do not show what is asked and answered" },
  ],
  examples: [
    ["latchkey serve", "for this machine only"],
    ["latchkey serve --host 0.0.0.0", "for readers on the network"],
  ],
  async *run(context, args) {
    const lines = new Channel<CliEvent>();
    const server = await context.serve({
      dataFolder: resolvePath(context, args.text("data") ?? SERVER_FOLDER),
      host: args.text("host") ?? "127.0.0.1",
      port: args.number("port", 0, 65535) ?? SERVER_PORT,
      onLog: (text) => {
        if (!args.flag("quiet")) lines.push({ type: "note", text });
      },
    });
    try {
      yield {
        type: "done",
        text: `The server listens on ${server.url}`,
        fields: { url: server.url },
      };
      if (server.adminToken !== undefined) {
        yield { type: "secret", name: "Admin token", value: server.adminToken };
        yield { type: "note", text: "It is stored as a hash: write it down now." };
      }
      yield { type: "note", text: "Ctrl-C ends it." };
      context.interrupted.addEventListener("abort", () => lines.end(), { once: true });
      if (context.interrupted.aborted) lines.end();
      yield* lines;
      yield { type: "done", text: "The server has stopped." };
      return EXIT.ok;
    } finally {
      await server.close();
    }
  },
};
