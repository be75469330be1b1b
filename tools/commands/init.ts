import { join } from "node:path";
import { LatchkeyError } from "../../protocol/errors.ts";
import { usageError } from "../cli/arguments.ts";
import type { Command } from "../cli/command.ts";
import { EXIT } from "../cli/exit-codes.ts";
import {
  projectFiles,
  TEMPLATE_KINDS,
  type TemplateKind,
  templateSettings,
} from "../project-template.ts";
import { nodeConfig, READER_FILE, resolvePath, SERVER_FOLDER } from "../reader-file.ts";
import { SERVER_PORT } from "./serve.ts";

export const init: Command = {
  name: "init",
  summary: "makes a server and the configuration of its first node",
  operands: "[folder]",
  maxOperands: 1,
  options: [
    { name: "url", value: "url", help: `how the node reaches the server; this host by default` },
    { name: "label", value: "text", help: "what the node's screen calls its place" },
    {
      name: "template",
      value: "kind",
      help: `a project as well, with a scenario and a test: ${TEMPLATE_KINDS.join(", ")}`,
    },
    { name: "force", short: "f", help: `replace an existing ${READER_FILE}` },
  ],
  examples: [
    ["latchkey init", "in this folder"],
    ["latchkey init office --label 'Front door'", "in a new folder"],
    ["latchkey init cellar --template sensor", "a project for a sensor node"],
  ],
  async *run(context, args) {
    const folder = resolvePath(context, args.positionals[0] ?? ".");
    const path = join(folder, READER_FILE);
    if (context.readText(path) !== undefined && !args.flag("force")) {
      throw new LatchkeyError("conflict", {
        message: `${path} exists already; it holds keys that a reader may be using (--force replaces it)`,
      });
    }
    const template = templateOf(args.text("template"));
    const url = args.text("url") ?? `http://127.0.0.1:${SERVER_PORT}`;
    const server = await context.serve({
      dataFolder: join(folder, SERVER_FOLDER),
      host: "127.0.0.1",
      port: 0,
      onLog: () => {},
    });
    try {
      yield { type: "done", text: `Server data in ${join(folder, SERVER_FOLDER)}` };
      // First, since what follows may fail and nobody can ask for the token again.
      if (server.adminToken !== undefined) {
        yield { type: "secret", name: "Admin token", value: server.adminToken };
      }
      const config = {
        ...(await server.provision()),
        base_url: url,
        ...(args.flag("label") ? { label: args.text("label") } : {}),
        ...templateSettings(template ?? "reader"),
      };
      nodeConfig(config); // what would not start must not be written
      context.writeFile(path, `${JSON.stringify(config, undefined, 2)}\n`, { secret: true });
      yield { type: "done", text: `Configuration in ${path}`, fields: { path } };
      yield {
        type: "warning",
        text: `${READER_FILE} holds the node's keys: keep it out of version control.`,
      };
      if (template !== undefined) {
        for (const { name, text } of projectFiles(template)) {
          const file = join(folder, name);
          if (context.exists(file) && !args.flag("force")) continue;
          context.writeFile(file, text);
        }
        yield { type: "done", text: `A project with a scenario and a test in ${folder}` };
        yield { type: "next", text: "Try it without any hardware:", command: "npm test" };
      }
      yield { type: "next", text: "Now start the server:", command: "npx latchkey serve" };
      yield { type: "next", text: "or try it without any hardware:", command: "npx latchkey sim" };
      return EXIT.ok;
    } finally {
      await server.close();
    }
  },
};

function templateOf(word: string | undefined): TemplateKind | undefined {
  if (word === undefined) return undefined;
  const kind = TEMPLATE_KINDS.find((known) => known === word);
  if (kind === undefined)
    throw usageError(`--template must be ${TEMPLATE_KINDS.join(", ")}, not \`${word}\``, "init");
  return kind;
}
