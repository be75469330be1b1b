import { IMPROV_COMMAND } from "../../protocol/improv/rpc.ts";
import type { ImprovClient } from "./improv-client.ts";

/** Names and values that a node tells. */
export type NodeFacts = ReadonlyMap<string, string>;

/** Which node this is; `undefined` for a device that is not Latchkey. */
export function describeNode(client: ImprovClient): Promise<NodeFacts | undefined> {
  return facts(client, IMPROV_COMMAND.describe);
}

/** How far it has come. */
export async function nodeProgress(client: ImprovClient): Promise<NodeFacts> {
  return (await facts(client, IMPROV_COMMAND.progress)) ?? new Map();
}

async function facts(client: ImprovClient, command: number): Promise<NodeFacts | undefined> {
  const strings = await client.ours(command);
  if (strings === undefined) return undefined;
  const found = new Map<string, string>();
  for (let at = 0; at + 1 < strings.length; at += 2) found.set(strings[at]!, strings[at + 1]!);
  return found;
}
