import { hkdf } from "../crypto/hkdf.ts";
import type { HumanCrypto } from "../crypto/p256.ts";
import { Secret } from "../crypto/secret.ts";
import { transcript } from "../encoding/transcript.ts";
import { toUtf8 } from "../encoding/utf8.ts";
import { LatchkeyError, malformed } from "../errors.ts";
import { isPlainText } from "../json/reader.ts";
import { mnemonicSeed, readMnemonic } from "./mnemonic.ts";
import { PairwiseSecret } from "./pairwise-secret.ts";
import { type DerivedKey, keyFromMaterial, SCALAR_MATERIAL_BYTES } from "./scalar.ts";
import { commonName, fingerprint, keyIdOf, makeCertificate } from "./x509/certificate.ts";
import { DEVICE_REQUEST, readCsr, readCsrOf } from "./x509/csr.ts";
import {
  authorityKeyId,
  basicConstraints,
  KEY_USAGE,
  keyUsage,
  subjectKeyId,
} from "./x509/extensions.ts";
import { writeSpki } from "./x509/public-key.ts";
import { NO_EXPIRY_UNIX } from "./x509/time.ts";

/** HKDF's salt and the purposes. They are part of every identity ever made: never changed. */
const SALT = "latchkey/v1";
const ROOT_INFO = "root/p256";
const PAIRWISE_INFO = "pairwise/secret";

/** Everything in the root certificate but the key is constant, so that words give one root. */
const ROOT_NAME = "Latchkey human root";
/** 2020-01-01T00:00:00Z: before any device could be delegated. */
const ROOT_NOT_BEFORE = 1_577_836_800;
const ROOT_SERIAL = 1;
const NAME_MAX = 64;

/** The words and, if its owner chose one, the passphrase. */
export interface RootWords {
  readonly mnemonic: string;
  readonly passphrase?: string;
}

export interface Validity {
  /** Unix seconds; no expiry when absent. */
  readonly notBefore: number;
  readonly notAfter?: number;
}

/**
 * A person's root key, lent: it works inside the callback of `withRoot` only and signs nothing but
 * certificates. Its identifier is the SHA-256 fingerprint of its public key.
 */
export class RootIdentity {
  readonly #crypto: HumanCrypto;
  readonly #key: Secret;
  readonly #pairwise: Secret;
  readonly publicKey: Uint8Array;

  /** Takes both over. Called by `withRoot`. */
  constructor(crypto: HumanCrypto, key: DerivedKey, pairwise: Secret) {
    this.#crypto = crypto;
    this.#key = new Secret(key.privateKey, 32);
    this.#pairwise = pairwise;
    this.publicKey = key.publicKey;
  }

  /** 64 hexadecimal digits. */
  get id(): string {
    return fingerprint(this.#crypto, this.publicKey);
  }

  /** The self-signed certificate: the same bytes from the same words, always and everywhere. */
  certificate(): Uint8Array {
    const id = keyIdOf(this.#crypto, this.publicKey);
    return makeCertificate(
      {
        serial: Uint8Array.of(ROOT_SERIAL),
        issuer: commonName(ROOT_NAME),
        subject: commonName(ROOT_NAME),
        notBefore: ROOT_NOT_BEFORE,
        notAfter: NO_EXPIRY_UNIX,
        publicKey: this.publicKey,
        extensions: [
          basicConstraints(true),
          keyUsage(KEY_USAGE.certSign | KEY_USAGE.crlSign),
          subjectKeyId(id),
          authorityKeyId(id), // RFC 5280 lets it be left out; OpenSSL's strict mode likes it
        ],
      },
      (message) => this.#sign(message),
    );
  }

  /**
   * Delegates to a device: a certificate for the key of its request. The name is the owner's, one
   * line of at most 64 characters (RFC 5280 A.1); what the request asks for counts for nothing.
   * @throws csr-invalid, malformed (`name`)
   */
  delegateDevice(csr: Uint8Array, name: string, validity: Validity): Uint8Array {
    if (name.length === 0 || name.length > NAME_MAX || !isPlainText(name))
      throw malformed("name", `not one line of at most ${NAME_MAX} characters`);
    const publicKey = this.#foreign(readCsr(this.#crypto, csr));
    return this.#issue(publicKey, commonName(name), KEY_USAGE.digitalSignature, validity);
  }

  /**
   * Delegates revocation, once, at enrolment: this key may sign the lists of revoked devices, and
   * nothing else, so that the words stay in their drawer. It bears the root's own name, as
   * RFC 5280 §5.1.1 allows, which makes its lists the root's.
   * @param registry the tenant that asks: its request must bear its id, or else a registry could
   *   pass on another's request and enrol the person there. Absent for a key of the person's own.
   * @throws csr-invalid
   */
  delegateRevocation(csr: Uint8Array, validity: Validity, registry = DEVICE_REQUEST): Uint8Array {
    const publicKey = this.#foreign(readCsrOf(this.#crypto, csr, registry));
    return this.#issue(publicKey, commonName(ROOT_NAME), KEY_USAGE.crlSign, validity);
  }

  /**
   * The secret from which pairwise identifiers are made. It goes to the person's devices, wrapped
   * by their hardware, and signs nothing. The caller wipes it.
   */
  pairwiseSecret(): PairwiseSecret {
    return new PairwiseSecret(this.#crypto, this.#pairwise.bytes.slice());
  }

  /** Called by `withRoot`; the identity is of no use afterwards. */
  wipe(): void {
    this.#key.wipe();
    this.#pairwise.wipe();
  }

  #sign(message: Uint8Array): Uint8Array {
    return this.#crypto.p256Sign(this.#key.bytes, message);
  }

  /** The key of a request, which may not be the root's own. */
  #foreign(publicKey: Uint8Array): Uint8Array {
    if (fingerprint(this.#crypto, publicKey) === this.id)
      throw new LatchkeyError("csr-invalid", { message: "The request is for the root's own key." });
    return publicKey;
  }

  #issue(
    publicKey: Uint8Array,
    subject: Uint8Array,
    usage: number,
    { notBefore, notAfter = NO_EXPIRY_UNIX }: Validity,
  ): Uint8Array {
    const crypto = this.#crypto;
    const spki = writeSpki(publicKey);
    // Unique per certificate, and no counter to keep: the root remembers nothing.
    const facts = transcript("latchkey/v1/serial", spki, subject, usage, notBefore, notAfter);
    return makeCertificate(
      {
        serial: crypto.sha256(facts).slice(0, 16),
        issuer: commonName(ROOT_NAME),
        subject,
        notBefore,
        notAfter,
        publicKey,
        extensions: [
          basicConstraints(false),
          keyUsage(usage),
          subjectKeyId(keyIdOf(crypto, publicKey)),
          authorityKeyId(keyIdOf(crypto, this.publicKey)),
        ],
      },
      (message) => this.#sign(message),
    );
  }
}

function deriveRoot(crypto: HumanCrypto, { mnemonic, passphrase }: RootWords): RootIdentity {
  const seed = mnemonicSeed(readMnemonic(mnemonic), passphrase);
  try {
    const salt = toUtf8(SALT);
    const material = hkdf(crypto, seed.bytes, salt, ROOT_INFO, SCALAR_MATERIAL_BYTES);
    const pairwise = new Secret(hkdf(crypto, seed.bytes, salt, PAIRWISE_INFO, 32));
    return new RootIdentity(crypto, keyFromMaterial(crypto, material), pairwise);
  } finally {
    seed.wipe();
  }
}

/**
 * Lends the root of the words to `use` and wipes it when that returns, or throws. `use` is
 * synchronous: a promise would let the key live as long as it pleases. (The words themselves are
 * text, which JavaScript cannot wipe; callers keep them in no variable that lasts.)
 * @throws mnemonic-word-unknown, mnemonic-invalid, and what `use` throws
 * @example withRoot(crypto, { mnemonic }, (root) => root.certificate());
 */
export function withRoot<T>(
  crypto: HumanCrypto,
  words: RootWords,
  use: (root: RootIdentity) => T,
): T {
  const root = deriveRoot(crypto, words);
  try {
    const result = use(root);
    if (result instanceof Promise) throw new TypeError("withRoot: the callback must not wait");
    return result;
  } finally {
    root.wipe();
  }
}
