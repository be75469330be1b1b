import type { CryptoProvider } from "../crypto/provider.ts";
import { toBase64Url } from "../encoding/base64.ts";
import { equalBytes } from "../encoding/bytes.ts";
import { transcript } from "../encoding/transcript.ts";
import { LatchkeyError } from "../errors.ts";
import { encodeNdefFile, encodeNdefMessage, uriRecord } from "../nfc/ndef.ts";
import {
  afterPath,
  type BadgeFile,
  type BadgeLink,
  base64Field,
  checkBadgeHost,
  damaged,
  hexField,
  notOurs,
  parseBadgeUrl,
  urlOfFile,
} from "./link.ts";

/**
 * The NDEF file of a badge of the profile `sealed`: a link without a payload, which lies in the
 * chip's file 03. With `n` the length of the host name:
 *
 *     offset  bytes  content
 *          0      7  as in link.ts; NLEN = 68 + n
 *          7      n  host
 *        7+n      5  "/s?k="
 *       12+n      4  tenant mark, base64url of 3 bytes
 *       16+n      3  "&e="
 *       19+n     32  PICCENCData  <- the chip, at PICCDataOffset
 *       51+n      3  "&c="
 *       54+n     16  SDMMAC       <- the chip, at SDMMACOffset
 *       70+n
 */
export interface SealedBadgeLink {
  readonly profile: "sealed";
  /** 3 bytes; see {@link sealedTenantMark}. */
  readonly tenantMark: Uint8Array;
  /** PICCENCData, 16 bytes. */
  readonly picc: Uint8Array;
  /** SDMMAC, 8 bytes. */
  readonly cmac: Uint8Array;
}

/** A badge of the profile `open`: everything is in the link. */
export interface OpenBadgeLink extends BadgeLink {
  readonly profile: "open";
}

/** Where a badge's payload is: in its link, or in the chip's protected file. */
export type BadgeProfile = "open" | "sealed";

const MARK_BYTES = 3;
const MARK_CHARS = 4;
const PATH = "/s?k=";
const PICC_FIELD = "&e=";
const PICC_CHARS = 32;
const MAC_FIELD = "&c=";
const MAC_CHARS = 16;

/**
 * What stands for a tenant on its sealed badges: 3 bytes of a hash of its identifier. No secret
 * and no proof. It spares the chip of a stranger an authentication that must fail, which it would
 * count against its key.
 */
export function sealedTenantMark(crypto: CryptoProvider, tenantId: string): Uint8Array {
  return crypto.sha256(transcript("latchkey/v1/badge/tenant", tenantId)).slice(0, MARK_BYTES);
}

/** @throws tenant-mismatch */
export function checkTenantMark(
  crypto: CryptoProvider,
  tenantId: string,
  { tenantMark }: SealedBadgeLink,
): void {
  if (equalBytes(sealedTenantMark(crypto, tenantId), tenantMark)) return;
  throw new LatchkeyError("tenant-mismatch", { message: "The badge names another tenant." });
}

/** The length of the file for a host; see `badgeFileLength`. */
export function sealedFileLength(host: string): number {
  return 70 + host.length;
}

/**
 * The NDEF file, with zeros where the chip will put its SDM data.
 * @throws config-invalid when the host cannot be used
 */
export function buildSealedFile(input: {
  readonly host: string;
  readonly tenantMark: Uint8Array;
}): BadgeFile {
  const { host, tenantMark } = input;
  if (tenantMark.length !== MARK_BYTES)
    throw new RangeError(`badge: a tenant mark of ${tenantMark.length} bytes`);
  checkBadgeHost(host);
  const untilPicc = `https://${host}${PATH}${toBase64Url(tenantMark)}${PICC_FIELD}`;
  const url = `${untilPicc}${"0".repeat(PICC_CHARS)}${MAC_FIELD}${"0".repeat(MAC_CHARS)}`;
  const file = encodeNdefFile(encodeNdefMessage([uriRecord(url)]));
  const piccOffset = file.length - (url.length - untilPicc.length);
  const macOffset = file.length - MAC_CHARS;
  return { file, url, piccOffset, macInputOffset: macOffset, macOffset };
}

function parseSealedRest(rest: string): SealedBadgeLink {
  const piccAt = MARK_CHARS + PICC_FIELD.length;
  const piccEnd = piccAt + PICC_CHARS;
  const macAt = piccEnd + MAC_FIELD.length;
  if (rest.slice(MARK_CHARS, piccAt) !== PICC_FIELD) throw damaged("ndef-malformed");
  if (rest.length !== macAt + MAC_CHARS || rest.slice(piccEnd, macAt) !== MAC_FIELD)
    throw damaged("sdm-malformed");
  return {
    profile: "sealed",
    tenantMark: base64Field(rest.slice(0, MARK_CHARS), MARK_BYTES),
    picc: hexField(rest.slice(piccAt, piccEnd)),
    cmac: hexField(rest.slice(macAt)),
  };
}

/** A sealed badge's link. @throws badge-not-ours, ndef-malformed, sdm-malformed */
export function parseSealedUrl(url: string): SealedBadgeLink {
  const rest = afterPath(url, PATH);
  if (rest === undefined) throw notOurs("The link on the chip is not a sealed badge's link.");
  return parseSealedRest(rest);
}

/**
 * What a reader has read, NLEN included, of a badge of either profile.
 * @throws badge-not-ours, ndef-malformed, sdm-malformed
 */
export function parseTapFile(file: Uint8Array): OpenBadgeLink | SealedBadgeLink {
  const url = urlOfFile(file);
  const rest = afterPath(url, PATH);
  return rest === undefined ? { profile: "open", ...parseBadgeUrl(url) } : parseSealedRest(rest);
}
