import type { CryptoProvider } from "../protocol/crypto/provider.ts";
import {
  fingerprintCode,
  fingerprintGroups,
  nodeFingerprint,
} from "../protocol/node/fingerprint.ts";
import { type QrCode, qrCode } from "./qr-code.ts";

/** A node's public key in the forms in which a display shows it. Made once: it takes a while. */
export interface KeyLabel {
  readonly fingerprint: string;
  /** The fingerprint in lines of eight digits. */
  readonly lines: readonly string[];
  readonly qr: QrCode;
}

export function keyLabel(crypto: CryptoProvider, nodePk: Uint8Array): KeyLabel {
  const fingerprint = nodeFingerprint(crypto, nodePk);
  const groups = fingerprintGroups(fingerprint);
  const lines = [0, 2, 4, 6].map((at) => groups.slice(at, at + 2).join(" "));
  return { fingerprint, lines, qr: qrCode(fingerprintCode(fingerprint)) };
}

/** The label of one node, made when it is first asked for. */
export class LazyKeyLabel {
  readonly #crypto: CryptoProvider;
  #label: KeyLabel | undefined;

  constructor(crypto: CryptoProvider) {
    this.#crypto = crypto;
  }

  /** `undefined` as long as there is no key. */
  of(nodePk: Uint8Array | undefined): KeyLabel | undefined {
    if (nodePk !== undefined) this.#label ??= keyLabel(this.#crypto, nodePk);
    return this.#label;
  }
}
