import type { Sha3 } from "../crypto/sha3.ts";
import { fromHex } from "../encoding/hex.ts";
import { LatchkeyError, malformed, toLatchkeyError } from "../errors.ts";
import { addressesOf, type KeyAddresses } from "./address.ts";
import { type CanonicalParts, canonicalParts, digestOfText } from "./canonical-json.ts";
import { claimIdOf } from "./claim.ts";
import { readTag } from "./domain-tag.ts";
import { hasSignedClaimForm } from "./guards.ts";
import type { IdentityClaim, IdentityVerifyResult, SignedIdentityClaim } from "./identity-types.ts";
import {
  allFit,
  answerAtOnce,
  type Inquiry,
  type RestingWork,
  type SignatureQuestion,
} from "./inquiry.ts";
import { fromKeyHex } from "./key-hex.ts";
import { questionsOfTree, TREE_SIGNATURE_LENGTH } from "./tree-proof.ts";
import { WOTS_KEY_LENGTH, WOTS_SIGNATURE_LENGTH, type WotsQuestion } from "./wots.ts";

export interface VerifyClaimOptions {
  readonly sha3: Sha3;
  /** Refuses claims without our domain tag, such as all of the reference's. */
  readonly requireDomain?: boolean;
}

/** A claim whose form, id and addresses are right; only its signature has not been computed. */
export interface ParsedClaim {
  readonly claim: IdentityClaim;
  readonly digest: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly addresses: KeyAddresses;
  /** Upper-case hexadecimal; decoded when it is verified, since most never are. */
  readonly signature: string;
  /** Whether the key may sign more than once. */
  readonly isTree: boolean;
}

const TREE_DIGITS = 2 * TREE_SIGNATURE_LENGTH;

/** The one spelling of a signature, of a one-time key or of a tree. @throws malformed */
function spellSignature(text: string, field: string): string {
  const digits = text.startsWith("0x") ? text.slice(2) : text;
  if (digits.length !== 2 * WOTS_SIGNATURE_LENGTH && digits.length !== TREE_DIGITS)
    throw malformed(field, `needs ${WOTS_SIGNATURE_LENGTH} or ${TREE_SIGNATURE_LENGTH} bytes`);
  if (!/^[0-9A-Fa-f]*$/.test(digits)) throw malformed(field, "not hexadecimal");
  return digits.toUpperCase();
}

/** Digits that are decoded between two rests. */
const DIGITS_PER_TURN = 1024;

function* decoded(digits: string): RestingWork<Uint8Array> {
  const bytes = new Uint8Array(digits.length / 2);
  for (let at = 0; at < digits.length; at += DIGITS_PER_TURN) {
    bytes.set(fromHex(digits.slice(at, at + DIGITS_PER_TURN)), at / 2);
    yield;
  }
  return bytes;
}

/** The bytes of a signature, of a one-time key or of a tree. @throws malformed */
export function* readSignature(text: string, field: string): RestingWork<Uint8Array> {
  return yield* decoded(spellSignature(text, field));
}

/**
 * What has to fit if a signature of either kind is to: one one-time signature, or three;
 * `undefined` when it cannot, be it that the lowest is known not to.
 */
function questionsOf(
  sha3: Sha3,
  { publicKey, message, signature }: WotsQuestion,
  isFutile: (lowest: WotsQuestion) => boolean = () => false,
): SignatureQuestion[] | undefined {
  if (signature.length === TREE_SIGNATURE_LENGTH)
    return questionsOfTree(sha3, publicKey, message, signature, isFutile);
  const question = { publicKey, message, signature, isShared: false };
  return isFutile(question) ? undefined : [question];
}

/** Whether a signature of either kind fits. */
export function* isSignedBy(
  sha3: Sha3,
  publicKey: Uint8Array,
  digest: Uint8Array,
  signature: Uint8Array,
): Inquiry<boolean> {
  const questions = questionsOf(sha3, { publicKey, message: digest, signature });
  return questions !== undefined && (yield* allFit(questions));
}

/** A signed claim, and the texts of the claim in it. @throws malformed */
function readForm(value: unknown): { signed: SignedIdentityClaim; texts: CanonicalParts } {
  let texts: CanonicalParts | undefined;
  try {
    texts = canonicalParts(value, "claim");
  } catch {
    // Told below: an object that is not plain is no claim.
  }
  if (texts === undefined || !hasSignedClaimForm(value))
    throw malformed("claim", "not a signed identity claim");
  return { signed: value, texts };
}

/**
 * Everything that can be checked for the price of a dozen hashes.
 * @throws malformed, id-mismatch, domain-mismatch, signer-mismatch
 */
export function parseSignedClaim(
  value: unknown,
  { sha3, requireDomain = false }: VerifyClaimOptions,
): ParsedClaim {
  const { signed, texts } = readForm(value);
  const { claim, proof } = signed;
  const tagged = claim as unknown as Readonly<Record<string, unknown>>;
  readTag(tagged, ["latchkey/v1/claim"], requireDomain);
  if (claim.id !== claimIdOf((name) => texts.members.get(name)!, sha3))
    throw new LatchkeyError("id-mismatch", {
      message: "the claim's id is not the hash of its content",
    });
  const publicKey = fromKeyHex(proof.publicKey, WOTS_KEY_LENGTH, "proof.publicKey");
  const addresses = addressesOf(sha3, publicKey);
  if (proof.address !== addresses.claim)
    throw new LatchkeyError("signer-mismatch", {
      message: "the proof's address is not the one of its public key",
    });
  const signature = spellSignature(proof.signature, "proof.signature");
  const digest = digestOfText(sha3, texts.text);
  const isTree = signature.length === TREE_DIGITS;
  return { claim, digest, publicKey, addresses, signature, isTree };
}

/** The same of a parsed claim. */
export function* questionsOfClaim(
  sha3: Sha3,
  { publicKey, digest, signature }: ParsedClaim,
  isFutile?: (lowest: WotsQuestion) => boolean,
): RestingWork<SignatureQuestion[] | undefined> {
  const asked = { publicKey, message: digest, signature: yield* decoded(signature) };
  return questionsOf(sha3, asked, isFutile);
}

/** Whether the signature of a parsed claim fits. */
function* isSigned(sha3: Sha3, parsed: ParsedClaim): Inquiry<boolean> {
  const questions = yield* questionsOfClaim(sha3, parsed);
  return questions !== undefined && (yield* allFit(questions));
}

/** An answer with a code in place of an exception. */
export function refusal(error: unknown): { code: LatchkeyError["code"]; reason: string } {
  const { code, message } = toLatchkeyError(error);
  return { code, reason: message };
}

/**
 * Whether a claim says what its key signed. It does **not** say that the signer is the issuer or
 * had any authority: that is what `resolveIdentityGraph` decides. Never throws on foreign input.
 */
export function verifyIdentityClaim(
  signed: unknown,
  options: VerifyClaimOptions,
): IdentityVerifyResult {
  try {
    const parsed = parseSignedClaim(signed, options);
    const signerAddress = parsed.addresses.claim;
    if (answerAtOnce(isSigned(options.sha3, parsed), options.sha3))
      return { valid: true, signerAddress };
    const { code, reason } = refusal(new LatchkeyError("signature-invalid"));
    return { valid: false, code, reason, signerAddress };
  } catch (error) {
    return { valid: false, ...refusal(error) };
  }
}
