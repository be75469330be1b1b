import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { uuidFromRandom } from "../protocol/encoding/uuid.ts";
import { LatchkeyError } from "../protocol/errors.ts";
import type { Log, Random } from "../protocol/platform.ts";
import { createServer } from "./app.ts";
import type { ApplicationOptions } from "./application/application-options.ts";
import { fetchStatusList } from "./fetch-status-list.ts";
import { ensurePrivateFolder, type FolderKeys, loadFolderKeys } from "./key-folder.ts";
import type { Limits } from "./limits.ts";
import { openFigures } from "./metrics/figures.ts";
import type { Metrics } from "./metrics/metrics.ts";
import type { MetricsPlace } from "./metrics/metrics-place.ts";
import type { BrokerOptions } from "./mqtt/broker-options.ts";
import { nodeCompression } from "./node-compression.ts";
import { nodeCrypto } from "./node-crypto.ts";
import { nodeHuman } from "./node-p256.ts";
import { createService, type Service } from "./service.ts";
import { openEphemera, openRecords } from "./service-stores.ts";
import { signingKeys } from "./signing-keys.ts";
import { silentLog } from "./silent-log.ts";
import { fastestCrypto } from "./sodium-crypto.ts";
import type { Records, RegistrationPolicy, Tenant } from "./store/records.ts";
import { isDatabaseUrl } from "./store/sql/database-url.ts";
import { systemRandom } from "./system-random.ts";
import { threadedSha3 } from "./threaded-sha3.ts";
import { openVault } from "./vault-keys.ts";
import { type Rotation, rotateVault } from "./vault-rotation.ts";
import { systemClock, type WallClock } from "./wall-clock.ts";

export interface FolderOptions {
  /** Database and keys; made when absent. */
  readonly folder: string;
  /**
   * Another file, or `mysql://…` or `postgres://…`: then the folder is for keys only, and all
   * replicas of the server have the same ones.
   */
  readonly database?: string;
  /** `redis://…`: where several replicas share challenges and sessions. */
  readonly redis?: string;
  /** In place of the folder's. */
  readonly keys?: Partial<FolderKeys>;
  readonly log?: Log;
  readonly clock?: WallClock;
  readonly random?: Random;
  readonly limits?: Partial<Limits>;
  readonly metrics?: Metrics;
  readonly badgeHost?: string;
  /** Absent: no applications are served. */
  readonly applications?: ApplicationOptions;
  /** Where readings are published to; nowhere when absent. */
  readonly broker?: BrokerOptions;
  /** Of the tenant that a first start creates; `auto` when absent. */
  readonly registration?: RegistrationPolicy;
}

/** What exists once only, right after the first start: show it, keep nothing of it. */
export interface FirstStart {
  /** Its hash is all that was stored. */
  readonly adminToken: string;
  readonly tenant: Tenant;
}

export interface OpenedFolder {
  readonly service: Service;
  readonly firstStart: FirstStart | undefined;
}

export interface StartOptions extends FolderOptions {
  /** 127.0.0.1 when absent: only this machine, until somebody decides otherwise. */
  readonly host?: string;
  /** Any free one when 0 or absent. */
  readonly port?: number;
  readonly trustProxy?: boolean | string;
  /** Where figures for Prometheus are shown; nowhere when absent. */
  readonly figures?: MetricsPlace;
  /** How long `readyz` says that the end is near before it comes; 0 when absent. */
  readonly drainMs?: number;
}

export interface RunningServer extends OpenedFolder {
  /** Without a slash at the end: the `base_url` of nodes. */
  readonly url: string;
  readonly port: number;
  /** Of the page of figures, where it has one of its own. */
  readonly metricsPort?: number;
  /** Lets requests under way end, then closes the database. */
  close(): Promise<void>;
}

/** Decided by the tenants, not by the file: a first start that was cut off is still one. */
async function firstStart(
  { admin }: Service,
  registration: RegistrationPolicy,
): Promise<FirstStart | undefined> {
  if ((await admin.tenants()).length > 0) return undefined;
  // The token first: a crash in between leaves an unused token, not a server without an admin.
  const adminToken = await admin.createOperator({
    name: "admin",
    role: "admin",
    tenantId: undefined,
  });
  return { adminToken, tenant: await admin.createTenant({ name: "default", registration }) };
}

/** The service, and what one replica makes once: the keys' ids, an admin token, a first tenant. */
async function openOnRecords(
  options: FolderOptions,
  records: Records,
  keys: FolderKeys,
): Promise<OpenedFolder> {
  const { log = silentLog, clock = systemClock, random = systemRandom } = options;
  const {
    limits,
    badgeHost,
    broker,
    applications,
    registration = "auto",
    redis,
    metrics,
  } = options;
  const crypto = await fastestCrypto();
  const sealing = { crypto, random, records, keys: keys.vaultKeys };
  const vault = await openVault(sealing);
  const ephemera = await openEphemera(redis, vault, clock);
  const service = createService({
    ...{ records, ephemera, vault, crypto, clock, random, log },
    keys: signingKeys(crypto, keys.signingSeeds),
    ...{ sha3: threadedSha3(), human: nodeHuman, compression: nodeCompression },
    fetchList: fetchStatusList,
    ...(limits && { limits }),
    ...(metrics && { metrics }),
    ...(badgeHost !== undefined && { badgeHost }),
    ...(broker && { broker }),
    ...(applications && { applications }),
  });
  try {
    return { service, firstStart: await firstStart(service, registration) };
  } catch (error) {
    await service.close();
    throw error;
  }
}

/**
 * Opens the service over its data folder without HTTP: for the command line, and for `startServer`.
 * Of several replicas that start on one database for the first time, one makes what is made once.
 * @throws config-invalid, storage-corrupt, unsupported-version, unavailable
 */
export async function openServiceFolder(options: FolderOptions): Promise<OpenedFolder> {
  const { folder, database = join(folder, "latchkey.db"), random = systemRandom } = options;
  ensurePrivateFolder(folder);
  const keysFor = (isNew: boolean): FolderKeys =>
    loadFolderKeys(join(folder, "keys"), random, isNew, options.keys);
  // Keys before the file: keys without one, after a crash, are still a first start.
  const keys = isDatabaseUrl(database) ? undefined : keysFor(!existsSync(database));
  const records = await openRecords(database);
  try {
    return await records.alone(async () => {
      const isUnused = async () => (await records.vaultState()) === undefined;
      return openOnRecords(options, records, keys ?? keysFor(await isUnused()));
    });
  } catch (error) {
    await records.close();
    throw error;
  }
}

/**
 * Seals the tenants' keys under the newest of the key-encryption keys, in the middle of work; see
 * `rotateVault`.
 * @throws config-invalid, conflict and what `openServiceFolder` throws
 */
export async function rotateFolderVault(options: FolderOptions): Promise<Rotation> {
  const { folder, database = join(folder, "latchkey.db"), random = systemRandom } = options;
  const { vaultKeys } = loadFolderKeys(join(folder, "keys"), random, false, options.keys);
  const records = await openRecords(database);
  try {
    return await rotateVault({ crypto: nodeCrypto, random, records, keys: vaultKeys });
  } finally {
    await records.close();
  }
}

/**
 * Starts the server. With nothing but a folder it makes all that it needs: database, keys, a
 * first tenant and an admin token, which is in `firstStart` this once.
 * @throws address-in-use and what `openServiceFolder` throws
 */
export async function startServer(options: StartOptions): Promise<RunningServer> {
  const { host = "127.0.0.1", port = 0, log = silentLog, random } = options;
  const { trustProxy = false, figures, drainMs = 0 } = options;
  const shown = figures && (await openFigures(figures));
  const opened = await openServiceFolder({ ...options, ...(shown && { metrics: shown.metrics }) });
  const { service } = opened;
  shown?.metrics.observe(service.observed);
  // Node's own keeps a stock of them.
  const requestId = random ? () => uuidFromRandom(random.bytes(16)) : () => randomUUID();
  const app = createServer({ service, log, requestId, trustProxy, ...shown });
  try {
    await app.listen({ host, port });
    await shown?.listen();
  } catch (error) {
    await shown?.close();
    await app.close();
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    throw new LatchkeyError("address-in-use", { cause: error, detail: { host, port } });
  }
  const bound = (app.server.address() as AddressInfo).port;
  const name = host.includes(":") ? `[${host}]` : host;
  log.write("info", "listening", { host, port: bound });
  const metricsPort = shown?.port;
  return {
    ...{ ...opened, url: `http://${name}:${bound}`, port: bound },
    ...(metricsPort !== undefined && { metricsPort }),
    async close() {
      service.drain();
      if (drainMs > 0) await new Promise((resolve) => setTimeout(resolve, drainMs));
      await app.close();
      await shown?.close();
    },
  };
}

/** The lines to print after a first start. They hold the token: to the terminal, not to a log. */
export function firstStartLines({ adminToken, tenant }: FirstStart): readonly string[] {
  return [
    "First start: database, keys and a first tenant were created.",
    `  tenant       ${tenant.tenantId}`,
    `  admin token  ${adminToken}`,
    "The token is shown this once; only its hash is stored. Keep it now.",
  ];
}
