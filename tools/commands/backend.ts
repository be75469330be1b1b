import {
  APP_CREATE_BACK_END_PATH,
  APP_SET_ROLE_PATH,
} from "../../protocol/application/endpoints.ts";
import { BACK_END_TYPE } from "../../protocol/application/identity.ts";
import { LIST_FLEET_PATH, REVOKE_NODE_PATH } from "../../server/api/management-paths.ts";
import { APPLICATION_ROLES } from "../../server/application/application-roles.ts";
import { usageError } from "../cli/arguments.ts";
import type { Arguments, Command } from "../cli/command.ts";
import type { CliEvent } from "../cli/event.ts";
import { EXIT } from "../cli/exit-codes.ts";
import { type Manager, pagesOf } from "../manage/manager.ts";
import { actionOf, MANAGER_OPTIONS, managerOf, nameOf } from "../manage/manager-options.ts";

const ACTIONS = ["list", "add", "revoke", "role"] as const;

export const backend: Command = {
  name: "backend",
  summary: "gives back ends their tokens, and applications their roles with them",
  operands: `<${ACTIONS.join(" | ")}> [name]`,
  maxOperands: 2,
  options: [
    { name: "role", value: "role", help: `role: ${APPLICATION_ROLES.join(", ")}` },
    ...MANAGER_OPTIONS,
  ],
  examples: [
    ["latchkey backend add shop", "shows the token for its bridge, once"],
    ["latchkey backend list", "with the identifiers to revoke them by"],
    ["latchkey backend role 9a3b… --role manager", "what that application is to back ends"],
  ],
  async *run(context, args) {
    const action = actionOf("backend", args, ACTIONS);
    const manager = await managerOf(context, args);
    try {
      if (action === "list") yield* list(manager);
      else yield* change(manager, args, action);
      return EXIT.ok;
    } finally {
      await manager.close();
    }
  },
};

async function* list(manager: Manager): AsyncGenerator<CliEvent> {
  let count = 0;
  for await (const item of pagesOf(manager, LIST_FLEET_PATH, "nodes")) {
    if (item["node_type"] !== BACK_END_TYPE) continue;
    count++;
    const status = item["status"] === "registered" ? "in force" : item["status"];
    const text = `${item["node_uid"]}  ${item["label"]}  ${status}`;
    yield { type: "item", kind: "back-end", text, item };
  }
  if (count === 0) yield { type: "note", text: "There is none." };
}

async function* change(
  manager: Manager,
  args: Arguments,
  action: "add" | "revoke" | "role",
): AsyncGenerator<CliEvent> {
  if (action === "revoke") {
    const node_uid = nameOf("backend", args, "the identifier that `list` shows");
    await manager.ask(REVOKE_NODE_PATH, { node_uid });
    yield { type: "done", text: `${node_uid} opens nothing any more`, fields: { node_uid } };
    return;
  }
  if (action === "role") {
    const identity_hash = nameOf("backend", args, "an application's identity hash");
    const role = APPLICATION_ROLES.find((known) => known === args.text("role"));
    if (role === undefined)
      throw usageError(`--role is one of ${APPLICATION_ROLES.join(", ")}`, "role");
    await manager.ask(APP_SET_ROLE_PATH, { identity_hash, role });
    const text = `${identity_hash.slice(0, 8)}… is ${role} from its next request on`;
    yield { type: "done", text, fields: { identity_hash, role } };
    return;
  }
  const audience = nameOf("backend", args, "a name");
  const { token, node_uid } = await manager.ask(APP_CREATE_BACK_END_PATH, { audience });
  const fields = { audience, node_uid: String(node_uid) };
  yield { type: "done", text: `Back end ${audience}: ${node_uid}`, fields };
  yield { type: "secret", name: "token", value: String(token) };
  yield { type: "note", text: "It is shown this once; only its hash is stored." };
}
