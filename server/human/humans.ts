import { nobleHuman } from "../../protocol/crypto/noble-p256.ts";
import type { HumanCrypto } from "../../protocol/crypto/p256.ts";
import type { CryptoProvider } from "../../protocol/crypto/provider.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { issueCredential } from "../../protocol/human/credential/issue.ts";
import type { CredentialType } from "../../protocol/human/credential/types.ts";
import type { Persona } from "../../protocol/human/pairwise-secret.ts";
import type { StatusPurpose } from "../../protocol/human/status/bitstring-status-list.ts";
import type { JsonValue } from "../../protocol/json/reader.ts";
import type { StatusPlace } from "../store/humans.ts";
import { unixSeconds } from "../wall-clock.ts";
import { distrustIssuer, rotateIssuerKey, trustIssuer, withdrawIssuerKey } from "./issuer-admin.ts";
import { type KnownBook, openBook, type TrustedIssuer } from "./issuer-book.ts";
import { HumanRegistry } from "./registry.ts";
import { withRegistryKeys } from "./registry-keys.ts";
import { allocatePlace, bitstringToken, statusListToken, statusListUri } from "./status-lists.ts";
import { type TenantIssuer, tenantIssuer } from "./tenant-issuer.ts";
import { TenantTrust, type TrustOptions } from "./tenant-trust.ts";

export interface HumansOptions extends TrustOptions {
  /** Where status lists are published: a host. */
  readonly host: string;
}

/** What a tenant certifies of somebody. */
export interface CredentialOrder {
  readonly type: CredentialType;
  readonly persona: Persona;
  readonly claims: Readonly<Record<string, JsonValue>>;
  /** 65 bytes. */
  readonly holderKey: Uint8Array;
  /** The holder's identifier here, if the registry knows it: the credential goes with the device. */
  readonly subject?: string;
  readonly lifetimeDays: number;
}

export interface IssuedCredential {
  readonly sdJwt: string;
  /** By which it is suspended or revoked. */
  readonly place: StatusPlace;
}

const TENANTS_MAX = 256;

/** People, for all tenants of a server: registries, issuers, statuses. */
export class Humans {
  readonly #options: HumansOptions;
  readonly #trusts = new Map<string, TenantTrust>();

  constructor(options: HumansOptions) {
    this.#options = options;
  }

  registry(tenantId: string): HumanRegistry {
    return new HumanRegistry(this.#options, tenantId);
  }

  /** Whom the tenant believes, itself first, as its book says now. @throws tenant-unknown */
  trustOf(tenantId: string): Promise<TenantTrust> {
    return this.#withIssuer(tenantId, async ({ book, revision }, own) => {
      const known = this.#trusts.get(tenantId);
      if (known?.revision === revision) return known;
      const made = new TenantTrust(this.#options, own().anchor, { book, revision });
      this.#trusts.delete(tenantId);
      if (this.#trusts.size >= TENANTS_MAX) this.#trusts.delete(this.#trusts.keys().next().value!);
      this.#trusts.set(tenantId, made);
      return made;
    });
  }

  /** See `trustIssuer`. */
  async trustIssuer(tenantId: string, order: Omit<TrustedIssuer, "addedAt">, by: string) {
    const { anchor } = await this.trustOf(tenantId);
    await trustIssuer(this.#options, tenantId, order, { own: anchor.issuer, by });
  }

  /** See `distrustIssuer`. */
  distrustIssuer(tenantId: string, issuer: string, by: string): Promise<undefined> {
    return distrustIssuer(this.#options, tenantId, issuer, by);
  }

  /** See `rotateIssuerKey`. */
  rotateIssuerKey(tenantId: string, by: string): Promise<number> {
    return rotateIssuerKey(this.#options, tenantId, by);
  }

  /** See `withdrawIssuerKey`. */
  withdrawIssuerKey(tenantId: string, number: number, by: string): Promise<undefined> {
    return withdrawIssuerKey(this.#options, tenantId, number, by);
  }

  /**
   * Issues a credential of the tenant, with a status.
   * @throws credential-claim-invalid, did-unknown, registry-full, tenant-unknown
   */
  issue(tenantId: string, order: CredentialOrder): Promise<IssuedCredential> {
    const { human: crypto, random, clock, host } = this.#options;
    return this.#asIssuer(tenantId, async ({ issuer }) => {
      const place = await allocatePlace(this.#options, tenantId);
      const uri = statusListUri(host, tenantId, place.list);
      const sdJwt = await issueCredential({ crypto, random }, issuer, {
        ...order,
        status: { uri, index: place.index },
        nowUnix: unixSeconds(clock),
      });
      const { subject: did, holderKey } = order;
      if (did !== undefined)
        await this.registry(tenantId).noteCredential({ did, holderKey }, place);
      return { sdJwt, place };
    });
  }

  /** @param by stays in the audit log. @throws status-index-invalid for one that stays revoked */
  async setStatus(tenantId: string, place: StatusPlace, value: number, by: string): Promise<void> {
    const { records, clock } = this.#options;
    const data = { ...place, value, by };
    const entry = { tenantId, at: unixSeconds(clock), kind: "credential-status", data };
    if (!(await records.setStatus(tenantId, place, value, entry)))
      throw new LatchkeyError("status-index-invalid");
  }

  /** A list as it is published: `statuslist+jwt`, or for W3C readers of one purpose. */
  statusList(tenantId: string, list: number, purpose?: StatusPurpose): Promise<string> {
    const { host, compression } = this.#options;
    if (compression === undefined) throw new LatchkeyError("not-found");
    const published = { tenantId, list, uri: statusListUri(host, tenantId, list) };
    return this.#asIssuer(tenantId, (own) =>
      purpose === undefined
        ? statusListToken(this.#options, own, published, compression)
        : bitstringToken(this.#options, own, published, purpose, compression),
    );
  }

  #asIssuer<T>(tenantId: string, use: (own: TenantIssuer) => Promise<T>): Promise<T> {
    return this.#withIssuer(tenantId, (_known, own) => use(own()));
  }

  /** Lends the tenant's book, and its issuer to whoever asks for it, which takes signatures. */
  #withIssuer<T>(
    tenantId: string,
    use: (known: KnownBook, own: () => TenantIssuer) => Promise<T>,
  ): Promise<T> {
    return withRegistryKeys(this.#options, tenantId, async (keys) => {
      const known = await openBook(this.#options, tenantId, keys);
      let own: TenantIssuer | undefined;
      try {
        return await use(known, () => {
          own ??= tenantIssuer(this.#options.human, keys, known.book);
          return own;
        });
      } finally {
        own?.wipe();
      }
    });
  }
}

/** What people's keys need beside a provider: P-256 in JavaScript. */
export function humanCryptoOver({ sha256, hmacSha256 }: CryptoProvider): HumanCrypto {
  return { ...nobleHuman, sha256, hmacSha256 };
}

/** How the audit log and the rules call a visitor: by the credential, and nothing else. */
export function visitorName({ list, index }: StatusPlace): string {
  return `visitor:${list}-${toHex(Uint8Array.of(index >> 16, (index >> 8) & 255, index & 255))}`;
}
