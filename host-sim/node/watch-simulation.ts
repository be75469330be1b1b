import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { CryptoWatch } from "../invariants/crypto-watch.ts";
import type { ReadAudit } from "../invariants/watched.ts";
import { Invariants } from "../invariants.ts";
import type { Card } from "../nfc/card.ts";
import { Simulation, type SimulationOptions } from "./simulation.ts";

export interface WatchedSimulation {
  readonly sim: Simulation;
  readonly invariants: Invariants;
}

/**
 * A simulation that ends with an `InvariantViolation` as soon as something breaks.
 * @param command what somebody types to see it again
 * @param calm whether nothing disturbs the PN532; always when absent
 */
export async function createWatched(
  options: SimulationOptions,
  command: string,
  calm: () => boolean = () => true,
): Promise<WatchedSimulation> {
  const crypto = new CryptoWatch(options.crypto ?? nobleCrypto);
  const sim = await Simulation.create({ ...options, crypto: crypto.crypto });
  const { provisioning } = sim.tenant;
  const auditOf =
    (tenantId: string): ReadAudit =>
    (limit, after) =>
      sim.backend.admin.auditRows(tenantId, limit, after);
  const { decisionTimeoutMs, resultMs } = sim.config.limits;
  const watched = {
    world: sim.world,
    board: sim.board,
    decisionMs: decisionTimeoutMs,
    resultMs,
    onExchange: sim.onExchange.bind(sim),
    ownAudit: auditOf(sim.tenant.tenantId),
    otherAudit: auditOf(sim.otherTenant.tenantId),
    rightful: (card: Card) => isRightful(sim, card),
    calm,
  };
  const secrets = [provisioning.commKey.bytes, provisioning.df1.bytes];
  return { sim, invariants: new Invariants(watched, { command, secrets, crypto }) };
}

function isRightful({ badges }: Simulation, card: Card): boolean {
  for (const [name, made] of badges.made())
    if (made === card) return ["good", "slow"].includes(badges.orderOf(name).kind);
  return false;
}
