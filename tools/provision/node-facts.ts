import { LatchkeyError } from "../../protocol/errors.ts";
import { IMPROV_COMMAND } from "../../protocol/improv/rpc.ts";
import type { ImprovClient, Patience } from "./improv-client.ts";

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

/** One look at a node that may be about to start: whoever asks asks again. */
const GLANCE: Patience = Object.freeze({ waitMs: 1_000, tries: 1 });

/**
 * How far it has come with the configuration that it was given; `undefined` while it cannot be
 * asked, or still runs what it ran before.
 */
export async function glance(
  client: ImprovClient,
  isNew: (config: string | undefined) => boolean,
): Promise<NodeFacts | undefined> {
  try {
    const node = await facts(client, IMPROV_COMMAND.describe, GLANCE);
    if (!isNew(node?.get("config"))) return undefined;
    return await facts(client, IMPROV_COMMAND.progress, GLANCE);
  } catch (error) {
    if (error instanceof LatchkeyError) return undefined;
    throw error;
  }
}

async function facts(
  client: ImprovClient,
  command: number,
  patience?: Patience,
): Promise<NodeFacts | undefined> {
  const strings = await client.ours(command, undefined, patience);
  if (strings === undefined) return undefined;
  const found = new Map<string, string>();
  for (let at = 0; at + 1 < strings.length; at += 2) found.set(strings[at]!, strings[at + 1]!);
  return found;
}
