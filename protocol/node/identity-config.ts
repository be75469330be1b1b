import { Secret } from "../crypto/secret.ts";
import { uuidToBytes } from "../encoding/uuid.ts";
import { LatchkeyError } from "../errors.ts";
import type { IdentityPlatform } from "../platform.ts";
import type { IdentityListener } from "./identity-events.ts";
import { DEFAULT_RETRY, type RetryPolicy } from "./retry.ts";

/** How a node is provisioned (docs/protocol.md, Configuration). */
export interface IdentityOptions {
  /** `http://host:port/prefix`. */
  readonly baseUrl: string;
  /** `reader`, `sensor`, `gateway` …; 1 to 32 of a-z, 0-9 and hyphen. */
  readonly nodeType: string;
  /** UUID in lower case. */
  readonly tenantId: string;
  /** 32 bytes. An array is copied; a `Secret` stays the caller's. */
  readonly commKey: Secret | Uint8Array;
  /** 12 bytes. */
  readonly commIv: Uint8Array;
  /** The server's Ed25519 keys, 32 bytes each: one, or more during a change of keys. */
  readonly serverKeys: readonly Uint8Array[];
  readonly platform: IdentityPlatform;
  readonly enrolToken?: string;
  readonly retry?: Partial<RetryPolicy>;
  readonly onEvent?: IdentityListener;
  /**
   * Whether the next session is opened before the current one ends, so that no request waits for
   * it. True unless told; a node that speaks once an hour does without.
   */
  readonly keepSession?: boolean;
}

/** The options after they were checked: what is here can be trusted. */
export interface IdentityConfig {
  readonly baseUrl: string;
  readonly nodeType: string;
  readonly tenantId: string;
  /** A copy of our own, so that closing the node can wipe it. */
  readonly commKey: Secret;
  readonly commIv: Uint8Array;
  readonly serverKeys: readonly Uint8Array[];
  readonly enrolToken: string | undefined;
  readonly retry: RetryPolicy;
}

function need(good: boolean, field: string, message: string): void {
  if (!good)
    throw new LatchkeyError("config-invalid", {
      message: `${field}: ${message}`,
      detail: { field },
    });
}

function isUuid(text: string): boolean {
  try {
    return uuidToBytes(text).length === 16;
  } catch {
    return false;
  }
}

function checkRetry(retry: RetryPolicy): void {
  const { attempts, baseMs, maxMs, timeoutMs } = retry;
  need(Number.isInteger(attempts) && attempts >= 1, "retry.attempts", "must be 1 or more");
  need(baseMs >= 0 && maxMs >= baseMs && maxMs <= 3_600_000, "retry.max_ms", "out of range");
  need(timeoutMs > 0 && timeoutMs <= 600_000, "retry.timeout_ms", "must be 1 to 600000");
}

/** Checks what a node is given. @throws config-invalid, naming the field as the file spells it */
export function checkIdentityOptions(options: IdentityOptions): IdentityConfig {
  const { baseUrl, nodeType, tenantId, commKey, commIv, serverKeys, enrolToken } = options;
  need(/^https?:\/\/[^\s/?#]+(\/[^\s?#]*)?$/.test(baseUrl), "base_url", "not an HTTP address");
  need(/^[a-z0-9-]{1,32}$/.test(nodeType), "node_type", "not a word of a-z, 0-9 and hyphen");
  need(isUuid(tenantId), "tenant_id", "not a lower-case UUID");
  need(commKey.length === 32, "comm_key", "must have 32 bytes");
  need(commIv.length === 12, "comm_iv", "must have 12 bytes");
  need(serverKeys.length > 0, "server_keys", "at least one is needed");
  need(
    serverKeys.every((key) => key.length === 32),
    "server_keys",
    "must have 32 bytes each",
  );
  const tokenFits =
    enrolToken === undefined || (enrolToken.length >= 1 && enrolToken.length <= 128);
  need(tokenFits, "enrol_token", "needs 1 to 128 characters");
  const retry = { ...DEFAULT_RETRY, ...options.retry };
  checkRetry(retry);
  const commBytes = commKey instanceof Secret ? commKey.bytes : commKey;
  return {
    baseUrl: baseUrl.replace(/\/+$/, ""),
    nodeType,
    tenantId,
    commKey: new Secret(commBytes.slice()),
    commIv: commIv.slice(),
    serverKeys: serverKeys.map((key) => key.slice()),
    enrolToken,
    retry,
  };
}
