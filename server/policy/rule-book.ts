import { LatchkeyError } from "../../protocol/errors.ts";
import { JsonReader, parseObject } from "../../protocol/json/reader.ts";
import type { StoredEntitlement, StoredRule } from "../store/policies.ts";
import type { Records } from "../store/records.ts";
import { type Entitlement, parseEntitlement } from "./entitlement.ts";
import { type RuleKind, type RuleKinds, type Rules, readRule } from "./rules.ts";

/** A tenant's rules as they were at a revision. */
export interface TenantRules {
  readonly revision: number;
  readonly rules: Rules;
}

const TENANTS_MAX = 256;
const TRIES = 5;
/** Written by this server, and not limited by what a request may hold. */
const STORED = Object.freeze({ length: 2 ** 20, depth: 8 });

/** `undefined` for what is not an object: it counts as a rule that cannot be read. */
function storedObject(body: string): JsonReader | undefined {
  try {
    return parseObject(body, "rule", STORED);
  } catch (error) {
    if (error instanceof LatchkeyError) return undefined;
    throw error;
  }
}

function compile(stored: readonly StoredRule[]): Rules {
  const all = <K extends RuleKind>(kind: K): ReadonlyMap<string, RuleKinds[K] | undefined> =>
    new Map(
      stored
        .filter((rule) => rule.kind === kind)
        .map(({ name, body }) => [name, readRule(kind, storedObject(body))]),
    );
  return {
    site: all("site"),
    zone: all("zone"),
    schedule: all("schedule"),
    calendar: all("calendar"),
  };
}

/** One that cannot be read entitles to nothing and is left out. */
export function readEntitlement({ id, body }: StoredEntitlement): Entitlement | undefined {
  try {
    return { id, ...parseEntitlement(storedObject(body) ?? new JsonReader({})) };
  } catch (error) {
    if (error instanceof LatchkeyError) return undefined;
    throw error;
  }
}

/**
 * The rules of tenants, read once for each revision. The revision is asked for anew each time, so
 * that a change counts in the next request, at whichever replica it arrives.
 */
export class RuleBook {
  readonly #records: Pick<Records, "policyRevision" | "rules">;
  readonly #known = new Map<string, TenantRules>();

  constructor(records: Pick<Records, "policyRevision" | "rules">) {
    this.#records = records;
  }

  /** @throws unavailable */
  async of(tenantId: string): Promise<TenantRules> {
    let revision = await this.#records.policyRevision(tenantId);
    for (let attempt = 0; attempt < TRIES; attempt++) {
      const known = this.#known.get(tenantId);
      if (known?.revision === revision) return known;
      const rules = compile(revision === 0 ? [] : await this.#records.rules(tenantId));
      // They may be newer than the revision that was read before them.
      const now = revision === 0 ? 0 : await this.#records.policyRevision(tenantId);
      if (now === revision) return this.#keep(tenantId, { revision, rules });
      revision = now;
    }
    throw new LatchkeyError("unavailable", { detail: { retry_after: 1 } });
  }

  #keep(tenantId: string, known: TenantRules): TenantRules {
    this.#known.delete(tenantId);
    if (this.#known.size >= TENANTS_MAX) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(tenantId, known);
    return known;
  }
}
