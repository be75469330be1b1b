import { checkAudience } from "../protocol/application/back-end-request.ts";
import { fromHex } from "../protocol/encoding/hex.ts";
import { uuidToBytes } from "../protocol/encoding/uuid.ts";
import { LatchkeyError } from "../protocol/errors.ts";
import type { KeyStore } from "./identity-key.ts";
import type { SdkPlatform } from "./web-platform.ts";

/** What an application is told when it is written. Nothing of it is secret. */
export interface ApplicationOptions {
  /** The Latchkey server: `https://id.example`. */
  readonly serverUrl: string;
  readonly tenantId: string;
  /** The server's Ed25519 keys, 64 hexadecimal digits each: answers by no other are believed. */
  readonly serverKeys: readonly string[];
  /** The back end that requests are for, by the name that its token was issued for. */
  readonly audience: string;
  readonly keys: KeyStore;
  /** One-time token, where the tenant's policy asks for one. */
  readonly enrolToken?: string;
  /** How long one request may take; 10 s when absent. */
  readonly timeoutMs?: number;
  /** What the platform gives when absent. */
  readonly platform?: SdkPlatform;
}

function invalid(field: string, message: string): LatchkeyError {
  return new LatchkeyError("config-invalid", {
    message: `${field}: ${message}`,
    detail: { field },
  });
}

/** `http` is for this machine only: names, sizes and enrolment tokens would be readable. */
function checkUrl(text: string, field: string): string {
  if (!URL.canParse(text)) throw invalid(field, "not an address");
  const { protocol, hostname } = new URL(text);
  const local = ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
  if (protocol !== "https:" && !(protocol === "http:" && local))
    throw invalid(field, "https, or http to this machine");
  return text.endsWith("/") ? text.slice(0, -1) : text;
}

/** The options, checked, with the keys as bytes. @throws config-invalid */
export function checkOptions(options: ApplicationOptions) {
  const { serverKeys, tenantId, audience } = options;
  const keys = serverKeys.map((key) => fromHex(key, "serverKeys"));
  if (keys.length === 0 || keys.some((key) => key.length !== 32))
    throw invalid("serverKeys", "at least one, of 64 hexadecimal digits");
  uuidToBytes(tenantId, "tenantId");
  return {
    serverUrl: checkUrl(options.serverUrl, "serverUrl"),
    serverKeys: keys,
    tenantId,
    audience: checkAudience(audience),
    timeoutMs: options.timeoutMs ?? 10_000,
  };
}
