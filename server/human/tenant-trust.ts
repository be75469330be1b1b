import { LatchkeyError } from "../../protocol/errors.ts";
import { type IssuerAnchor, IssuerTrust } from "../../protocol/human/credential/issuer-trust.ts";
import type { StatusReference } from "../../protocol/human/credential/status-reference.ts";
import { CREDENTIAL_TYPES } from "../../protocol/human/credential/types.ts";
import type { Compression } from "../../protocol/human/status/compression.ts";
import { StatusChecker } from "../../protocol/human/status/status-checker.ts";
import type { IssuerBook, KnownBook } from "./issuer-book.ts";
import type { RegistryContext } from "./person.ts";

export interface TrustOptions extends RegistryContext {
  /** Absent: no list can be published, and no other issuer's be read. */
  readonly compression?: Compression;
  /** Gets another issuer's list at an https URL; absent: none can be got. */
  readonly fetchList?: (uri: string) => Promise<string>;
}

/** Whose invitations count at the doors of a zone. */
export interface DoorTrust {
  /** The tenant's own issuer first. */
  readonly issuers: readonly string[];
  readonly trust: IssuerTrust;
}

/** Whom a tenant believes, as of one revision of its book. */
export class TenantTrust {
  /** What others need to trust the tenant as an issuer; nothing secret. */
  readonly anchor: IssuerAnchor;
  /** The tenant itself, and nobody else. */
  readonly trust: IssuerTrust;
  readonly book: IssuerBook;
  readonly revision: number;
  readonly #options: TrustOptions;
  readonly #doors = new Map<string, DoorTrust>();
  readonly #statuses: StatusChecker | undefined;

  constructor(options: TrustOptions, anchor: IssuerAnchor, { book, revision }: KnownBook) {
    this.#options = options;
    this.anchor = anchor;
    this.book = book;
    this.revision = revision;
    this.trust = new IssuerTrust(options.human, [anchor]);
    this.#statuses = this.#checker();
  }

  /** For one zone: an issuer who is trusted with another has no business here. */
  door(zone: string): DoorTrust {
    const known = this.#doors.get(zone);
    if (known !== undefined) return known;
    const { vct } = CREDENTIAL_TYPES.doorVisitor;
    const others = this.book.trusted.filter(
      ({ zones, types }) => zones.includes(zone) && types.includes(vct),
    );
    const anchors = others.map(({ issuer, certificate, types }) => ({
      ...{ issuer, certificate, types },
    }));
    const made = {
      issuers: [this.anchor.issuer, ...new Set(others.map(({ issuer }) => issuer))],
      trust: new IssuerTrust(this.#options.human, [this.anchor, ...anchors]),
    };
    this.#doors.set(zone, made);
    return made;
  }

  /**
   * That an issuer may still invite into a zone, and that nothing has changed in whom the tenant
   * believes since its credential was verified. @throws issuer-untrusted
   */
  checkBelieved(issuer: string, zone: string, revision: number): void {
    const believed = revision === this.revision && this.door(zone).issuers.includes(issuer);
    if (!believed) throw new LatchkeyError("issuer-untrusted");
  }

  /** Whether another issuer's credential is good now. @throws as `StatusChecker.check` */
  async checkStatus(issuer: string, status: StatusReference, nowUnix: number): Promise<void> {
    if (this.#statuses === undefined) throw new LatchkeyError("status-unavailable");
    await this.#statuses.check({ issuer, status }, nowUnix);
  }

  #checker(): StatusChecker | undefined {
    const { human: crypto, compression, fetchList } = this.#options;
    if (compression === undefined || fetchList === undefined) return undefined;
    const { trusted } = this.book;
    const hosts = trusted.map(({ statusHost }) => statusHost);
    const trust = new IssuerTrust(crypto, trusted);
    return new StatusChecker({ crypto, compression, trust, hosts, fetchList });
  }
}
