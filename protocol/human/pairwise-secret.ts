import { hkdf } from "../crypto/hkdf.ts";
import type { HumanCrypto } from "../crypto/p256.ts";
import { Secret } from "../crypto/secret.ts";
import { concat, uintBE } from "../encoding/bytes.ts";
import { toUtf8 } from "../encoding/utf8.ts";
import { malformed } from "../errors.ts";
import { p256Thumbprint } from "./jose/p256-jwk.ts";
import { keyFromMaterial, SCALAR_MATERIAL_BYTES } from "./scalar.ts";

const SALT = "latchkey/v1/pairwise";
const INFO = "latchkey/v1/pairwise/p256";
const GENERATION_MAX = 0xffff_ffff;

export const PERSONAS = ["work", "personal", "anonymous"] as const;
/** In which role a person meets a verifier. One person's roles have nothing in common. */
export type Persona = (typeof PERSONAS)[number];

/** Where an identifier is used: it is another one as soon as one of these differs. */
export interface PairwiseContext {
  readonly persona: Persona;
  /** The verifier's sector: a host in lower case (`sectorHost`), never a certificate's hash. */
  readonly sector: string;
  /** 0 at first; raised when the secret was on a device that was stolen. */
  readonly generation: number;
}

/** Two bytes of length, so that no two lists of fields read alike. */
function prefixed(text: string): Uint8Array {
  const bytes = toUtf8(text);
  return concat(uintBE(bytes.length, 2), bytes);
}

/** Labels of letters, digits and inner hyphens, in lower case (RFC 1123 §2.1). */
function isHost(text: string): boolean {
  const labels = text.split(".");
  const good = (label: string): boolean =>
    label.length <= 63 && /^[a-z0-9-]+$/.test(label) && !/^-|-$/.test(label);
  return text.length <= 253 && labels.every(good);
}

function checkContext({ persona, sector, generation }: PairwiseContext): void {
  if (!PERSONAS.includes(persona)) throw malformed("persona", `not one of ${PERSONAS.join(", ")}`);
  if (!isHost(sector)) throw malformed("sector", "not a host in lower case");
  if (!Number.isSafeInteger(generation) || generation < 0 || generation > GENERATION_MAX)
    throw malformed("generation", "not an unsigned integer of 32 bits");
}

/**
 * The sector of a verifier from its URL or host (OIDC Core §8.1): the host alone, in lower case,
 * without a port or a final dot. Of one spelling, because two would split one person in two.
 * International names are taken in their ASCII form (xn--…) only.
 * @throws malformed
 */
export function sectorHost(verifier: string): string {
  const [, host = ""] =
    /^(?:https:\/\/)?([^/?#@:\\]+)(?::\d{1,5})?(?:[/?#].*)?$/.exec(verifier) ?? [];
  const lower = host.toLowerCase().replace(/\.$/, "");
  if (!isHost(lower)) throw malformed("sector", "not an https URL or a host");
  return lower;
}

/**
 * What a person's pairwise identifiers are derived from. It lives on the person's devices: whoever
 * has it can compute the identifiers, but no credential is bound to keys that come out of it.
 */
export class PairwiseSecret {
  readonly #crypto: HumanCrypto;
  readonly #secret: Secret;

  /** Takes the 32 bytes over. */
  constructor(crypto: HumanCrypto, secret: Uint8Array) {
    this.#crypto = crypto;
    this.#secret = new Secret(secret, 32, "pairwise");
  }

  /**
   * `did:lastid:<thumbprint>`, 54 characters: who the person is to this verifier, in this role.
   * An OpenID `sub` of the person is the same string.
   */
  did(context: PairwiseContext): string {
    return this.#with(context, (_, publicKey) => didOf(this.#crypto, publicKey));
  }

  /**
   * Signs a statement by the key that names the identifier and controls it: which device keys may
   * speak for it. Daily signatures are those device keys'.
   */
  sign(context: PairwiseContext, message: Uint8Array): Uint8Array {
    return this.#with(context, (privateKey) => this.#crypto.p256Sign(privateKey, message));
  }

  /** The public key that the identifier is the thumbprint of, 65 bytes. */
  publicKey(context: PairwiseContext): Uint8Array {
    return this.#with(context, (_, publicKey) => publicKey);
  }

  /** The 32 bytes, to be wrapped for a device's store. Not a copy. */
  get secret(): Secret {
    return this.#secret;
  }

  wipe(): void {
    this.#secret.wipe();
  }

  #with<T>(context: PairwiseContext, use: (privateKey: Uint8Array, publicKey: Uint8Array) => T): T {
    checkContext(context);
    const { persona, sector, generation } = context;
    const info = concat(prefixed(INFO), prefixed(persona), prefixed(sector), uintBE(generation, 4));
    const material = hkdf(
      this.#crypto,
      this.#secret.bytes,
      toUtf8(SALT),
      info,
      SCALAR_MATERIAL_BYTES,
    );
    const { privateKey, publicKey } = keyFromMaterial(this.#crypto, material);
    try {
      return use(privateKey, publicKey);
    } finally {
      privateKey.fill(0);
    }
  }
}

const DID_PREFIX = "did:lastid:";

/** The identifier that a key names (RFC 7638 thumbprint, 43 characters of base64url). */
export function didOf(crypto: Pick<HumanCrypto, "sha256">, publicKey: Uint8Array): string {
  return DID_PREFIX + p256Thumbprint(crypto, publicKey);
}

/** Whether a text has the form of an identifier of ours; says nothing of its being known. */
export function isDid(text: string): boolean {
  return /^did:lastid:[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$/.test(text);
}
