import type { JsonObject } from "../../protocol/json/reader.ts";
import { writeUpdatedAt } from "../../protocol/telemetry/updated-at.ts";
import {
  APPROVE_NODE_PATH,
  CHANGE_NODE_PATH,
  CREATE_ENROL_TOKEN_PATH,
  LIST_FLEET_PATH,
  REVOKE_NODE_PATH,
  ROTATE_NODE_PATH,
} from "../../server/api/management-paths.ts";
import { usageError } from "../cli/arguments.ts";
import type { Arguments, Command } from "../cli/command.ts";
import type { CliEvent } from "../cli/event.ts";
import { EXIT } from "../cli/exit-codes.ts";
import { type Manager, pagesOf } from "../manage/manager.ts";
import { actionOf, MANAGER_OPTIONS, managerOf, nameOf } from "../manage/manager-options.ts";

const ACTIONS = ["list", "approve", "revoke", "rotate", "change", "token"] as const;
const STATUSES = ["registered", "pending", "revoked"];

export const node: Command = {
  name: "node",
  summary: "lists nodes with how they are, lets them in, shuts them out",
  operands: `<${ACTIONS.join(" | ")}> [node]`,
  maxOperands: 2,
  options: [
    { name: "status", value: "word", help: `list: only those that are ${STATUSES.join(", ")}` },
    { name: "force", help: "rotate: also when HS badges are sealed for its key" },
    { name: "label", value: "text", help: "change: what it is called" },
    { name: "zone", value: "text", help: "change: where it is" },
    { name: "relay-ms", value: "number", help: "change: how long its door stays released" },
    { name: "minutes", value: "number", help: "token: how long it is good; a day by default" },
    ...MANAGER_OPTIONS,
  ],
  examples: [
    ["latchkey node list --status pending", "who waits to be let in"],
    ["latchkey node approve 6f1c2d3e-…", "lets it in"],
    ["latchkey node revoke 6f1c2d3e-…", "shuts it out for good"],
    ["latchkey node rotate 6f1c2d3e-…", "has it take another key at its next check-in"],
    ["latchkey node token", "with which one node comes in"],
  ],
  async *run(context, args) {
    const action = actionOf("node", args, ACTIONS);
    const manager = await managerOf(context, args);
    try {
      if (action === "list") yield* list(manager, args);
      else if (action === "token") yield* token(manager, args);
      else yield* change(manager, args, action);
      return EXIT.ok;
    } finally {
      await manager.close();
    }
  },
};

async function* list(manager: Manager, args: Arguments): AsyncGenerator<CliEvent> {
  const status = args.text("status");
  if (status !== undefined && !STATUSES.includes(status))
    throw usageError(`--status is one of ${STATUSES.join(", ")}`, "status");
  const wish: JsonObject = status === undefined ? {} : { status };
  let count = 0;
  for await (const item of pagesOf(manager, LIST_FLEET_PATH, "nodes", wish)) {
    count++;
    yield { type: "item", kind: "node", text: lineOf(item), item };
  }
  if (count === 0) yield { type: "note", text: "There is none." };
}

/** `6f1c2d3e-… reader registered "Front" 1.4.0 power-on seen 2026-06-09 11:42:07` */
function lineOf(item: JsonObject): string {
  const health = (item["health"] ?? {}) as JsonObject;
  const seen = item["seen_at"];
  const facts = [
    item["node_uid"],
    item["node_type"],
    item["status"],
    item["label"] === undefined ? undefined : `"${item["label"]}"`,
    item["zone"],
    item["rotating"] && "takes another key",
    health["firmware"],
    health["state"],
    health["boot_reason"] && `boot ${health["boot_reason"]}`,
    health["nfc"] && `nfc ${health["nfc"]}`,
    health["clock_age_s"] === undefined ? undefined : `clock ${health["clock_age_s"]} s`,
    health["queue"] === undefined ? undefined : `queue ${health["queue"]}`,
    health["last_error"],
    seen === undefined ? "never seen" : `seen ${writeUpdatedAt(Number(seen))}`,
  ];
  return facts.filter((fact) => fact !== undefined && fact !== "").join("  ");
}

async function* token(manager: Manager, args: Arguments): AsyncGenerator<CliEvent> {
  const minutes = args.number("minutes", 1, 30 * 24 * 60) ?? 24 * 60;
  const answer = await manager.ask(CREATE_ENROL_TOKEN_PATH, { ttl_s: minutes * 60 });
  yield { type: "secret", name: "enrolment token", value: String(answer["token"]) };
  const until = writeUpdatedAt(Number(answer["expires_at"]));
  yield { type: "note", text: `Good for one node, until ${until} UTC; shown this once.` };
}

async function* change(
  manager: Manager,
  args: Arguments,
  action: "approve" | "revoke" | "rotate" | "change",
): AsyncGenerator<CliEvent> {
  const node_uid = nameOf("node", args, "a node");
  if (action === "change") {
    const [label, zone] = [args.text("label"), args.text("zone")];
    const relay_ms = args.number("relay-ms", 100, 60_000);
    const wish = {
      ...(label !== undefined && { label }),
      ...(zone !== undefined && { zone }),
      ...(relay_ms !== undefined && { relay_ms }),
    };
    if (Object.keys(wish).length === 0) throw usageError("say --label, --zone or --relay-ms");
    await manager.ask(CHANGE_NODE_PATH, { node_uid, ...wish });
    yield { type: "done", text: `${node_uid} was changed`, fields: { node_uid } };
    return;
  }
  if (action === "rotate") {
    await manager.ask(ROTATE_NODE_PATH, { node_uid, ...(args.flag("force") && { force: true }) });
    const text = `${node_uid} takes another key at its next check-in`;
    yield { type: "done", text, fields: { node_uid } };
    return;
  }
  const path = action === "approve" ? APPROVE_NODE_PATH : REVOKE_NODE_PATH;
  await manager.ask(path, { node_uid });
  const what = action === "approve" ? "may come in" : "is shut out for good";
  yield { type: "done", text: `${node_uid} ${what}`, fields: { node_uid } };
}
