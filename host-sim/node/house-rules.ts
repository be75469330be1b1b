import { LatchkeyError } from "../../protocol/errors.ts";
import { JsonReader } from "../../protocol/json/reader.ts";
import { parseRule } from "../../server/policy/rules.ts";
import type { ScenarioRules } from "../scenario/scenario.ts";
import type { Simulation } from "./simulation.ts";

const SITE = "house";
const ZONE = "door";
const HOURS = "hours";
const HOLIDAYS = "holidays";
const GROUP = "people";

/**
 * The rules of a scenario: one place, one zone behind the reader, and whoever has a good badge is
 * a person who may pass there. Badges are given to people when they are first held to the reader.
 */
export class HouseRules {
  readonly #sim: Simulation;
  readonly #people = new Map<string, string>();

  private constructor(sim: Simulation) {
    this.#sim = sim;
  }

  /** @throws scenario-invalid for what the server does not take */
  static async set(sim: Simulation, rules: ScenarioRules): Promise<HouseRules> {
    const { tenantId } = sim.tenant;
    const { policy } = sim.backend.admin;
    const { site = { time_zone: "UTC" }, zone = {}, schedule, calendar } = rules;
    const holidays = calendar && { calendar: HOLIDAYS };
    const put = async <K extends "site" | "zone" | "schedule" | "calendar">(
      kind: K,
      name: string,
      body: object,
    ): Promise<void> => {
      try {
        const rule = parseRule(kind, new JsonReader(JSON.parse(JSON.stringify(body))));
        await policy.putRule(tenantId, kind, name, rule);
      } catch (cause) {
        const said = cause instanceof LatchkeyError ? cause.message : String(cause);
        const message = `rules.${kind}: ${said}`;
        throw new LatchkeyError("scenario-invalid", { message, cause });
      }
    };
    if (calendar !== undefined) await put("calendar", HOLIDAYS, calendar);
    await put("site", SITE, { ...holidays, ...site });
    await put("zone", ZONE, { first_person: false, ...zone, site: SITE });
    if (schedule !== undefined) await put("schedule", HOURS, schedule);
    const when = schedule && { schedule: HOURS };
    const subject = { group: GROUP };
    await policy.entitle(tenantId, { subject, zones: [ZONE], ...when, opens: false });
    return new HouseRules(sim);
  }

  /** The reader is in its zone, and the badge is somebody's. */
  async before(badge: string): Promise<void> {
    const { admin } = this.#sim.backend;
    const { tenantId } = this.#sim.tenant;
    for (const { nodeUid, zone } of await admin.nodes(tenantId))
      if (zone === undefined) await admin.changeNode(tenantId, nodeUid, { zone: ZONE });
    const { kind, holder } = this.#sim.badges.orderOf(badge);
    if (this.#people.has(badge) || (kind !== "good" && kind !== "slow")) return;
    const { card } = await this.#sim.badges.get(badge);
    const order = { tenantId, label: holder, groups: [GROUP] };
    const { personId } = await admin.policy.putPerson(order);
    await admin.policy.giveBadge(tenantId, card.uid, personId);
    this.#people.set(badge, personId);
  }

  /** After a violation of anti-passback. */
  async forgive(badge: string): Promise<void> {
    const personId = this.#people.get(badge);
    if (personId === undefined) return;
    await this.#sim.backend.admin.policy.forgive(this.#sim.tenant.tenantId, personId);
  }
}
