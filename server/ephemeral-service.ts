import { Secret } from "../protocol/crypto/secret.ts";
import type { Sha3 } from "../protocol/crypto/sha3.ts";
import type { Log, Random, Timer } from "../protocol/platform.ts";
import type { ApplicationOptions } from "./application/application-options.ts";
import type { Limits } from "./limits.ts";
import type { BrokerOptions } from "./mqtt/broker-options.ts";
import { nodeCompression } from "./node-compression.ts";
import { nodeCrypto } from "./node-crypto.ts";
import { nodeHuman } from "./node-p256.ts";
import { createService, type Service } from "./service.ts";
import { signingKeys } from "./signing-keys.ts";
import { silentLog } from "./silent-log.ts";
import { MemoryEphemera } from "./store/memory-ephemera.ts";
import type { Records } from "./store/records.ts";
import { openSqliteRecords } from "./store/sqlite-records.ts";
import { systemRandom } from "./system-random.ts";
import { Vault } from "./vault.ts";
import { systemClock, type WallClock } from "./wall-clock.ts";

export interface EphemeralOptions {
  /** The machine's when absent. */
  readonly clock?: WallClock;
  /** The operating system's when absent; a seeded one makes every answer repeatable. */
  readonly random?: Random;
  readonly log?: Log;
  /** The machine's when absent. */
  readonly timer?: Timer;
  readonly limits?: Partial<Limits>;
  /** Gets another issuer's status list; absent: none is got, and its credentials do not count. */
  readonly fetchList?: (uri: string) => Promise<string>;
  readonly badgeHost?: string;
  /** Absent: no applications are served. */
  readonly applications?: ApplicationOptions;
  /** Where readings are published to; nowhere when absent. */
  readonly broker?: BrokerOptions;
  /** A database file; in memory when absent. */
  readonly databasePath?: string;
  /** In place of a file's. */
  readonly records?: Records;
  readonly sha3?: Sha3;
}

/**
 * A service in this process that leaves nothing behind, for the simulator and for tests: the same
 * handlers and the same SQL as the real one, keys made on the spot.
 */
export function createEphemeralService(options: EphemeralOptions = {}): Service {
  const { clock = systemClock, random = systemRandom, log = silentLog } = options;
  const {
    limits,
    timer,
    badgeHost,
    broker,
    applications,
    sha3,
    databasePath = ":memory:",
  } = options;
  return createService({
    records: options.records ?? openSqliteRecords(databasePath),
    ephemera: new MemoryEphemera(),
    keys: signingKeys(nodeCrypto, [new Secret(random.bytes(32))]),
    vault: new Vault(nodeCrypto, random, new Secret(random.bytes(32))),
    ...{ crypto: nodeCrypto, human: nodeHuman, compression: nodeCompression },
    clock,
    random,
    log,
    ...(sha3 && { sha3 }),
    ...(limits && { limits }),
    ...(options.fetchList && { fetchList: options.fetchList }),
    ...(timer && { timer }),
    ...(badgeHost !== undefined && { badgeHost }),
    ...(broker && { broker }),
    ...(applications && { applications }),
  });
}
