import type { Sha3 } from "../crypto/sha3.ts";
import { fromHex } from "../encoding/hex.ts";
import { malformed } from "../errors.ts";
import { computeManifestId } from "./manifest-form.ts";
import type { EdgeServiceManifest, SignedManifest } from "./manifest-types.ts";

/** What a firmware image is. */
export interface FirmwareFacts {
  /** Which board and program: a word. An image for another product is refused. */
  readonly product: string;
  /** For people. */
  readonly version: string;
  /** Rises when an older image must not come back; an installed one is never replaced by less. */
  readonly securityVersion: number;
  /** SHA-256 of the image, 64 lower-case digits: what the chip's ROM and tools compute too. */
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  /** The lowest version of the bootloader that can start it. */
  readonly minBootloader: number;
}

/** A manifest of the reference's kind `edge-service` with our member `firmware`. */
export interface FirmwareManifest extends EdgeServiceManifest {
  readonly firmware: FirmwareFacts;
}

/** The service type by which a manifest says that it carries {@link FirmwareFacts}. */
export const FIRMWARE_SERVICE_TYPE = "latchkey-firmware";
/** The flash of a Pico 2 W, and far more than half of it. */
const MAX_IMAGE_SIZE = 4 * 1024 * 1024;
const MAX_VERSION = 0xffffffff;
const WORD = /^[a-z0-9][a-z0-9.-]{0,63}$/;
const HASH = /^[0-9a-f]{64}$/;

function checkVersionNumber(value: unknown, field: string): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < 0 || value > MAX_VERSION)
    throw malformed(field, "not an unsigned 32-bit integer");
  return value;
}

/** Checks what a manifest says of its image. @throws malformed */
export function checkFirmwareFacts(value: unknown): FirmwareFacts {
  if (typeof value !== "object" || value === null) throw malformed("firmware", "not an object");
  const { product, version, securityVersion, sha256, size, minBootloader } = value as Readonly<
    Record<string, unknown>
  >;
  if (typeof product !== "string" || !WORD.test(product))
    throw malformed("firmware.product", "not a word of a-z, 0-9, dot and hyphen");
  if (typeof version !== "string" || !/^[\x20-\x7e]{1,64}$/.test(version))
    throw malformed("firmware.version", "not 1 to 64 printable characters");
  if (typeof sha256 !== "string" || !HASH.test(sha256))
    throw malformed("firmware.sha256", "not 64 lower-case hexadecimal digits");
  if (typeof size !== "number" || !Number.isInteger(size) || size < 1 || size > MAX_IMAGE_SIZE)
    throw malformed("firmware.size", `not 1 to ${MAX_IMAGE_SIZE}`);
  return {
    ...{ product, version, sha256, size },
    securityVersion: checkVersionNumber(securityVersion, "firmware.securityVersion"),
    minBootloader: checkVersionNumber(minBootloader, "firmware.minBootloader"),
  };
}

export interface FirmwareManifestFields {
  readonly facts: FirmwareFacts;
  /** Who signs it: either address of the signer. */
  readonly operatorAddress: string;
  readonly description?: string;
  /** Unix milliseconds; absent: no end. */
  readonly expiresAt?: number;
}

/** The manifest of an image, to be signed with the domain `latchkey/v1/firmware`. @throws malformed */
export function createFirmwareManifest(
  fields: FirmwareManifestFields,
  sha3: Sha3,
): FirmwareManifest {
  const facts = checkFirmwareFacts(fields.facts);
  const { product, version } = facts;
  const { operatorAddress, description = `Firmware ${version} for ${product}` } = fields;
  const manifest: FirmwareManifest = {
    ...{ type: "edge-service", serviceId: "", name: product, version, operatorAddress },
    ...{ serviceType: FIRMWARE_SERVICE_TYPE, description, capabilities: [], tags: [] },
    ...(fields.expiresAt === undefined ? {} : { expiresAt: fields.expiresAt }),
    firmware: facts,
  };
  return { ...manifest, serviceId: computeManifestId(manifest, sha3) };
}

/**
 * What a signed manifest says of its image; the reference's members must say the same.
 * @throws malformed
 */
export function firmwareFactsOf({ manifest }: SignedManifest): FirmwareFacts {
  if (manifest.type !== "edge-service" || manifest.serviceType !== FIRMWARE_SERVICE_TYPE)
    throw malformed("manifest", "not of a firmware image");
  const facts = checkFirmwareFacts((manifest as FirmwareManifest).firmware);
  if (facts.product !== manifest.name || facts.version !== manifest.version)
    throw malformed("firmware", "names another product or version than its manifest");
  return facts;
}

/** The image's hash as bytes. */
export function imageHash({ sha256 }: FirmwareFacts): Uint8Array {
  return fromHex(sha256, "firmware.sha256");
}
