import type { Sha3 } from "../crypto/sha3.ts";
import { concat, equalBytes } from "../encoding/bytes.ts";
import { toHex } from "../encoding/hex.ts";
import { toUtf8 } from "../encoding/utf8.ts";
import { malformed } from "../errors.ts";
import { miniData, miniNumber } from "./minima-bytes.ts";

/**
 * Minima addresses: a script's root with a checksum, in base 32.
 *
 * One key has **two** of them, because the reference writes the script in two ways: without `0x`
 * when it signs claims, with it when it signs manifests. Both stand for the same signer here.
 */
export interface KeyAddresses {
  /** Of `RETURN SIGNEDBY(<HEX>)`: what claims are signed as. */
  readonly claim: string;
  /** Of `RETURN SIGNEDBY(0x<HEX>)`: what manifests are signed as. */
  readonly manifest: string;
}

/** Base 32 with I, L and O replaced, so that no digit is taken for another. */
const DIGITS = "0123456789ABCDEFGHWJKYMNZPQRSTUV";
const PREFIX = "Mx";
/** Version 1, type 0, length 32: then root and checksum. */
const HEADER = Object.freeze([0x01, 0x00, 0x20]);
const FRAME_LENGTH = 3 + 32 + 4;
/** 39 bytes whose first is 1 take 305 bits: 61 digits of five bits. */
const DIGIT_COUNT = 61;
const ADDRESS_LENGTH = PREFIX.length + DIGIT_COUNT;

/** The root of a one-leaf tree over `data`: what the chain calls the address of a script. */
export function leafHash(sha3: Sha3, data: Uint8Array): Uint8Array {
  const zero = miniNumber(0);
  return sha3.sha3_256(concat(zero, miniData(data), zero));
}

function frameOf(sha3: Sha3, root: Uint8Array): Uint8Array {
  return concat(Uint8Array.from(HEADER), root, sha3.sha3_256(root).subarray(0, 4));
}

/** The address of a 32-byte root: `Mx` and 61 digits. */
export function encodeAddress(sha3: Sha3, root: Uint8Array): string {
  if (root.length !== 32) throw new RangeError(`address of a root of ${root.length} bytes`);
  const frame = frameOf(sha3, root);
  let text = "";
  // Five bits at a time from the end: 312 bits, of which the first seven are zero.
  for (let i = 0; i < DIGIT_COUNT; i++) {
    const bit = 8 * FRAME_LENGTH - 5 * (i + 1);
    const at = bit >> 3;
    const pair = (frame[at]! << 8) | (frame[at + 1] ?? 0);
    text = DIGITS[(pair >> (11 - (bit & 7))) & 31]! + text;
  }
  return PREFIX + text;
}

/**
 * The 32-byte root of an address in the one form that {@link encodeAddress} gives: the reference
 * also takes lower case, spaces and leading zeros, and then compares the texts.
 * @throws malformed; `field` names it in the error.
 */
export function decodeAddress(sha3: Sha3, text: string, field = "address"): Uint8Array {
  if (typeof text !== "string" || text.length !== ADDRESS_LENGTH || !text.startsWith(PREFIX))
    throw malformed(field, "not a Minima address");
  const frame = new Uint8Array(FRAME_LENGTH);
  for (let i = 0; i < DIGIT_COUNT; i++) {
    const digit = DIGITS.indexOf(text[PREFIX.length + i]!);
    if (digit < 0) throw malformed(field, "not a Minima address");
    const bit = 7 + 5 * i;
    const at = bit >> 3;
    const pair = digit << (11 - (bit & 7));
    frame[at] = frame[at]! | (pair >> 8);
    if (at + 1 < FRAME_LENGTH) frame[at + 1] = frame[at + 1]! | (pair & 255);
  }
  const root = frame.slice(3, 35);
  if (!equalBytes(frame, frameOf(sha3, root))) throw malformed(field, "checksum mismatch");
  return root;
}

/** Whether a value is an address in its one form. */
export function isAddress(sha3: Sha3, value: unknown): value is string {
  try {
    decodeAddress(sha3, value as string);
    return true;
  } catch {
    return false;
  }
}

/** The address of a script. */
export function scriptAddress(sha3: Sha3, script: string): string {
  return encodeAddress(sha3, leafHash(sha3, toUtf8(script)));
}

/** Both addresses of a 32-byte public key, of a one-time key or of a tree. */
export function addressesOf(sha3: Sha3, publicKey: Uint8Array): KeyAddresses {
  const hex = toHex(publicKey).toUpperCase();
  return {
    claim: scriptAddress(sha3, `RETURN SIGNEDBY(${hex})`),
    manifest: scriptAddress(sha3, `RETURN SIGNEDBY(0x${hex})`),
  };
}

/** Whether an address is one of the two of a key. */
export function isAddressOf(addresses: KeyAddresses, address: string): boolean {
  return address === addresses.claim || address === addresses.manifest;
}
