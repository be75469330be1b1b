import { nobleHuman } from "../../protocol/crypto/noble-p256.ts";
import type { HumanCrypto } from "../../protocol/crypto/p256.ts";
import type { CryptoProvider } from "../../protocol/crypto/provider.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { issueCredential } from "../../protocol/human/credential/issue.ts";
import { type IssuerAnchor, IssuerTrust } from "../../protocol/human/credential/issuer-trust.ts";
import type { CredentialType } from "../../protocol/human/credential/types.ts";
import type { Persona } from "../../protocol/human/pairwise-secret.ts";
import type { StatusPurpose } from "../../protocol/human/status/bitstring-status-list.ts";
import type { Compression } from "../../protocol/human/status/compression.ts";
import type { JsonValue } from "../../protocol/json/reader.ts";
import type { StatusPlace } from "../store/humans.ts";
import { unixSeconds } from "../wall-clock.ts";
import type { RegistryContext } from "./person.ts";
import { HumanRegistry } from "./registry.ts";
import { withRegistryKeys } from "./registry-keys.ts";
import { allocatePlace, bitstringToken, statusListToken, statusListUri } from "./status-lists.ts";
import { type TenantIssuer, tenantIssuer } from "./tenant-issuer.ts";

export interface HumansOptions extends RegistryContext {
  /** Where status lists are published: a host. */
  readonly host: string;
  /** Absent: no list can be published. */
  readonly compression?: Compression;
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

/** What a tenant trusts: itself. */
interface TenantTrust {
  readonly anchor: IssuerAnchor;
  readonly trust: IssuerTrust;
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

  /** What others need to trust the tenant as an issuer; nothing secret. @throws tenant-unknown */
  async trustOf(tenantId: string): Promise<TenantTrust> {
    const known = this.#trusts.get(tenantId);
    if (known !== undefined) return known;
    const anchor = await this.#asIssuer(tenantId, async (own) => own.anchor);
    const made = { anchor, trust: new IssuerTrust(this.#options.human, [anchor]) };
    if (this.#trusts.size >= TENANTS_MAX) this.#trusts.delete(this.#trusts.keys().next().value!);
    this.#trusts.set(tenantId, made);
    return made;
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
    return withRegistryKeys(this.#options, tenantId, async (keys) => {
      const own = tenantIssuer(this.#options.human, keys);
      try {
        return await use(own);
      } finally {
        own.wipe();
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
