import { toBase64Url } from "../../protocol/encoding/base64.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import type { RevokedSerial } from "../../protocol/human/x509/crl.ts";
import type { JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import type { StatusPlace } from "../store/humans.ts";

/** Devices, and identifiers, of one person. */
export const DEVICES_MAX = 64;
export const IDENTIFIERS_MAX = 2000;
/** Keys that speak for one identifier, live or not, and credentials bound to one key. */
export const KEYS_MAX = 64;
export const CREDENTIALS_MAX = 256;

const DER = { min: 1, max: 8192 };
const CRL = { min: 1, max: 256 * 1024 };

/** A device that the root delegated to. */
export interface RegisteredDevice {
  /** Hexadecimal. */
  readonly serial: string;
  readonly certificate: Uint8Array;
}

/** What the root signed, and the last list of revoked devices. */
export interface Enrolment {
  readonly root: Uint8Array;
  readonly revoker: Uint8Array;
  readonly crl: Uint8Array;
  readonly crlNumber: number;
  /** Unix seconds. */
  readonly crlAt: number;
}

/** A person, as only the registry knows it. */
export interface HumanAccount {
  /** 64 hexadecimal digits. */
  readonly rootId: string;
  /** Private, 32 bytes: born here, delegated once, signs lists and nothing else. */
  readonly revocationKey: Uint8Array;
  /** Absent until the root has answered. */
  readonly enrolment?: Enrolment;
  readonly revoked: readonly RevokedSerial[];
  /** Of the person's pairwise identifiers: raised when a device was stolen. */
  readonly generation: number;
  readonly devices: readonly RegisteredDevice[];
  /** Its `did:lastid`s. */
  readonly identifiers: readonly string[];
}

/** A key that a device said speaks for an identifier. */
export interface IdentifierKey {
  /** Serial number of the device's certificate. */
  readonly serial: string;
  /** The statement; it proves itself. */
  readonly delegation: string;
  /** Statuses of credentials that are bound to the key. */
  readonly credentials: readonly StatusPlace[];
}

export interface HumanIdentifier {
  readonly did: string;
  readonly rootId: string;
  readonly keys: readonly IdentifierKey[];
}

export function writeAccount(account: HumanAccount): JsonObject {
  const { rootId, revocationKey, enrolment, revoked, generation, devices, identifiers } = account;
  return {
    ...{ root_id: rootId, generation, identifiers },
    revocation_key: toBase64Url(revocationKey),
    ...(enrolment !== undefined && {
      enrolment: {
        root: toBase64Url(enrolment.root),
        revoker: toBase64Url(enrolment.revoker),
        crl: toBase64Url(enrolment.crl),
        crl_number: enrolment.crlNumber,
        crl_at: enrolment.crlAt,
      },
    }),
    revoked: revoked.map(({ serial, at, reason }) => ({ serial: toHex(serial), at, reason })),
    devices: devices.map(({ serial, certificate }) => ({
      serial,
      certificate: toBase64Url(certificate),
    })),
  };
}

/** @throws malformed, which no row of ours is */
export function readAccount(row: JsonReader): HumanAccount {
  const enrolment = row.optionalObject("enrolment");
  return {
    rootId: row.string("root_id"),
    revocationKey: row.bytes("revocation_key", 32),
    ...(enrolment !== undefined && {
      enrolment: {
        root: enrolment.bytes("root", DER),
        revoker: enrolment.bytes("revoker", DER),
        crl: enrolment.bytes("crl", CRL),
        crlNumber: enrolment.uint("crl_number"),
        crlAt: enrolment.uint("crl_at"),
      },
    }),
    revoked: row.objects("revoked", { max: DEVICES_MAX }).map((one) => ({
      serial: fromHex(one.string("serial"), "serial"),
      at: one.uint("at"),
      reason: one.uint("reason"),
    })),
    generation: row.uint("generation"),
    devices: row.objects("devices", { max: DEVICES_MAX }).map((one) => ({
      serial: one.string("serial"),
      certificate: one.bytes("certificate", DER),
    })),
    identifiers: row.array("identifiers", { max: IDENTIFIERS_MAX }).map(String),
  };
}

export function writeIdentifier({ did, rootId, keys }: HumanIdentifier): JsonObject {
  return {
    ...{ did, root_id: rootId },
    keys: keys.map(({ serial, delegation, credentials }) => ({
      ...{ serial, delegation },
      credentials: credentials.map(({ list, index }) => ({ list, index })),
    })),
  };
}

/** @throws malformed, which no row of ours is */
export function readIdentifier(row: JsonReader): HumanIdentifier {
  return {
    did: row.string("did"),
    rootId: row.string("root_id"),
    keys: row.objects("keys", { max: KEYS_MAX }).map((one) => ({
      serial: one.string("serial"),
      delegation: one.string("delegation", { max: 4096 }),
      credentials: one
        .objects("credentials", { max: CREDENTIALS_MAX })
        .map((place) => ({ list: place.uint("list"), index: place.uint("index") })),
    })),
  };
}
