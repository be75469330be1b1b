import { usageError } from "../cli/arguments.ts";
import type { Command } from "../cli/command.ts";
import type { Context } from "../cli/context.ts";
import { EXIT } from "../cli/exit-codes.ts";
import { ImprovClient } from "../provision/improv-client.ts";
import { provisionNode } from "../provision/provision-node.ts";
import { PASSWORD_ENV, TOKEN_ENV, wanted } from "../provision/wanted.ts";
import { READER_FILE } from "../reader-file.ts";
import { CONSOLE_BAUD, onlySerialPort } from "../serial-target.ts";

const WAIT_S = 60;

export const provision: Command = {
  name: "provision",
  summary: "gives a node its configuration and Wi-Fi over its console port",
  maxOperands: 0,
  options: [
    { name: "port", short: "p", value: "path", help: "serial port; the only one by default" },
    { name: "baud", short: "b", value: "number", help: `its speed; ${CONSOLE_BAUD} by default` },
    { name: "config", short: "c", value: "file", help: `configuration; ${READER_FILE} by default` },
    {
      name: "wifi-ssid",
      value: "name",
      help: `Wi-Fi; its password: ${PASSWORD_ENV}, or asked for`,
    },
    { name: "wifi-open", help: "the Wi-Fi has no password" },
    { name: "token", value: "token", help: `enrolment token; better in ${TOKEN_ENV}` },
    { name: "replace", help: "the node has a configuration: give it another" },
    {
      name: "wait",
      value: "seconds",
      help: `for the node to reach its server; ${WAIT_S} by default`,
    },
    { name: "scan", help: "only list the Wi-Fi networks that the device sees" },
  ],
  examples: [
    ["latchkey provision", `the node on USB gets ${READER_FILE}`],
    ["latchkey provision --wifi-ssid workshop", "with this Wi-Fi; asks for the password"],
    ["latchkey provision --scan", "which networks the node sees"],
  ],
  async *run(context, args) {
    const baud = args.number("baud", 300, 4_000_000) ?? CONSOLE_BAUD;
    const waitMs = 1_000 * (args.number("wait", 1, 3_600) ?? WAIT_S);
    const path = args.text("port") ?? (await portOf(context));
    const { timer, interrupted } = context;
    const open = async () => {
      const link = await context.openBytes(path, baud);
      return new ImprovClient({ link, timer, path, interrupted });
    };
    if (args.flag("scan")) {
      yield await scanned(open);
      return EXIT.ok;
    }
    const wish = await wanted(context, args);
    const replace = args.flag("replace");
    yield* provisionNode(context, { path, open, wanted: wish, replace, waitMs });
    return EXIT.ok;
  },
};

async function portOf(context: Context): Promise<string> {
  const port = await onlySerialPort(context);
  if (port === undefined) throw usageError("there is no serial port: plug the node in", "port");
  return port;
}

async function scanned(open: () => Promise<ImprovClient>) {
  const client = await open();
  try {
    const rows = (await client.scan()).map(
      ([ssid = "", rssi = "", secured = ""]) =>
        [ssid, `${rssi} dBm${secured === "NO" ? ", open" : ""}`] as const,
    );
    return { type: "table", title: `Wi-Fi networks: ${rows.length}`, rows } as const;
  } finally {
    client.close();
  }
}
