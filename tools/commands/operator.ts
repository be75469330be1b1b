import { writeUpdatedAt } from "../../protocol/telemetry/updated-at.ts";
import {
  CREATE_OPERATOR_PATH,
  LIST_OPERATORS_PATH,
  REMOVE_OPERATOR_PATH,
  SET_OPERATOR_ROLE_PATH,
} from "../../server/api/management-paths.ts";
import { ROLES } from "../../server/roles.ts";
import { usageError } from "../cli/arguments.ts";
import type { Arguments, Command } from "../cli/command.ts";
import type { CliEvent } from "../cli/event.ts";
import { EXIT } from "../cli/exit-codes.ts";
import { type Manager, pagesOf } from "../manage/manager.ts";
import { actionOf, MANAGER_OPTIONS, managerOf, nameOf } from "../manage/manager-options.ts";

const ACTIONS = ["list", "add", "role", "remove"] as const;

export const operator: Command = {
  name: "operator",
  summary: "says who may run a tenant, and as what",
  operands: `<${ACTIONS.join(" | ")}> [name]`,
  maxOperands: 2,
  options: [
    { name: "role", value: "role", help: `add, role: ${ROLES.join(", ")}` },
    ...MANAGER_OPTIONS,
  ],
  examples: [
    ["latchkey operator add ada --role manager", "shows her token, once"],
    ["latchkey operator role ada --role auditor", "from her next request on"],
    ["latchkey operator remove ada", "makes all of her tokens worthless"],
  ],
  async *run(context, args) {
    const action = actionOf("operator", args, ACTIONS);
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
  for await (const item of pagesOf(manager, LIST_OPERATORS_PATH, "operators")) {
    count++;
    const since = writeUpdatedAt(Number(item["created_at"]));
    const text = `${item["name"]}  ${item["role"]}  since ${since}`;
    yield { type: "item", kind: "operator", text, item };
  }
  if (count === 0) yield { type: "note", text: "The tenant has none of its own." };
}

function roleOf(args: Arguments): string {
  const role = ROLES.find((known) => known === args.text("role"));
  if (role === undefined) throw usageError(`--role is one of ${ROLES.join(", ")}`, "role");
  return role;
}

async function* change(
  manager: Manager,
  args: Arguments,
  action: "add" | "role" | "remove",
): AsyncGenerator<CliEvent> {
  const name = nameOf("operator", args, "a name");
  if (action === "remove") {
    await manager.ask(REMOVE_OPERATOR_PATH, { name });
    yield { type: "done", text: `${name} may do nothing any more`, fields: { name } };
    return;
  }
  const role = roleOf(args);
  if (action === "role") {
    await manager.ask(SET_OPERATOR_ROLE_PATH, { name, role });
    yield { type: "done", text: `${name} is ${role} from now on`, fields: { name, role } };
    return;
  }
  const { token } = await manager.ask(CREATE_OPERATOR_PATH, { name, role });
  yield { type: "done", text: `${name} is ${role} of ${manager.tenantId}`, fields: { name, role } };
  yield { type: "secret", name: "token", value: String(token) };
  yield { type: "note", text: "It is shown this once; only its hash is stored." };
}
