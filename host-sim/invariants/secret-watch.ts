import { toBase64Url } from "../../protocol/encoding/base64.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import type { Report } from "./violation.ts";

/** Characters of a secret that are one: 80 bits in hexadecimal, 120 in base64. */
const TELLING = 20;
/** Session keys and the like come and go; so many of them are remembered. */
const SHORT_LIVED_MAX = 48;
const LONG_RUN = /[0-9A-Za-z+/_-]{20,}|\d+,\d+,\d+,\d+,\d+,|"0":\d+,"1"/;

/** The texts that a secret must not be found in, in any of the forms in which bytes get there. */
export class SecretWatch {
  readonly #report: Report;
  readonly #lasting = new Map<string, readonly string[]>();
  readonly #shortLived = new Map<string, readonly string[]>();

  constructor(report: Report) {
    this.#report = report;
  }

  /** @param lasting false for what belongs to one session */
  add(bytes: Uint8Array, lasting: boolean): void {
    const key = toHex(bytes);
    if (this.#lasting.has(key) || this.#shortLived.has(key)) return;
    (lasting ? this.#lasting : this.#shortLived).set(key, formsOf(bytes, key));
    for (const oldest of this.#shortLived.keys()) {
      if (this.#shortLived.size <= SHORT_LIVED_MAX) break;
      this.#shortLived.delete(oldest);
    }
  }

  look(where: string, text: string): void {
    if (text.length < TELLING || !LONG_RUN.test(text)) return;
    for (const forms of [...this.#lasting.values(), ...this.#shortLived.values()])
      for (const form of forms)
        if (text.includes(form)) {
          this.#report("secret-told", `${where} tells a secret: ${text.slice(0, 16)}…`);
          return;
        }
  }
}

function formsOf(bytes: Uint8Array, hex: string): readonly string[] {
  const url = toBase64Url(bytes).slice(0, TELLING);
  const plain = url.replaceAll("-", "+").replaceAll("_", "/");
  const head = [...bytes.slice(0, 6)];
  const entries = head.map((byte, i) => `"${i}":${byte}`).join(",");
  const upper = hex.slice(0, TELLING).toUpperCase();
  return [hex.slice(0, TELLING), upper, url, plain, `${head.join(",")},`, entries];
}
