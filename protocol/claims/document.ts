import type { Sha3 } from "../crypto/sha3.ts";
import { toHex } from "../encoding/hex.ts";
import { toUtf8 } from "../encoding/utf8.ts";
import { LatchkeyError, malformed } from "../errors.ts";
import { decodeAddress } from "./address.ts";
import { canonicalJson, type JsonPayload } from "./canonical-json.ts";
import { IDENTITY_KINDS, type IdentityKind, type TotemIdentityDocument } from "./identity-types.ts";
import { checkMoment } from "./moment.ts";

/** The only version there is. */
const VERSION = 1;

export interface DocumentFields {
  readonly kind: IdentityKind;
  readonly rootAddress: string;
  readonly controllerAddress: string;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly metadata?: JsonPayload;
}

/** `totem:id:<kind>:<hash>`, without a look at kind or address: for what the reference made. */
export function identityIdOf(kind: string, rootAddress: string, sha3: Sha3): string {
  const hash = sha3.sha3_256(toUtf8(`totem-identity\u0000${kind}\u0000${rootAddress}`));
  return `totem:id:${kind}:${toHex(hash)}`;
}

function checkKind(kind: unknown): IdentityKind {
  const known = IDENTITY_KINDS.find((one) => one === kind);
  if (known === undefined) throw malformed("kind", `not one of ${IDENTITY_KINDS.join(", ")}`);
  return known;
}

/** The id of an identity. @throws malformed for an unknown kind or what is no address */
export function computeIdentityId(kind: IdentityKind, rootAddress: string, sha3: Sha3): string {
  decodeAddress(sha3, rootAddress, "rootAddress");
  return identityIdOf(checkKind(kind), rootAddress, sha3);
}

/** A new identity document; `metadata` appears only when given. @throws malformed */
export function createIdentityDocument(fields: DocumentFields, sha3: Sha3): TotemIdentityDocument {
  const { kind, rootAddress, controllerAddress, createdAt, metadata } = fields;
  decodeAddress(sha3, controllerAddress, "controllerAddress");
  if (metadata !== undefined) canonicalJson(metadata, "metadata");
  return {
    id: computeIdentityId(kind, rootAddress, sha3),
    kind,
    version: VERSION,
    rootAddress,
    controllerAddress,
    createdAt: checkMoment(createdAt, "createdAt"),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

/**
 * Checks a document from outside, the id against kind and root above all: whoever changes the root
 * of an unsigned document would otherwise take the identity over.
 * @throws malformed, id-mismatch
 */
export function checkIdentityDocument(value: unknown, sha3: Sha3): TotemIdentityDocument {
  canonicalJson(value, "document"); // no getters, no depth, nothing outside of JSON
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw malformed("document", "not an object");
  const fields = value as Readonly<Record<string, unknown>>;
  if (fields["version"] !== VERSION) throw malformed("document.version", "not 1");
  const kind = checkKind(fields["kind"]);
  const rootAddress = fields["rootAddress"] as string;
  decodeAddress(sha3, rootAddress, "document.rootAddress");
  decodeAddress(sha3, fields["controllerAddress"] as string, "document.controllerAddress");
  checkMoment(fields["createdAt"], "document.createdAt");
  const { metadata } = fields;
  if (metadata !== undefined && (typeof metadata !== "object" || metadata === null))
    throw malformed("document.metadata", "not an object");
  if (fields["id"] !== identityIdOf(kind, rootAddress, sha3))
    throw new LatchkeyError("id-mismatch", {
      message: "the document's id is not the hash of its kind and root",
    });
  return value as TotemIdentityDocument;
}
