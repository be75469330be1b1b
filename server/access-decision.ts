import type { ServiceContext } from "./context.ts";
import { type AccessDenial, type AccessGrant, decideAccess, knownZone } from "./policy/access.ts";
import { subjectText } from "./policy/entitlement.ts";
import type { PassageQuestion } from "./policy/passage.ts";
import { readEntitlement, type TenantRules } from "./policy/rule-book.ts";
import type { PolicyStep } from "./store/policies.ts";
import type { Node } from "./store/records.ts";
import { unixSeconds } from "./wall-clock.ts";

/** Who wants to pass: a person of the tenant, or a stranger whom something makes one of a group. */
export type AccessSubject =
  | { readonly personId: string }
  /** `name` is what passages are counted by: `visitor:…`; it must not begin with `person:`. */
  | { readonly name: string; readonly groups: readonly string[] };

/** A badge of nobody: whether it may pass at all was settled by its scope. */
export interface UnnamedBadge {
  readonly badgeUid: string;
}

/** The rules' answer, and what it stands by; to be handed to `recordDecision`. */
export interface AccessAnswer {
  readonly decision: AccessGrant | PersonDenial | AccessDenial;
  readonly step: PolicyStep;
}

/** The rules say nothing of a person that is suspended, removed, or not there. */
export interface PersonDenial extends Omit<AccessDenial, "code"> {
  readonly code: "person-suspended";
}

/** The reader in question. */
export type AccessPlace = Pick<Node, "tenantId" | "zone" | "direction">;

async function subjectsOf(
  { records }: Pick<ServiceContext, "records">,
  tenantId: string,
  subject: AccessSubject,
): Promise<readonly string[] | PersonDenial> {
  const groups = (names: readonly string[]) => names.map((group) => subjectText({ group }));
  if ("groups" in subject) return groups(subject.groups);
  const { personId } = subject;
  const person = await records.person(tenantId, personId);
  const status = person?.status ?? "unknown";
  if (person === undefined || status !== "active")
    return { allowed: false, code: "person-suspended", cause: `person-${status}` };
  return [subjectText({ person: personId }), ...groups(person.groups)];
}

/** What the zone asks of who passes, when it asks anything. */
function passageOf(
  { rules }: TenantRules,
  { zone, direction }: AccessPlace,
  subject: string,
  opens: boolean,
  at: number,
): PassageQuestion | AccessDenial | undefined {
  if (zone === undefined || !rules.zone.has(zone)) return undefined;
  const known = knownZone(rules, zone, at);
  if ("allowed" in known) return known;
  const { passback, firstPerson } = known.rule;
  if (passback === undefined && !firstPerson) return undefined;
  return {
    ...{ zone, subject, direction, at },
    ...(passback !== undefined && { passback }),
    ...(firstPerson && { firstPerson: { day: known.wall.date, opens } }),
  };
}

function answer(
  book: TenantRules,
  place: AccessPlace,
  subject: string,
  at: number,
  decision: AccessGrant | AccessDenial | PersonDenial,
): AccessAnswer {
  const { revision } = book;
  if (!decision.allowed) return { decision, step: { revision } };
  const passage = passageOf(book, place, subject, decision.opens, at);
  if (passage === undefined) return { decision, step: { revision } };
  if ("allowed" in passage) return { decision: passage, step: { revision } };
  return { decision, step: { revision, passage } };
}

/**
 * May this person, or this visitor, pass at this reader now? The answer holds for the revision of
 * the rules in `step`: whoever grants hands that to `recordDecision` or `recordPassage`, which has
 * the last word (anti-passback, first person) and says `POLICY_CHANGED` when to ask again.
 * @example
 * const { decision, step } = await accessDecision(context, node, { name: "visitor:42", groups });
 * @throws unavailable
 */
export async function accessDecision(
  context: Pick<ServiceContext, "records" | "ruleBook" | "clock">,
  place: AccessPlace,
  subject: AccessSubject,
): Promise<AccessAnswer> {
  const { tenantId, zone, direction } = place;
  const at = unixSeconds(context.clock);
  const name = "personId" in subject ? subjectText({ person: subject.personId }) : subject.name;
  // Before all else: what is read after it is not older than it.
  const book = await context.ruleBook.of(tenantId);
  const subjects = await subjectsOf(context, tenantId, subject);
  if ("allowed" in subjects) return answer(book, place, name, at, subjects);
  const stored = await context.records.entitlementsOf(tenantId, subjects);
  const entitlements = stored.map(readEntitlement).filter((each) => each !== undefined);
  const decision = decideAccess(book.rules, { entitlements, zone, direction, at });
  return answer(book, place, name, at, decision);
}

/**
 * The same for a badge of nobody that may pass by its scope: only what the zone asks of all counts.
 * It opens a zone for nobody.
 */
export async function unnamedDecision(
  context: Pick<ServiceContext, "ruleBook" | "clock">,
  place: AccessPlace,
  { badgeUid }: UnnamedBadge,
): Promise<AccessAnswer> {
  const book = await context.ruleBook.of(place.tenantId);
  const granted = { allowed: true, entitlement: "scope", opens: false } as const;
  return answer(book, place, `badge:${badgeUid}`, unixSeconds(context.clock), granted);
}
