import { LatchkeyError } from "../../protocol/errors.ts";
import {
  checkRegistryStatement,
  parseRegistryStatement,
} from "../../protocol/human/registry-statement.ts";
import { parseCertificate } from "../../protocol/human/x509/certificate.ts";
import type { JsonObject } from "../../protocol/json/reader.ts";
import type { StatusPlace } from "../store/humans.ts";
import { unixSeconds } from "../wall-clock.ts";
import { type Revocation, type RevocationOrder, revokeDevice } from "./device-revocation.ts";
import { addDevice, beginEnrolment, finishEnrolment } from "./enrolment.ts";
import { delegateKey, type LookUp, lookUpRoot, noteCredential, resolveDid } from "./identifiers.ts";
import { findPerson, liveDevice, type RegistryContext } from "./person.ts";
import { withRows } from "./registry-rows.ts";
import { revocationList } from "./revocation-list.ts";

/**
 * Who of one tenant's people has which devices, and which of their keys speak for which
 * `did:lastid`. It keeps what roots and devices have signed and can invent none of it; what it can
 * do alone is to revoke.
 */
export class HumanRegistry {
  readonly #context: RegistryContext;
  readonly #tenantId: string;

  constructor(context: RegistryContext, tenantId: string) {
    this.#context = context;
    this.#tenantId = tenantId;
  }

  /** See `beginEnrolment`. */
  begin(rootId: string): Promise<Uint8Array> {
    return beginEnrolment(this.#context, this.#tenantId, rootId);
  }

  /** See `finishEnrolment`. */
  enrol(root: Uint8Array, revoker: Uint8Array): Promise<string> {
    return finishEnrolment(this.#context, this.#tenantId, { root, revoker });
  }

  /** See `addDevice`. */
  addDevice(rootId: string, certificate: Uint8Array): Promise<string> {
    return addDevice(this.#context, this.#tenantId, rootId, certificate);
  }

  /** See `revokeDevice`. */
  revokeDevice(rootId: string, order: RevocationOrder): Promise<Revocation> {
    return revokeDevice(this.#context, this.#tenantId, rootId, order);
  }

  /** See `resolveDid`. */
  resolve(did: string): Promise<JsonObject> {
    return resolveDid(this.#context, this.#tenantId, did);
  }

  /** See `lookUpRoot`. */
  lookUp(did: string, lookUp: LookUp): Promise<string> {
    return lookUpRoot(this.#context, this.#tenantId, did, lookUp);
  }

  /** See `noteCredential`. */
  noteCredential(
    bound: { readonly did: string; readonly holderKey: Uint8Array },
    place: StatusPlace,
  ): Promise<void> {
    return noteCredential(this.#context, this.#tenantId, bound, place);
  }

  /** The list of a person's revoked devices, as DER. @throws human-unknown */
  crl(rootId: string): Promise<Uint8Array> {
    return revocationList(this.#context, this.#tenantId, rootId);
  }

  /** The generation to derive identifiers with. @throws human-unknown */
  async generation(rootId: string): Promise<number> {
    return (await findPerson(this.#context, this.#tenantId, rootId)).generation;
  }

  /**
   * Does what a device says in a signed statement (`signRegistryStatement`).
   * @throws statement-invalid, delegation-invalid, device-unknown, conflict, registry-full
   */
  async submit(text: string): Promise<void> {
    const context = this.#context;
    const tenantId = this.#tenantId;
    const statement = parseRegistryStatement(text);
    const { rootId, serial, act } = statement;
    const certificate = await withRows(context, tenantId, async (rows) => {
      const account = await rows.account(rootId);
      return account && liveDevice(account, serial);
    });
    // Nobody learns from the answer whether there is such a person.
    if (certificate === undefined) throw new LatchkeyError("statement-invalid");
    const { publicKey } = parseCertificate(context.human, certificate);
    const nowUnix = unixSeconds(context.clock);
    checkRegistryStatement(context.human, statement, publicKey, { tenantId, nowUnix });
    if (act.act === "delegate") {
      await delegateKey(context, tenantId, { rootId, serial, delegation: act.delegation });
      return;
    }
    const by = "a device of the same person";
    await this.revokeDevice(rootId, { serial: act.serial, lost: act.lost, by });
  }
}
