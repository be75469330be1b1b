import { fromBase64, toBase64 } from "../../encoding/base64.ts";
import { malformed } from "../../errors.ts";

/** Labels of RFC 7468; OpenSSL reads a list only under `X509 CRL` (§6). */
export type PemLabel = "CERTIFICATE" | "CERTIFICATE REQUEST" | "X509 CRL";

/** DER as text with lines of 64 characters (RFC 7468 §2). */
export function toPem(label: PemLabel, der: Uint8Array): string {
  const lines = toBase64(der).match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

/** The inverse: exactly one block, of lines of any length. @throws malformed */
export function fromPem(label: PemLabel, text: string): Uint8Array {
  const pattern = new RegExp(
    `^\\s*-----BEGIN ${label}-----([A-Za-z0-9+/=\\s]*)-----END ${label}-----\\s*$`,
  );
  const [, body] = pattern.exec(text) ?? [];
  if (body === undefined) throw malformed("pem", `not one block of ${label}`);
  return fromBase64(body.replaceAll(/\s/g, ""), "pem");
}
