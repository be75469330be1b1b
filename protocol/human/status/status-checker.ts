import type { HumanVerifier } from "../../crypto/p256.ts";
import { LatchkeyError } from "../../errors.ts";
import type { IssuerTrust } from "../credential/issuer-trust.ts";
import type { VerifiedCredential } from "../credential/verify.ts";
import { STATUS } from "./bit-array.ts";
import type { Compression } from "./compression.ts";
import { readStatusList, type StatusList } from "./token-status-list.ts";

/** Lists that are kept. */
const LISTS_MAX = 64;

export interface StatusCheckerOptions {
  readonly crypto: HumanVerifier;
  readonly compression: Compression;
  /** A list is signed by the issuer of the credential, under the same anchors. */
  readonly trust: IssuerTrust;
  /** Hosts, with a port if it is not 443, that may be asked. */
  readonly hosts: readonly string[];
  /** Gets the text at an https URL, without following redirects to other hosts. */
  readonly fetchList: (uri: string) => Promise<string>;
  /**
   * What to do when a list is due and cannot be fetched: refuse (`closed`), or go on with the old
   * one until it expires, as a reader does that may be offline.
   */
  readonly offline?: "closed" | "until-expiry";
}

interface Kept {
  readonly list: StatusList;
  readonly fetchedAt: number;
}

/** Looks up the status of credentials that were verified. */
export class StatusChecker {
  readonly #options: StatusCheckerOptions;
  /** By issuer and address. */
  readonly #kept = new Map<string, Kept>();

  constructor(options: StatusCheckerOptions) {
    this.#options = options;
  }

  /**
   * Resolves if the credential is valid, or has no status. Takes a credential that was verified,
   * because asking an address that a stranger wrote into a forgery is an attack on whoever is
   * behind it (Token Status List §8.3).
   * @throws credential-revoked, credential-suspended, status-host-refused, status-unavailable,
   *   status-index-invalid and the codes of `readStatusList`
   */
  async check(
    { status, issuer }: Pick<VerifiedCredential, "status" | "issuer">,
    nowUnix: number,
  ): Promise<void> {
    if (status === undefined) return;
    this.#checkHost(status.uri);
    const { statuses } = await this.#list(status.uri, issuer, nowUnix);
    const value = statuses.get(status.index);
    if (value === STATUS.suspended) throw new LatchkeyError("credential-suspended");
    // A value with no meaning here is no good news either.
    if (value !== STATUS.valid) throw new LatchkeyError("credential-revoked");
  }

  #checkHost(uri: string): void {
    const [, host] = /^https:\/\/([a-z0-9.-]+(?::\d{1,5})?)\/[!-~]*$/.exec(uri) ?? [];
    if (host === undefined || !this.#options.hosts.includes(host))
      throw new LatchkeyError("status-host-refused");
  }

  async #list(uri: string, issuer: string, nowUnix: number): Promise<StatusList> {
    const name = `${issuer} ${uri}`;
    const kept = this.#kept.get(name);
    if (kept !== undefined && this.#isFresh(kept, nowUnix)) return kept.list;
    let token: string;
    try {
      token = await this.#options.fetchList(uri);
    } catch (cause) {
      const usable = kept !== undefined && nowUnix < kept.list.expiresAt;
      if (usable && this.#options.offline === "until-expiry") return kept.list;
      throw new LatchkeyError("status-unavailable", { cause });
    }
    const list = this.#read(token, uri, issuer, nowUnix);
    // An older list would take a revocation back.
    if (kept !== undefined && list.issuedAt < kept.list.issuedAt)
      throw new LatchkeyError("status-list-expired");
    if (this.#kept.size >= LISTS_MAX) this.#kept.delete(this.#kept.keys().next().value!);
    this.#kept.set(name, { list, fetchedAt: nowUnix });
    return list;
  }

  #isFresh({ list, fetchedAt }: Kept, nowUnix: number): boolean {
    const { ttlSeconds, expiresAt } = list;
    return nowUnix >= fetchedAt && nowUnix < fetchedAt + ttlSeconds && nowUnix < expiresAt;
  }

  #read(token: string, uri: string, issuer: string, nowUnix: number): StatusList {
    const { crypto, compression, trust } = this.#options;
    return readStatusList(crypto, token, {
      ...{ uri, nowUnix, compression },
      issuerKey: ({ header }) => trust.keyOf(header, issuer, nowUnix),
    });
  }
}
