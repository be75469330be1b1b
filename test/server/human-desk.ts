/** A registry on some store, and people who deal with it. */

import { Secret } from "../../protocol/crypto/secret.ts";
import { signDelegation } from "../../protocol/human/delegation.ts";
import type { Persona } from "../../protocol/human/pairwise-secret.ts";
import type { RegistryAct } from "../../protocol/human/registry-statement.ts";
import { signRegistryStatement } from "../../protocol/human/registry-statement.ts";
import { HumanRegistry } from "../../server/human/registry.ts";
import { nodeCrypto } from "../../server/node-crypto.ts";
import { nodeHuman } from "../../server/node-p256.ts";
import { MemoryEphemera } from "../../server/store/memory-ephemera.ts";
import type { Records } from "../../server/store/records.ts";
import { systemRandom } from "../../server/system-random.ts";
import { Vault } from "../../server/vault.ts";
import { csrOf, HOUR, lend, NOW, type TestKey, testKey } from "../protocol/human-family.ts";
import { addTenant } from "./record-stores.ts";

export const TENANT = "00000000-0000-4000-8000-00000000000a";

export interface HumanDesk {
  readonly registry: HumanRegistry;
  readonly records: Records;
  readonly clock: { now: number; unixMs(): number };
  readonly vault: Vault;
}

export async function humanDesk(records: Records, tenantId = TENANT): Promise<HumanDesk> {
  if ((await records.tenant(tenantId)) === undefined) await addTenant(records, tenantId);
  const vault = new Vault(nodeCrypto, systemRandom, new Secret(new Uint8Array(32).fill(9)));
  const clock = { now: NOW, unixMs: () => clock.now * 1000 };
  const ephemera = new MemoryEphemera();
  const context = { records, ephemera, vault, clock, crypto: nodeCrypto, random: systemRandom };
  const registry = new HumanRegistry({ ...context, human: nodeHuman }, tenantId);
  return { registry, records, clock, vault };
}

export interface Device {
  readonly key: TestKey;
  readonly certificate: Uint8Array;
  readonly serial: string;
}

/** Somebody with a root of that number, enrolled. */
export class Somebody {
  readonly person: number;
  readonly desk: HumanDesk;
  readonly rootId: string;
  /** The certificate of the registry's revocation key. */
  revoker: Uint8Array | undefined;

  constructor(desk: HumanDesk, person: number) {
    this.desk = desk;
    this.person = person;
    this.rootId = lend((root) => root.id, person);
  }

  async enrol(tenantId = TENANT): Promise<this> {
    const { registry } = this.desk;
    const token = await registry.invite({ by: "desk", ttlSeconds: 600 });
    const csr = await registry.begin(token);
    const [root, revoker] = lend(
      (own) =>
        [
          own.certificate(),
          own.delegateRevocation(csr, { notBefore: NOW - HOUR }, tenantId),
        ] as const,
      this.person,
    );
    await registry.enrol({ token, root, revoker });
    this.revoker = revoker;
    return this;
  }

  /** A device with the key of that number, by the words. */
  async device(number: number): Promise<Device> {
    const key = testKey(number);
    const csr = await csrOf(key);
    const validity = { notBefore: NOW - HOUR };
    const certificate = lend(
      (root) => root.delegateDevice(csr, `d${number}`, validity),
      this.person,
    );
    const serial = await this.desk.registry.addDevice(this.rootId, certificate);
    return { key, certificate, serial };
  }

  did(sector: string, generation = 0, persona: Persona = "work"): string {
    return lend((root) => root.pairwiseSecret(), this.person).did({ persona, sector, generation });
  }

  /** The statement that a key speaks for the person at a verifier, by the key that names it. */
  delegation(sector: string, deviceKey: Uint8Array, generation = 0, seconds = 30 * 86_400) {
    const secret = lend((root) => root.pairwiseSecret(), this.person);
    const context = { persona: "work", sector, generation } as const;
    const issuedAt = this.desk.clock.now;
    const times = { issuedAt, expiresAt: issuedAt + seconds };
    return signDelegation(secret, context, { deviceKey, ...times });
  }

  /** What a device of this person says to the registry. */
  says(device: Device, act: RegistryAct, tenantId = TENANT): Promise<string> {
    const { rootId, desk } = this;
    const statement = { rootId, serial: device.serial, tenantId, issuedAt: desk.clock.now, act };
    return signRegistryStatement(statement, device.key.sign);
  }

  async delegate(device: Device, sector: string, key: number, generation = 0): Promise<string> {
    const { publicKey } = testKey(key);
    const delegation = await this.delegation(sector, publicKey, generation);
    await this.desk.registry.submit(await this.says(device, { act: "delegate", delegation }));
    return this.did(sector, generation);
  }
}
