import { type StoreChoice, storesFrom } from "../../server/environment.ts";
import { isDatabaseUrl } from "../../server/store/sql/database-url.ts";
import { usageError } from "../cli/arguments.ts";
import { Channel } from "../cli/channel.ts";
import type { Arguments, Command } from "../cli/command.ts";
import type { Context, ServeOptions } from "../cli/context.ts";
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
    {
      name: "database",
      value: "url|file",
      help: "mysql://user@host/name or postgres://…, for several servers; a file of its own else",
    },
    { name: "redis", value: "url", help: "redis://host:6379, for several servers" },
    { name: "origins", value: "list", help: "serve applications on pages of https://a.example,…" },
    { name: "mqtt", value: "url", help: "publish readings: mqtt://host:1883 or mqtts://host:8883" },
    { name: "mqtt-version", value: "3.1.1|5", help: "3.1.1 by default" },
    { name: "quiet", short: "q", help: "do not show what is asked and answered" },
  ],
  examples: [
    ["latchkey serve", "for this machine only"],
    ["latchkey serve --host 0.0.0.0", "for readers on the network"],
    [
      "latchkey serve --database postgres://latchkey@db/latchkey --redis redis://cache",
      "one of several",
    ],
    ["latchkey serve --origins https://shop.example", "for applications and their back ends"],
    ["latchkey serve --mqtt mqtt://homeassistant.local:1883", "readings for Home Assistant"],
  ],
  async *run(context, args) {
    const lines = new Channel<CliEvent>();
    const server = await context.serve({
      dataFolder: resolvePath(context, args.text("data") ?? SERVER_FOLDER),
      host: args.text("host") ?? "127.0.0.1",
      port: args.number("port", 0, 65535) ?? SERVER_PORT,
      stores: storesOf(context, args),
      ...brokerOf(context, args),
      ...applicationsOf(args),
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
      yield { type: "note", text: `What it answers to is described in ${server.url}/openapi.json` };
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

/** A password belongs into the environment: every user sees a command line. */
function storesOf(context: Context, args: Arguments): StoreChoice {
  for (const name of ["database", "redis"] as const) {
    const given = args.text(name);
    if (given === undefined || !URL.parse(given)?.password) continue;
    const variable = `LATCHKEY_${name.toUpperCase()}_URL`;
    throw usageError(`--${name} must not hold a password; put the URL into ${variable}`, name);
  }
  const [database, redis] = [args.text("database"), args.text("redis")];
  return storesFrom(context.env, {
    ...(database !== undefined && {
      database: isDatabaseUrl(database) ? database : resolvePath(context, database),
    }),
    ...(redis !== undefined && { redis }),
  });
}

function applicationsOf(args: Arguments): Pick<ServeOptions, "applications"> {
  const list = args.text("origins");
  return list === undefined ? {} : { applications: { origins: list.split(",") } };
}

/** The broker's name and password are in the environment: every user sees a command line. */
function brokerOf({ env }: Context, args: Arguments): Pick<ServeOptions, "broker"> {
  const url = args.text("mqtt");
  const asked = args.text("mqtt-version");
  const version = (["3.1.1", "5"] as const).find((known) => known === asked);
  if (asked !== version) throw usageError("--mqtt-version must be 3.1.1 or 5", "mqtt-version");
  if (url === undefined && version !== undefined)
    throw usageError("--mqtt-version belongs to --mqtt", "mqtt-version");
  if (url === undefined) return {};
  const username = env["LATCHKEY_MQTT_USERNAME"];
  const password = env["LATCHKEY_MQTT_PASSWORD"];
  const broker = { url, ...(version && { version }), ...(username && { username }) } as const;
  return { broker: { ...broker, ...(password && { password }) } };
}
