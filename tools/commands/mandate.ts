import { writeUpdatedAt } from "../../protocol/telemetry/updated-at.ts";
import {
  COLLECT_EXPORT_PATH,
  LIST_MANDATES_PATH,
  MANDATE_LOG_PATH,
  WITHDRAW_MANDATE_PATH,
} from "../../server/api/management-paths.ts";
import { usageError } from "../cli/arguments.ts";
import type { Arguments, Command } from "../cli/command.ts";
import type { Context } from "../cli/context.ts";
import type { CliEvent } from "../cli/event.ts";
import { EXIT } from "../cli/exit-codes.ts";
import { type Manager, pagesOf } from "../manage/manager.ts";
import { actionOf, MANAGER_OPTIONS, managerOf, nameOf } from "../manage/manager-options.ts";
import { resolvePath } from "../reader-file.ts";

const ACTIONS = ["register", "collect", "withdraw", "list"] as const;
const KEY = "LATCHKEY_COLLECTION_KEY";

export const mandate: Command = {
  name: "mandate",
  summary: "registers a court's order and collects its export, once",
  operands: `<${ACTIONS.join(" | ")}> [number or mandate]`,
  maxOperands: 2,
  options: [
    { name: "country", value: "code", help: "register: ISO 3166-1, two letters, of the court" },
    { name: "court", value: "text", help: "register: which court" },
    { name: "identity", value: "hash", help: "register: the target's, 64 hexadecimal digits" },
    { name: "out", value: "file", help: "collect: where the export goes; needed" },
    ...MANAGER_OPTIONS,
  ],
  examples: [
    [
      'latchkey mandate register "5 Gs 17/26" --country DE --court "AG Mitte" --identity 9a3b…',
      "shows the collection key, once",
    ],
    ["latchkey mandate collect 6f1c… --out export.json", `within 72 hours; key in $${KEY}`],
    ["latchkey mandate withdraw 6f1c…", "destroys the export"],
  ],
  async *run(context, args) {
    const action = actionOf("mandate", args, ACTIONS);
    const manager = await managerOf(context, args);
    try {
      if (action === "register") yield* register(manager, args);
      else if (action === "collect") yield* collect(context, manager, args);
      else if (action === "list") yield* list(manager);
      else {
        const mandate_id = nameOf("mandate", args, "a mandate");
        await manager.ask(WITHDRAW_MANDATE_PATH, { mandate_id });
        yield { type: "done", text: `${mandate_id} is withdrawn`, fields: { mandate_id } };
      }
      return EXIT.ok;
    } finally {
      await manager.close();
    }
  },
};

async function* register(manager: Manager, args: Arguments): AsyncGenerator<CliEvent> {
  const mandate_number = nameOf("mandate", args, "the number that the court gave it");
  const needed = (name: string): string => {
    const value = args.text(name);
    if (value === undefined) throw usageError(`a mandate needs --${name}`, name);
    return value;
  };
  const order = {
    mandate_number,
    country: needed("country"),
    court: needed("court"),
    identity_hash: needed("identity"),
  };
  const answer = await manager.ask(MANDATE_LOG_PATH, order);
  const mandate_id = String(answer["mandate_id"]);
  const until = writeUpdatedAt(Number(answer["window_ends_at"]));
  const text = `Mandate ${mandate_id}; its export waits until ${until} UTC`;
  yield { type: "done", text, fields: { mandate_id, until } };
  yield { type: "secret", name: "collection key", value: String(answer["collection_key"]) };
  yield { type: "note", text: "Without the key nobody opens the export; it is shown this once." };
}

async function* collect(
  context: Context,
  manager: Manager,
  args: Arguments,
): AsyncGenerator<CliEvent> {
  const mandate_id = nameOf("mandate", args, "a mandate");
  const out = args.text("out");
  if (out === undefined) throw usageError("--out says where the export goes", "out");
  const path = resolvePath(context, out);
  const collection_key = context.env[KEY];
  if (collection_key === undefined) throw usageError(`the collection key belongs into $${KEY}`);
  // Once it is collected it is nowhere else.
  if (context.exists(path)) throw usageError(`${out} is there already`, "out");
  context.writeFile(path, "", { secret: true });
  try {
    const answer = await manager.ask(COLLECT_EXPORT_PATH, { mandate_id, collection_key });
    context.writeFile(path, String(answer["export"]), { secret: true });
    const sha256 = String(answer["sha256"]);
    const text = `${out}: the export, SHA-256 ${sha256}; the server has destroyed its own`;
    yield { type: "done", text, fields: { file: out, sha256 } };
  } catch (error) {
    context.removeFile(path);
    throw error;
  }
}

async function* list(manager: Manager): AsyncGenerator<CliEvent> {
  let count = 0;
  for await (const item of pagesOf(manager, LIST_MANDATES_PATH, "mandates")) {
    count++;
    const until = writeUpdatedAt(Number(item["window_ends_at"]));
    const order = `${item["country"]} ${item["court"]} ${item["mandate_number"]}`;
    const text = `${item["mandate_id"]}  ${item["state"]}  until ${until}  ${order}`;
    yield { type: "item", kind: "mandate", text, item };
  }
  if (count === 0) yield { type: "note", text: "None was registered." };
}
