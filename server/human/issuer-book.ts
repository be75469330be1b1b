import { toBase64Url } from "../../protocol/encoding/base64.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import type { JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import type { RegistryContext } from "./person.ts";
import type { RegistryKeys } from "./registry-keys.ts";
import { changeTenantRow, openTenantRow, type TenantRowChange } from "./tenant-row.ts";

/** Keys that a tenant's issuer has had, and anchors that a tenant trusts. */
export const ISSUER_KEYS_MAX = 100;
export const TRUSTED_MAX = 64;

const LIST_MAX = 64;
/** 2026-01-01, so that the first certificates are the same whenever they are made. */
const FIRST_KEY: IssuerKey = Object.freeze({ number: 1, addedAt: 1_767_225_600 });

/** A key with which a tenant signs credentials: derived, so that only its number is kept. */
export interface IssuerKey {
  readonly number: number;
  /** Unix seconds. */
  readonly addedAt: number;
  /** From then on nothing counts that it has signed. */
  readonly withdrawnAt?: number;
}

/** Somebody else whose invitations a tenant takes. */
export interface TrustedIssuer {
  /** The `iss` of the credentials, a URL or a DID. */
  readonly issuer: string;
  /** DER of the anchor that it is mapped to. */
  readonly certificate: Uint8Array;
  /** `vct`s. */
  readonly types: readonly string[];
  readonly zones: readonly string[];
  /** Where its status lists are. */
  readonly statusHost: string;
  /** Unix seconds. */
  readonly addedAt: number;
}

/** Who issues for a tenant, and whom else it believes. */
export interface IssuerBook {
  /** Ascending; the last one signs. */
  readonly keys: readonly IssuerKey[];
  readonly trusted: readonly TrustedIssuer[];
}

export interface KnownBook {
  readonly book: IssuerBook;
  /** Counts the changes; 0 before the first. */
  readonly revision: number;
}

/** Serial number of a key's certificate; that of the anchor above is 1. */
export const keySerial = ({ number }: IssuerKey): Uint8Array => Uint8Array.of(number + 1);

const words = (row: JsonReader, name: string): string[] =>
  row.array(name, { max: LIST_MAX }).map(String);

function readBook(row: JsonReader): IssuerBook {
  return {
    keys: row.objects("keys", { max: ISSUER_KEYS_MAX }).map((key) => {
      const withdrawnAt = key.optionalUint("withdrawn_at");
      const known = { number: key.uint("number"), addedAt: key.uint("added_at") };
      return { ...known, ...(withdrawnAt !== undefined && { withdrawnAt }) };
    }),
    trusted: row.objects("trusted", { max: TRUSTED_MAX }).map((one) => ({
      issuer: one.string("issuer", { max: 2048 }),
      certificate: one.bytes("certificate", { min: 1, max: 8192 }),
      ...{ types: words(one, "types"), zones: words(one, "zones") },
      statusHost: one.string("status_host"),
      addedAt: one.uint("added_at"),
    })),
  };
}

function writeBook({ keys, trusted }: IssuerBook): JsonObject {
  return { keys: keys.map(keyMember), trusted: trusted.map(trustedMember) };
}

function keyMember({ number, addedAt, withdrawnAt }: IssuerKey): JsonObject {
  const withdrawn = withdrawnAt === undefined ? {} : { withdrawn_at: withdrawnAt };
  return { number, added_at: addedAt, ...withdrawn };
}

/** With the serial number of its certificate, by which verifiers know it. */
export function keyListed(key: IssuerKey): JsonObject {
  return { ...keyMember(key), serial: toHex(keySerial(key)) };
}

export function trustedMember(one: TrustedIssuer): JsonObject {
  const { issuer, certificate, types, zones, statusHost, addedAt } = one;
  const where = { types, zones, status_host: statusHost };
  return { issuer, certificate: toBase64Url(certificate), ...where, added_at: addedAt };
}

const bookIn = (body: JsonReader | undefined): IssuerBook =>
  body === undefined ? { keys: [FIRST_KEY], trusted: [] } : readBook(body);

/** The book as it is now. @throws storage-corrupt */
export async function openBook(
  context: RegistryContext,
  tenantId: string,
  keys: RegistryKeys,
): Promise<KnownBook> {
  const { body, revision } = await openTenantRow(context, tenantId, keys, "issuers");
  return { book: bookIn(body), revision };
}

export interface BookChange<T> extends Omit<TenantRowChange<T>, "body"> {
  readonly book: IssuerBook;
}

/** Changes the book. @throws conflict, tenant-unknown, and what `step` throws */
export function changeBook<T>(
  context: RegistryContext,
  tenantId: string,
  step: (book: IssuerBook) => BookChange<T>,
): Promise<T> {
  return changeTenantRow(context, tenantId, "issuers", (body) => {
    const { book, ...said } = step(bookIn(body));
    return { ...said, body: writeBook(book) };
  });
}
