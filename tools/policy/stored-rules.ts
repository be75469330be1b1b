import type { JsonObject } from "../../protocol/json/reader.ts";
import { LIST_RULES_PATH } from "../../server/api/management-paths.ts";
import type { Row } from "../cli/event.ts";
import type { Manager } from "../manage/manager.ts";

interface StoredRule {
  readonly kind: string;
  readonly name: string;
  /** Absent when the server cannot read it. */
  readonly rule?: JsonObject;
}

/** The rules of one kind, by name. */
export async function rulesOf(
  manager: Manager,
  kind: "site" | "zone" | "schedule" | "calendar",
): Promise<ReadonlyMap<string, JsonObject | undefined>> {
  const { rules } = await manager.ask(LIST_RULES_PATH);
  const all = rules as unknown as readonly StoredRule[];
  return new Map(all.filter((one) => one.kind === kind).map(({ name, rule }) => [name, rule]));
}

export function rowsOf(
  rules: ReadonlyMap<string, JsonObject | undefined>,
  text: (rule: JsonObject) => string,
): Row[] {
  return [...rules].map(([name, rule]) => [name, rule ? text(rule) : "cannot be read"]);
}
