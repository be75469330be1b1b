import { Secret } from "../../protocol/crypto/secret.ts";
import type { HttpRequest, HttpResponse, Log } from "../../protocol/platform.ts";
import type { Provisioning } from "../../server/admin.ts";
import { createEphemeralService } from "../../server/ephemeral-service.ts";
import { nodeCompression } from "../../server/node-compression.ts";
import { nodeCrypto } from "../../server/node-crypto.ts";
import { nodeHuman } from "../../server/node-p256.ts";
import { createService, type Service } from "../../server/service.ts";
import { signingKeys } from "../../server/signing-keys.ts";
import { MemoryEphemera } from "../../server/store/memory-ephemera.ts";
import type { ReadingRow } from "../../server/store/readings.ts";
import type { Records } from "../../server/store/records.ts";
import { openSqliteRecords } from "../../server/store/sqlite-records.ts";
import { Vault } from "../../server/vault.ts";
import type { World } from "../world/world.ts";
import { BADGE_HOST } from "./desk-reader.ts";

/** Monday, 2026-01-05, 08:00 UTC: when every simulated world begins. */
export const WORLD_BEGIN_UNIX_MS = 1_767_600_000_000;
/** Made up; nothing resolves it, because nothing leaves the process. */
export const SIM_BASE_URL = "http://server.sim";

/** More than one request brings. */
const READINGS_AT_ONCE = 1000;

/** More than a scenario raises. */
const ALARMS_KEPT = 100;

export interface BackendTenant {
  readonly tenantId: string;
  readonly provisioning: Provisioning;
}

/**
 * The real service in the simulator's process: the same handlers, the same database, without
 * HTTP between. Its clock and its random numbers are the world's, so that a seed decides all.
 */
export class Backend {
  readonly #world: World;
  readonly #records: Records;
  readonly #options: { readonly keys: ReturnType<typeof signingKeys>; readonly vault: Vault };
  #service: Service;
  #rogue: Service | undefined;
  /** How requests are answered now. */
  mode: "up" | "rogue" | "error" = "up";
  /** By how much its clock is wrong. */
  clockErrorMs = 0;
  /** All readings of all tenants, in the order of arrival. */
  readonly readings: ReadingRow[] = [];
  /** Kinds of the alarms in the tenant that was made first, newest first; while it watches. */
  alarms: readonly string[] = [];
  watchesAlarms = false;
  #watched: string | undefined;
  /** Requests that were answered, by path. */
  readonly answered = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
    const random = world.rng("server");
    this.#records = openSqliteRecords(":memory:");
    this.#options = {
      keys: signingKeys(nodeCrypto, [new Secret(random.bytes(32))]),
      vault: new Vault(nodeCrypto, random, new Secret(random.bytes(32))),
    };
    this.#service = this.#start();
  }

  readonly baseUrl = SIM_BASE_URL;

  get admin(): Service["admin"] {
    return this.#service.admin;
  }

  /** The true time of this world. */
  unixMs(): number {
    return WORLD_BEGIN_UNIX_MS + Math.floor(this.#world.nowUs() / 1000);
  }

  /** As after a crash of the process: what was only in memory is gone, the database is not. */
  restart(): void {
    this.#world.record("server", "restart");
    this.#service = this.#start();
  }

  async createTenant(name: string): Promise<BackendTenant> {
    const { tenantId } = await this.admin.createTenant({ name, registration: "auto" });
    this.#watched ??= tenantId;
    return { tenantId, provisioning: await this.admin.provisioning(tenantId) };
  }

  /** What the network model calls with every request that reaches the server. */
  async handle(request: HttpRequest): Promise<HttpResponse> {
    if (this.mode === "error") return { status: 500, headers: {}, body: "<h1>Oops</h1>" };
    const path = request.url.slice(request.url.indexOf("/", "http://".length));
    const service = this.mode === "rogue" ? this.#rogueService() : this.#service;
    this.answered.set(path, (this.answered.get(path) ?? 0) + 1);
    const { method, headers, body } = request;
    const answer = await service.handle({ method, path, headers, body });
    const known = this.readings.at(-1)?.id ?? 0;
    this.readings.push(...(await this.#records.readingsAfter(known, READINGS_AT_ONCE)));
    if (this.watchesAlarms && this.#watched !== undefined)
      this.alarms = (await this.#records.alarms(this.#watched, ALARMS_KEPT)).map(
        ({ kind }) => kind,
      );
    return answer;
  }

  /** The same code with keys and a database of its own: what an attacker would put up. */
  #rogueService(): Service {
    this.#rogue ??= createEphemeralService({
      ...this.#surroundings(),
      random: this.#world.rng("rogue"),
    });
    return this.#rogue;
  }

  #start(): Service {
    return createService({
      ...this.#surroundings(),
      ...this.#options,
      records: this.#records,
      ephemera: new MemoryEphemera(),
      ...{ crypto: nodeCrypto, human: nodeHuman, compression: nodeCompression },
      random: this.#world.rng("server"),
    });
  }

  /** The world as a service sees it. */
  #surroundings() {
    const unixMs = (): number => this.unixMs() + this.clockErrorMs;
    return { clock: { unixMs }, log: traceLog(this.#world), badgeHost: BADGE_HOST };
  }
}

function traceLog(world: World): Log {
  return {
    write: (level, event, fields) =>
      world.record("server", `${level} ${event} ${JSON.stringify(fields ?? {})}`),
  };
}
