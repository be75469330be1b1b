import { subjectUid } from "../../protocol/application/identity.ts";
import type { ServiceContext } from "../context.ts";
import { type ApplicationRole, setApplicationRole } from "./application-roles.ts";
import { type BackEnd, createBackEnd, type IssuedBackEnd } from "./back-end-auth.ts";

/** Applications are approved and revoked like nodes, by the UID that `uid` gives. */
export interface ApplicationAdmin {
  /** The UID of an identity, 64 hexadecimal digits, among the tenant's subjects. */
  uid(identityHash: string): string;
  /** What it may be to back ends. */
  setRole(tenantId: string, identityHash: string, role: ApplicationRole): Promise<void>;
  /** A token for the back end of that name. */
  createBackEnd(backEnd: BackEnd): Promise<IssuedBackEnd>;
}

export function applicationAdmin(context: ServiceContext): ApplicationAdmin {
  return {
    uid: subjectUid,
    setRole: (tenantId, hash, role) => setApplicationRole(context, tenantId, hash, role),
    createBackEnd: (backEnd) => createBackEnd(context, backEnd),
  };
}
