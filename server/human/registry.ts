import type { JsonObject } from "../../protocol/json/reader.ts";
import type { StatusPlace } from "../store/humans.ts";
import { type Revocation, type RevocationOrder, revokeDevice } from "./device-revocation.ts";
import { addDevice, beginEnrolment, type EnrolmentAnswer, finishEnrolment } from "./enrolment.ts";
import { type LookUp, lookUpRoot, noteCredential, resolveDid } from "./identifiers.ts";
import { type InvitationOrder, invitePerson } from "./invitation.ts";
import { findPerson, type RegistryContext } from "./person.ts";
import { revocationList } from "./revocation-list.ts";
import { type AccountState, askAccount, submitStatement } from "./statements.ts";

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

  /** See `invitePerson`. */
  invite(order: InvitationOrder): Promise<string> {
    return invitePerson(this.#context, this.#tenantId, order);
  }

  /** See `beginEnrolment`. */
  begin(token: string): Promise<Uint8Array> {
    return beginEnrolment(this.#context, this.#tenantId, token);
  }

  /** See `finishEnrolment`. */
  enrol(answer: EnrolmentAnswer): Promise<string> {
    return finishEnrolment(this.#context, this.#tenantId, answer);
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

  /** See `submitStatement`. */
  submit(text: string): Promise<void> {
    return submitStatement(this.#context, this.#tenantId, text);
  }

  /** See `askAccount`. */
  account(text: string): Promise<AccountState> {
    return askAccount(this.#context, this.#tenantId, text);
  }
}
