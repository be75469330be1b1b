import { hkdf } from "../../protocol/crypto/hkdf.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import { concat } from "../../protocol/encoding/bytes.ts";
import { transcript } from "../../protocol/encoding/transcript.ts";
import { fromUtf8, toUtf8 } from "../../protocol/encoding/utf8.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { type JsonObject, type JsonReader, parseObject } from "../../protocol/json/reader.ts";
import type { ServiceContext } from "../context.ts";
import { openTenantKey, sealTenantKey } from "../tenant-keys.ts";

export type KeyContext = Pick<ServiceContext, "records" | "vault" | "crypto" | "random">;

/** What a row is about; HMACs of different kinds are never alike. */
export type RowKind = "account" | "identifier" | "issuers" | "invitations";

const SALT = toUtf8("latchkey/v1/human-registry");
const NONCE_BYTES = 12;
/** Rows come in this size, or a multiple: their length does not tell how much a person has. */
const PAD_BYTES = 2048;
const LIMITS = Object.freeze({ length: 4 * 1024 * 1024, depth: 8 });

/**
 * Finds and seals the rows of one tenant's registry. Whoever has the database alone can tell
 * neither who a row is about nor which rows belong to one person.
 */
export class RegistryKeys {
  readonly #context: KeyContext;
  readonly #tenantId: string;
  readonly #master: Secret;
  readonly #index: Secret;
  readonly #seal: Secret;

  /** Takes the master key over. */
  constructor(context: KeyContext, tenantId: string, master: Secret) {
    this.#context = context;
    this.#tenantId = tenantId;
    this.#master = master;
    this.#index = new Secret(this.derive("index", 32), 32);
    this.#seal = new Secret(this.derive("seal", 32), 32);
  }

  /** Under which a row is found; 32 bytes. */
  indexOf(kind: RowKind, name: string): Uint8Array {
    const place = transcript("latchkey/v1/human-index", this.#tenantId, kind, name);
    return this.#context.crypto.hmacSha256(this.#index.bytes, place);
  }

  /** Nonce and cipher text; the row's place is authenticated, so that rows cannot be exchanged. */
  seal(kind: RowKind, index: Uint8Array, value: JsonObject): Uint8Array {
    const { crypto, random } = this.#context;
    const text = toUtf8(JSON.stringify(value));
    const plain = new Uint8Array(Math.ceil(text.length / PAD_BYTES) * PAD_BYTES).fill(0x20);
    plain.set(text);
    const nonce = random.bytes(NONCE_BYTES);
    const sealed = crypto.aesGcmSeal(this.#seal.bytes, nonce, this.#place(kind, index), plain);
    text.fill(0);
    plain.fill(0);
    return concat(nonce, sealed);
  }

  /** @throws storage-corrupt */
  open(kind: RowKind, index: Uint8Array, sealed: Uint8Array): JsonReader {
    const [nonce, body] = [sealed.subarray(0, NONCE_BYTES), sealed.subarray(NONCE_BYTES)];
    const place = this.#place(kind, index);
    const plain = this.#context.crypto.aesGcmOpen(this.#seal.bytes, nonce, place, body);
    if (plain === undefined) throw new LatchkeyError("storage-corrupt");
    try {
      return parseObject(fromUtf8(plain, "row"), "row", LIMITS);
    } finally {
      plain.fill(0);
    }
  }

  /** A key for one purpose; the caller wipes it. */
  derive(purpose: string, length: number): Uint8Array {
    return hkdf(this.#context.crypto, this.#master.bytes, SALT, purpose, length);
  }

  wipe(): void {
    for (const key of [this.#master, this.#index, this.#seal]) key.wipe();
  }

  #place(kind: RowKind, index: Uint8Array): Uint8Array {
    return transcript("latchkey/v1/human-row", this.#tenantId, kind, index);
  }
}

/** The tenant's keys, made the first time. @throws tenant-unknown */
async function openRegistryKeys(context: KeyContext, tenantId: string): Promise<RegistryKeys> {
  const { records, random, vault } = context;
  if ((await records.tenantKey(tenantId, "human")) === undefined) {
    if ((await records.tenant(tenantId)) === undefined) throw new LatchkeyError("tenant-unknown");
    const key = random.bytes(32);
    // False when another one was faster: then that one's is the key.
    await records.addTenantKey(
      ...([tenantId, "human", sealTenantKey(context, tenantId, "human", key), vault.id] as const),
    );
    key.fill(0);
  }
  return new RegistryKeys(context, tenantId, await openTenantKey(context, tenantId, "human"));
}

/** Lends the tenant's keys to `use` and wipes them when it has ended. @throws tenant-unknown */
export async function withRegistryKeys<T>(
  context: KeyContext,
  tenantId: string,
  use: (keys: RegistryKeys) => Promise<T>,
): Promise<T> {
  const keys = await openRegistryKeys(context, tenantId);
  try {
    return await use(keys);
  } finally {
    keys.wipe();
  }
}
