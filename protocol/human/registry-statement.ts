import type { HumanVerifier, SignEs256 } from "../crypto/p256.ts";
import { toBase64Url } from "../encoding/base64.ts";
import { toHex } from "../encoding/hex.ts";
import { LatchkeyError } from "../errors.ts";
import { checkJws, type Jws, parseJws, signJws } from "./jose/compact-jws.ts";

/** What a person's device tells the registry, signed by the key of the device's certificate. */
const TYP = "lastid-registry+jwt";
const TOKEN = "registry-statement";
/** How old it may be, and how far the device's clock may be ahead. */
export const STATEMENT_SECONDS = 300;
const DELEGATION_MAX = 4096;
/** DER of a certificate. */
const CERTIFICATE = Object.freeze({ min: 1, max: 8192 });

export type RegistryAct =
  /** The device itself comes in: the root has delegated to it, and it has the key. */
  | { readonly act: "join"; readonly certificate: Uint8Array }
  /** It asks how the person's account is. */
  | { readonly act: "account" }
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
  const said = act.act === "join" ? { ...act, certificate: toBase64Url(act.certificate) } : act;
  const payload = { iss: rootId, aud: tenantId, iat: issuedAt, ...said };
  return signJws({ typ: TYP, kid: serial }, payload, sign);
}

function readAct({ payload }: Jws): RegistryAct {
  const act = payload.oneOf("act", ["delegate", "revoke", "join", "account"]);
  if (act === "account") return { act };
  if (act === "join") return { act, certificate: payload.bytes("certificate", CERTIFICATE) };
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
    if (Math.abs(expected.nowUnix - issuedAt) > STATEMENT_SECONDS)
      throw new LatchkeyError("key-binding-time");
  } catch (cause) {
    throw new LatchkeyError("statement-invalid", { cause });
  }
}

/**
 * By what a registry recognises one that it has had. Not by the signature: of every good one there
 * is a second that is as good (n - s), and whoever has overheard the first can write it.
 */
export function statementId({ sha256 }: Pick<HumanVerifier, "sha256">, one: UncheckedStatement) {
  return toHex(sha256(one.jws.signed));
}
