import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { type JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import { writeUpdatedAt } from "../../protocol/telemetry/updated-at.ts";
import { LIST_ALARMS_PATH, LIST_AUDIT_PATH } from "../../server/api/management-paths.ts";
import { AUDIT_GENESIS, firstBrokenRow, SERVER_CHAIN } from "../../server/store/audit-chain.ts";
import type { AuditRow } from "../../server/store/records.ts";
import { usageError } from "../cli/arguments.ts";
import type { Arguments, Command } from "../cli/command.ts";
import type { CliEvent } from "../cli/event.ts";
import { EXIT } from "../cli/exit-codes.ts";
import { type Manager, pagesOf } from "../manage/manager.ts";
import { actionOf, MANAGER_OPTIONS, managerOf } from "../manage/manager-options.ts";

const ACTIONS = ["list", "verify", "alarms"] as const;
const KINDS_MAX = 16;
const ALARMS_PAGE = 1000;
const HEAD = /^[0-9a-f]{64}$/;

export const audit: Command = {
  name: "audit",
  summary: "shows what happened in a tenant, and whether that was altered since",
  operands: `<${ACTIONS.join(" | ")}>`,
  maxOperands: 1,
  options: [
    { name: "after", value: "number", help: "list: behind the row of that number" },
    { name: "kind", value: "kind", many: true, help: "list: only rows of that kind" },
    { name: "server", help: "what belongs to no tenant: admins of all, strangers" },
    {
      name: "head",
      value: "hash",
      help: "verify: a hash noted before; its row must still be there",
    },
    { name: "count", short: "n", value: "number", help: "alarms: the newest so many; 100" },
    ...MANAGER_OPTIONS,
  ],
  examples: [
    ["latchkey audit list", "every row, ascending"],
    ["latchkey audit list --kind node-login --kind login-refused", "who came in, and who did not"],
    ["latchkey audit verify", "gives the hash of the last row: note it elsewhere"],
    ["latchkey audit verify --head 9a3b…", "and that nothing was cut off since"],
  ],
  async *run(context, args) {
    const action = actionOf("audit", args, ACTIONS);
    const head = args.text("head");
    if (head !== undefined && !HEAD.test(head))
      throw usageError("--head: 64 hexadecimal digits", "head");
    const tenant = args.flag("server") ? SERVER_CHAIN : args.text("tenant");
    const manager = await managerOf(context, args, tenant);
    try {
      if (action === "verify") return yield* verify(manager, head);
      yield* action === "list" ? list(manager, args) : alarms(manager, args);
      return EXIT.ok;
    } finally {
      await manager.close();
    }
  },
};

async function* list(manager: Manager, args: Arguments): AsyncGenerator<CliEvent> {
  const after = args.number("after", 0, Number.MAX_SAFE_INTEGER) ?? 0;
  const kinds = args.texts("kind");
  if (kinds.length > KINDS_MAX) throw usageError(`--kind: ${KINDS_MAX} at most`, "kind");
  const asked = { after, ...(kinds.length > 0 && { kinds }) };
  let found = 0;
  for await (const item of pagesOf(manager, LIST_AUDIT_PATH, "rows", asked)) {
    found++;
    const at = writeUpdatedAt(Number(item["at"]));
    const text = `${item["seq"]}  ${at}  ${item["kind"]}  ${item["data"]}`;
    yield { type: "item", kind: "audit-row", text, item };
  }
  if (found === 0) yield { type: "note", text: "There is no such row." };
}

async function* alarms(manager: Manager, args: Arguments): AsyncGenerator<CliEvent> {
  const count = args.number("count", 1, Number.MAX_SAFE_INTEGER) ?? 100;
  const limit = Math.min(count, ALARMS_PAGE);
  let found = 0;
  for await (const item of pagesOf(manager, LIST_ALARMS_PATH, "alarms", { limit })) {
    if (++found > count) return;
    const facts = [writeUpdatedAt(Number(item["at"])), item["kind"], item["cause"]];
    const named = [item["badge_uid"] && `badge ${item["badge_uid"]}`, item["node_uid"]];
    const text = [...facts, ...named].filter((fact) => fact !== undefined).join("  ");
    yield { type: "item", kind: "alarm", text, item };
  }
  if (found === 0) yield { type: "note", text: "No alarm was raised." };
}

function rowOf(tenantId: string, item: JsonObject): AuditRow {
  const row = new JsonReader(item);
  const hash = (name: string): Uint8Array => fromHex(row.string(name, { max: 64 }), name);
  return {
    tenantId,
    seq: row.uint("seq"),
    at: row.uint("at"),
    kind: row.string("kind"),
    data: String(item["data"]),
    previousHash: hash("previous_hash"),
    hash: hash("hash"),
  };
}

/** Here and not on the server: whoever altered the rows may have altered what it says of them. */
async function* verify(
  manager: Manager,
  noted: string | undefined,
): AsyncGenerator<CliEvent, number> {
  let previous = AUDIT_GENESIS;
  let rows = 0;
  let isNotedThere = noted === undefined;
  for await (const item of pagesOf(manager, LIST_AUDIT_PATH, "rows")) {
    const row = rowOf(manager.tenantId, item);
    if (firstBrokenRow([row], previous) !== undefined) {
      const text = `Row ${row.seq} does not fit the one before it: the log was altered there`;
      yield { type: "check", name: "audit", state: "failed", text };
      return EXIT.failed;
    }
    previous = row.hash;
    rows++;
    isNotedThere ||= toHex(row.hash) === noted;
  }
  if (!isNotedThere) {
    const text = "The row with the noted hash is gone: the log was cut off or replaced";
    yield { type: "check", name: "audit", state: "failed", text };
    return EXIT.failed;
  }
  const head = toHex(previous);
  yield {
    type: "done",
    text: `${rows} rows fit; the last hash is ${head}`,
    fields: { rows, head },
  };
  return EXIT.ok;
}
