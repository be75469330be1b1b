import type { CryptoProvider } from "../../protocol/crypto/provider.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import type { SecretWatch } from "./secret-watch.ts";
import type { Report } from "./violation.ts";

/** Pairs of key and nonce that are remembered: those of the last sessions. */
const PAIRS_MAX = 4_096;

/**
 * A provider that sees what the node computes with: learns its secrets, so that they are known
 * wherever they turn up, and finds a nonce that serves twice under one key.
 */
export class CryptoWatch {
  readonly #sealed = new Map<string, string>();
  #secrets: SecretWatch | undefined;
  #report: Report | undefined;
  readonly crypto: CryptoProvider;

  constructor(inner: CryptoProvider) {
    this.crypto = this.#watching(inner);
  }

  /** What was learnt before is not looked for: watch before the first boot. */
  watch(secrets: SecretWatch, report: Report): void {
    this.#secrets = secrets;
    this.#report = report;
  }

  #watching(inner: CryptoProvider): CryptoProvider {
    return Object.freeze<CryptoProvider>({
      ...inner,
      sha256: (message) => inner.sha256(message),
      hmacSha256: (key, message) => inner.hmacSha256(key, message),
      aesEncryptBlock: (key, block) => inner.aesEncryptBlock(key, block),
      aesCbcEncrypt: (key, iv, plain) => inner.aesCbcEncrypt(key, iv, plain),
      aesCbcDecrypt: (key, iv, cipher) => inner.aesCbcDecrypt(key, iv, cipher),
      aesGcmSeal: (key, nonce, aad, plain) => {
        const sealed = inner.aesGcmSeal(key, nonce, aad, plain);
        this.#secrets?.add(key, false);
        this.#use(`${toHex(key)} ${toHex(nonce)}`, toHex(sealed));
        return sealed;
      },
      aesGcmOpen: (key, nonce, aad, sealed) => inner.aesGcmOpen(key, nonce, aad, sealed),
      ed25519PublicKey: (seed) => {
        this.#secrets?.add(seed, true);
        return inner.ed25519PublicKey(seed);
      },
      ed25519Sign: (seed, message) => {
        this.#secrets?.add(seed, true);
        return inner.ed25519Sign(seed, message);
      },
      ed25519Verify: (key, message, signature) => inner.ed25519Verify(key, message, signature),
      x25519PublicKey: (privateKey) => inner.x25519PublicKey(privateKey),
      x25519: (privateKey, publicKey) => {
        this.#secrets?.add(privateKey, false);
        const shared = inner.x25519(privateKey, publicKey);
        if (shared !== undefined) this.#secrets?.add(shared, false);
        return shared;
      },
    });
  }

  #use(pair: string, sealed: string): void {
    const before = this.#sealed.get(pair);
    // The same bytes again give nothing away.
    if (before !== undefined && before !== sealed)
      this.#report?.("nonce-once", "two messages were sealed with one key and nonce");
    this.#sealed.set(pair, sealed);
    for (const oldest of this.#sealed.keys()) {
      if (this.#sealed.size <= PAIRS_MAX) break;
      this.#sealed.delete(oldest);
    }
  }
}
