import { keyFromMaterial, SCALAR_MATERIAL_BYTES } from "../../protocol/human/scalar.ts";
import { nodeHuman as crypto } from "../../server/node-p256.ts";
import { visitCredential } from "../../server/visit/visit-credential.ts";
import { isLit } from "../display/bitmap.ts";
import { readQr } from "../display/read-qr.ts";
import type { Ssd1306Model } from "../display/ssd1306-model.ts";
import type { ScenarioVisitor } from "../scenario/scenario.ts";
import { Visitor, VisitRefused } from "../visitor.ts";
import type { World } from "../world/world.ts";
import { type Backend, type BackendTenant, SIM_BASE_URL } from "./backend.ts";

const ZONE = "door";
const ELSEWHERE = "vault";
const DAY_SECONDS = 86_400;
/** Of `StatusArray`. */
const REVOKED = 1;
const SUSPENDED = 2;

export interface VisitorBoxOptions {
  readonly world: World;
  readonly backend: Backend;
  readonly own: BackendTenant;
  readonly visitors: Readonly<Record<string, ScenarioVisitor>>;
  readonly nowUnix: () => number;
}

/** People with telephones who were invited, or who say so. */
export class VisitorBox {
  readonly #options: VisitorBoxOptions;
  readonly #made = new Map<string, Visitor>();
  #prepared = false;

  constructor(options: VisitorBoxOptions) {
    this.#options = options;
  }

  /**
   * Scans what stands on the display and answers it. Gives `accepted`, `no-code`, or the code with
   * which the server refuses.
   */
  async scan(name: string, display: Ssd1306Model | undefined): Promise<string> {
    await this.#prepare();
    const bitmap = display?.bitmap();
    const text = bitmap && readQr((x, y) => isLit(bitmap, x, y));
    if (text === undefined) return "no-code";
    try {
      await (await this.#visitor(name)).scan(text);
      return "accepted";
    } catch (error) {
      if (error instanceof VisitRefused) return error.code;
      throw error;
    }
  }

  /** The site's rules, and the reader in its zone: it has a name by now. */
  async #prepare(): Promise<void> {
    if (this.#prepared) return;
    this.#prepared = true;
    const { admin } = this.#options.backend;
    const { tenantId } = this.#options.own;
    await admin.policy.putRule(tenantId, "site", "desk", { timeZone: "Etc/UTC" });
    const zone = { site: "desk", firstPerson: false };
    for (const one of [ZONE, ELSEWHERE]) await admin.policy.putRule(tenantId, "zone", one, zone);
    const subject = { group: "visitors" };
    await admin.policy.entitle(tenantId, { subject, zones: [ZONE], opens: false });
    for (const { nodeUid } of await admin.nodes(tenantId))
      await admin.changeNode(tenantId, nodeUid, { zone: ZONE });
  }

  async #visitor(name: string): Promise<Visitor> {
    const known = this.#made.get(name);
    if (known !== undefined) return known;
    const { world, backend, visitors, nowUnix } = this.#options;
    const material = world.rng(`visitor ${name}`).bytes(SCALAR_MATERIAL_BYTES);
    const { privateKey, publicKey } = keyFromMaterial(crypto, material);
    const visitor = new Visitor({
      ...{ crypto, publicKey, nowUnix },
      sign: (message) => crypto.p256Sign(privateKey, message),
      post: async (path, body) =>
        backend.handle({
          ...{ url: `${SIM_BASE_URL}/${path}`, method: "POST", body: JSON.stringify(body) },
          headers: { "content-type": "application/json" },
          timeoutMs: 10_000,
        }),
    });
    this.#made.set(name, visitor);
    await this.#invite(visitor, visitors[name]!);
    return visitor;
  }

  async #invite(visitor: Visitor, { kind, of }: ScenarioVisitor): Promise<void> {
    const { backend, own, nowUnix } = this.#options;
    if (of !== undefined) {
      // A copy of somebody's credential, without the key in that telephone.
      visitor.credential = (await this.#visitor(of)).credential;
      return;
    }
    const { humans } = backend.admin;
    const at = nowUnix() + (kind === "tomorrow" ? DAY_SECONDS : 0);
    const day = new Date(at * 1000).toISOString().slice(0, 10);
    const zone = kind === "elsewhere" ? ELSEWHERE : ZONE;
    const order = { tenantId: own.tenantId, zone, day, holderKey: visitor.publicKey };
    const { sdJwt, place } = await humans.issue(own.tenantId, visitCredential(order, nowUnix()));
    visitor.credential = sdJwt;
    const status = kind === "called-off" ? REVOKED : kind === "on-hold" ? SUSPENDED : undefined;
    if (status !== undefined) await humans.setStatus(own.tenantId, place, status, "scenario");
  }
}
