import type { HumanVerifier, SignEs256 } from "../crypto/p256.ts";
import { LatchkeyError } from "../errors.ts";
import { checkJws, type Jws, parseJws, signJws } from "./jose/compact-jws.ts";

/** What a person's device tells the registry, signed by the key of the device's certificate. */
const TYP = "lastid-registry+jwt";
const TOKEN = "registry-statement";
/** How old it may be, and how far the device's clock may be ahead. */
const AGE_MAX_SECONDS = 300;
const DELEGATION_MAX = 4096;

/** Repeating one does nothing: what is delegated is delegated, what is revoked is revoked. */
export type RegistryAct =
  /** A statement of `signDelegation`: a key of this device speaks for an identifier. */
  | { readonly act: "delegate"; readonly delegation: string }
  /** Another device of the person was lost or given away. */
  | { readonly act: "revoke"; readonly serial: string; readonly lost: boolean };

export interface RegistryStatement {
  /** Identifier of the person's root, 64 hexadecimal digits. */
  readonly rootId: string;
  /** Serial number of the signing device's certificate, hexadecimal. */
  readonly serial: string;
  /** The registry, by its tenant. */
  readonly tenantId: string;
  readonly issuedAt: number;
  readonly act: RegistryAct;
}

/** One whose signature nobody has checked: it says whose key to check it with. */
export interface UncheckedStatement extends RegistryStatement {
  readonly jws: Jws;
}

/** `sign` is the key's of the device's certificate. */
export function signRegistryStatement(
  { rootId, serial, tenantId, issuedAt, act }: RegistryStatement,
  sign: SignEs256,
): Promise<string> {
  const payload = { iss: rootId, aud: tenantId, iat: issuedAt, ...act };
  return signJws({ typ: TYP, kid: serial }, payload, sign);
}

function readAct({ payload }: Jws): RegistryAct {
  const act = payload.oneOf("act", ["delegate", "revoke"]);
  if (act === "delegate")
    return { act, delegation: payload.string("delegation", { max: DELEGATION_MAX }) };
  return { act, serial: payload.string("serial", { max: 40 }), lost: payload.boolean("lost") };
}

/** @throws statement-invalid; the cause says what is wrong */
export function parseRegistryStatement(text: string): UncheckedStatement {
  try {
    const jws = parseJws(text, TYP, TOKEN);
    const { header, payload } = jws;
    return {
      rootId: payload.string("iss", { min: 64, max: 64 }),
      serial: header.string("kid", { max: 40 }),
      tenantId: payload.uuid("aud"),
      issuedAt: payload.uint("iat"),
      ...{ act: readAct(jws), jws },
    };
  } catch (cause) {
    throw new LatchkeyError("statement-invalid", { cause });
  }
}

/** Whether that key signed it, for this registry, just now. @throws statement-invalid */
export function checkRegistryStatement(
  crypto: HumanVerifier,
  { jws, tenantId, issuedAt }: UncheckedStatement,
  deviceKey: Uint8Array,
  expected: { readonly tenantId: string; readonly nowUnix: number },
): void {
  try {
    checkJws(crypto, jws, deviceKey, TOKEN);
    if (tenantId !== expected.tenantId) throw new LatchkeyError("tenant-mismatch");
    if (Math.abs(expected.nowUnix - issuedAt) > AGE_MAX_SECONDS)
      throw new LatchkeyError("key-binding-time");
  } catch (cause) {
    throw new LatchkeyError("statement-invalid", { cause });
  }
}
