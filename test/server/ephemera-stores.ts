import { randomBytes } from "node:crypto";
import type { Context } from "mocha";
import { Secret } from "../../protocol/crypto/secret.ts";
import { nodeCrypto } from "../../server/node-crypto.ts";
import type { Ephemera, StoredChallenge, StoredSession } from "../../server/store/ephemera.ts";
import { MemoryEphemera } from "../../server/store/memory-ephemera.ts";
import { RedisEphemera } from "../../server/store/redis/redis-ephemera.ts";
import { systemRandom } from "../../server/system-random.ts";
import { Vault } from "../../server/vault.ts";
import { needRedis, REDIS_URL } from "../support/services.ts";

/** Unix seconds of every clock here. */
export const NOW = 1000;
export const clock = { unixMs: () => NOW * 1000 };

export function vaultOf(byte: number, ...others: number[]): Vault {
  const [key, ...rest] = [byte, ...others].map((n) => new Secret(new Uint8Array(32).fill(n)));
  return new Vault(nodeCrypto, systemRandom, key!, rest);
}

export interface ScratchEphemera {
  /** As one replica; all are closed with the store. */
  open(options?: { challengesMax?: number; vault?: Vault }): Promise<Ephemera>;
  drop(): Promise<void>;
}

export interface EphemeraKind {
  readonly name: string;
  /** Whether another replica sees the same. */
  readonly shared: boolean;
  make(test: Context): Promise<ScratchEphemera>;
}

async function inMemory(): Promise<ScratchEphemera> {
  const opened: Ephemera[] = [];
  return {
    async open({ challengesMax } = {}) {
      const store = new MemoryEphemera(challengesMax === undefined ? {} : { challengesMax });
      opened.push(store);
      return store;
    },
    async drop() {
      for (const store of opened) await store.close();
    },
  };
}

export const redisPrefix = (): string => `test-${randomBytes(6).toString("hex")}`;

async function inRedis(test: Context): Promise<ScratchEphemera> {
  const redis = await needRedis(test);
  const prefix = redisPrefix();
  const opened: Ephemera[] = [];
  return {
    async open({ vault = vaultOf(1), ...rest } = {}) {
      const url = `${REDIS_URL}?prefix=${prefix}`;
      const store = await RedisEphemera.open({ url, vault, clock, ...rest });
      opened.push(store);
      return store;
    },
    async drop() {
      for (const store of opened) await store.close();
      const keys = await redis.keys(`${prefix}:*`);
      if (keys.length > 0) await redis.del(...keys);
      redis.disconnect();
    },
  };
}

/** Every adapter there is for `Ephemera`. */
export const EPHEMERA_STORES: readonly EphemeraKind[] = [
  { name: "memory", shared: false, make: inMemory },
  { name: "Redis", shared: true, make: inRedis },
];

export function challenge(challengeId: string, change: Partial<StoredChallenge> = {}) {
  return {
    ...{ challengeId, kind: "badge", tenantId: "t", nodeUid: "n", badgeUid: undefined },
    ...{ nonce: new Uint8Array(32).fill(3), ephemeral: undefined, expiresAt: NOW + 55 },
    ...change,
  } as StoredChallenge;
}

export function session(sid: string, change: Partial<StoredSession> = {}): StoredSession {
  const material = new Uint8Array(104).fill(0x5e);
  const times = { expiresAt: NOW + 900, endsAt: NOW + 5000 };
  return { sid, tenantId: "t", nodeUid: "n", material, ...times, ...change };
}
