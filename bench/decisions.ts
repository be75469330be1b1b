/**
 * `npm run bench -- decisions`, or
 * `node bench/decisions.ts [SQLite|MariaDB|PostgreSQL] [per second] [seconds]`: how long a badge's
 * decision takes over HTTP (`it_verify_badge`: session, challenge, signature, SUN check, rules,
 * passage, audit row), with 100,000 badges of as many people and 1,000 readers enrolled. Requests
 * are made beforehand and sent at their time whether or not others were answered, and the time is
 * counted from then: a server that falls behind is not spared.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, request as httpRequest } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { Prng } from "../host-sim/world/prng.ts";
import { BADGE_VERIFY_PATH } from "../protocol/badge/endpoints.ts";
import type { VerifyBadgeRequest } from "../protocol/badge/verify.ts";
import { fromHex } from "../protocol/encoding/hex.ts";
import type { HttpClient, HttpRequest, HttpResponse } from "../protocol/platform.ts";
import type { Admin, Provisioning } from "../server/admin.ts";
import { storesFrom } from "../server/environment.ts";
import { nodeCrypto } from "../server/node-crypto.ts";
import { openServiceFolder } from "../server/start.ts";
import { chipOf, MapStorage, reasonOf, TestNode } from "../test/server/desk.ts";
import { type DatabaseName, needDatabase } from "../test/support/services.ts";
import { startChild } from "./service/child.ts";
import type { Connection } from "./service/connection.ts";
import { atRate } from "./service/load.ts";
import { machineLines } from "./service/machine.ts";
import { percentiles, processorMs, queuedMs } from "./service/processor-time.ts";

const BADGES = 100_000;
const READERS = 1000;
const GROUPS = 200;
const ZONES = 50;
const ROWS_AT_ONCE = 1000;
const SERVE = fileURLToPath(new URL("../test/server/serve.ts", import.meta.url));

/** A badge comes again after so long: its zone has anti-passback of a second. */
const AGAIN_SECONDS = 4;
/** Further taps, one after the other, to see what each takes of the processor. */
const SINGLY = 500;
/** Before anything is measured. */
const WARM_UP = 400;
/** Challenges under way at a time, before it begins. */
const AT_ONCE = 16;

type Store = "SQLite" | DatabaseName;

interface Load {
  readonly store: Store;
  readonly rate: number;
  readonly taps: number;
}

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

function send({ method, url, headers, body }: HttpRequest): Promise<HttpResponse> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, { method, headers, agent }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (part) => {
        text += part;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: {}, body: text }),
      );
    });
    sent.on("error", reject).end(body);
  });
}

/** Holds decisions back until it is time. */
class HeldRequests implements HttpClient {
  readonly held: (() => Promise<number>)[] = [];

  request(request: HttpRequest): Promise<HttpResponse> {
    if (!request.url.endsWith(BADGE_VERIFY_PATH)) return send(request);
    return new Promise((resolve, reject) => {
      this.held.push(async () => {
        const answer = await send(request).catch(reject);
        if (answer) resolve(answer);
        return performance.now();
      });
    });
  }
}

const secret = () => randomBytes(32).toString("hex");

async function openStore(store: Store) {
  if (store === "SQLite") return undefined;
  const skip = () => {
    throw new Error(`${store} does not answer`);
  };
  return needDatabase({ skip } as never, store);
}

interface Place {
  readonly folder: string;
  readonly database: Awaited<ReturnType<typeof openStore>>;
}

/** Rows of those who are not among the ones that tap: as many to search through. */
async function fill(
  { store }: Load,
  { folder, database }: Place,
  tenantId: string,
  count: number,
): Promise<void> {
  const bytes = (hex: string) => (store === "PostgreSQL" ? `'\\x${hex}'` : `X'${hex}'`);
  const tables: Readonly<Record<string, (n: number) => string>> = {
    "people (tenant_id, person_id, label, member_of, status, created_at)": (n) =>
      `'${tenantId}','p${n}','Person','["g${n % GROUPS}"]','active',1`,
    "badges (tenant_id, badge_uid, badge_pk, mode, holder, created_at, person_id)": (n) =>
      `'${tenantId}','05${String(n).padStart(12, "0")}',${bytes(secret())},'STD','X',1,'p${n}'`,
    "entitlements (tenant_id, entitlement_id, subject, body)": (n) =>
      `'${tenantId}','e${n}','person:p${n}','{"person":"p${n}","zones":["z1"],"opens":false}'`,
  };
  const file = database ? undefined : new DatabaseSync(join(folder, "latchkey.db"));
  for (const [table, row] of Object.entries(tables))
    for (let from = 0; from < count; from += ROWS_AT_ONCE) {
      const rows = Array.from({ length: ROWS_AT_ONCE }, (_, n) => `(${row(from + n)})`);
      const sql = `INSERT INTO ${table} VALUES ${rows.join(",")}`;
      if (file) file.exec(sql);
      else await database?.execute(sql);
    }
  file?.close();
}

async function rules({ policy }: Admin, tenantId: string): Promise<void> {
  await policy.putRule(tenantId, "calendar", "holidays", new Map([["12-25", []]]));
  const site = { timeZone: "Europe/Berlin", calendar: "holidays" };
  await policy.putRule(tenantId, "site", "hq", site);
  const days = [1, 2, 3, 4, 5, 6, 7];
  await policy.putRule(tenantId, "schedule", "day", [{ days, from: 0, to: 1440 }]);
  const passback = { area: false, seconds: 1, soft: false };
  for (let zone = 0; zone < ZONES; zone++) {
    const rule = { site: "hq", passback, firstPerson: false };
    await policy.putRule(tenantId, "zone", `z${zone}`, rule);
  }
  for (let group = 0; group < GROUPS; group++) {
    const zones = Array.from({ length: 10 }, (_, n) => `z${(group + n * 5) % ZONES}`);
    const order = { subject: { group: `g${group}` }, zones, schedule: "day", opens: false };
    await policy.entitle(tenantId, order);
  }
}

/** A badge of a person whose group may pass in that zone. */
async function newCard(admin: Admin, tenantId: string, n: number, zone: number) {
  const badgeUid = fromHex(`04${n.toString(16).padStart(12, "0")}`);
  const issued = await admin.issueBadge({ tenantId, badgeUid, mode: "STD", holder: "Ada" });
  const groups = [`g${zone}`];
  const { personId } = await admin.policy.putPerson({ tenantId, label: "Ada", groups });
  await admin.policy.giveBadge(tenantId, badgeUid, personId);
  return chipOf(issued);
}

function newReader(provisioning: Provisioning, baseUrl: string, http: HttpClient, n: number) {
  const clock = { nowMs: 0 };
  // A turn passes, as a node lets it; what waits longer (an answer held back) is not given up.
  const set = (callback: () => void, delayMs: number) =>
    delayMs === 0 ? setTimeout(callback, 0) : 0;
  const timer = { set, clear: () => {} };
  return new TestNode(provisioning, http, clock, {
    baseUrl,
    platform: {
      clock: { monotonicMs: () => performance.now() },
      ...{ timer, storage: new MapStorage(), http, crypto: nodeCrypto },
      random: new Prng(`reader ${n}`, "node"),
      log: { write: () => {} },
    },
  });
}

async function run(load: Load, place: Place): Promise<void> {
  const { store, rate, taps } = load;
  const { folder, database } = place;
  const all = WARM_UP + SINGLY + taps;
  const env = {
    ...{ LATCHKEY_VAULT_KEY: secret(), LATCHKEY_SIGNING_KEY: secret() },
    ...(database && { LATCHKEY_DATABASE_URL: database.url }),
  };
  const { service } = await openServiceFolder({ folder, ...storesFrom(env) });
  const { admin } = service;
  const { tenantId } = (await admin.tenants())[0]!;
  // Each comes to the same reader again, whose zone it may pass.
  const count = Math.min(all, READERS * Math.ceil((rate * AGAIN_SECONDS) / READERS));
  await fill(load, place, tenantId, BADGES - count);
  await rules(admin, tenantId);
  const cards: Awaited<ReturnType<typeof newCard>>[] = [];
  for (let n = 0; n < count; n++)
    cards.push(await newCard(admin, tenantId, n, (n % READERS) % ZONES));
  console.log(
    `\n${BADGES} badges, ${READERS} readers, ${ZONES} zones, ${GROUPS} groups on ${store}`,
  );

  const child = spawn(process.execPath, [SERVE, folder], {
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, ...env },
  });
  const said = await new Promise<string>((resolve) => child.stdout.once("data", resolve));
  const { url } = JSON.parse(String(said));
  const provisioning = await admin.provisioning(tenantId);
  const http = new HeldRequests();
  const readers: TestNode[] = [];
  for (let n = 0; n < READERS; n++) {
    const reader = await newReader(provisioning, url, http, n).boot();
    await admin.changeNode(tenantId, reader.nodeUid, { zone: `z${n % ZONES}` });
    readers.push(reader);
  }
  await service.close();

  // All of a challenge's 55 seconds are needed: they are fetched last.
  const answers: VerifyBadgeRequest[] = [];
  for (let from = 0; from < all; from += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, all - from) }, async (_, more) => {
      const n = from + more;
      const reader = readers[n % READERS]!;
      return reader.answer(cards[n % count]!, await reader.challenge());
    });
    answers.push(...(await Promise.all(some)));
  }
  const reasons = answers.map((answer, n) =>
    readers[n % READERS]!.decide(answer).then(reasonOf, (error) => String(error.code)),
  );
  while (http.held.length < all) await new Promise((resolve) => setTimeout(resolve, 10));

  // A server that has decided nothing yet compiles what it does: not what a door waits for all day.
  for (const fire of http.held.splice(0, WARM_UP)) await fire();
  const idleMs = processorMs(child.pid!);
  const begin = performance.now() + 100;
  const times = await Promise.all(
    http.held.slice(0, taps).map(async (fire, n) => {
      const dueMs = begin + (n * 1000) / rate;
      await new Promise((resolve) => setTimeout(resolve, dueMs - performance.now()));
      return (await fire()) - dueMs;
    }),
  );
  const tookMs = performance.now() - begin;
  const busyMs = processorMs(child.pid!);
  const services: number[] = [];
  for (const fire of http.held.slice(taps)) {
    const beforeMs = processorMs(child.pid!);
    await fire();
    const afterMs = processorMs(child.pid!);
    if (beforeMs !== undefined && afterMs !== undefined) services.push(afterMs - beforeMs);
  }
  const counts: Record<string, number> = {};
  for (const reason of await Promise.all(reasons)) counts[reason] = (counts[reason] ?? 0) + 1;
  console.log(`${taps} taps in ${(tookMs / 1000).toFixed(1)} s: ${JSON.stringify(counts)}`);
  console.log(`ms, beside all else here:     ${percentiles(times)}`);
  if (services.length > 0) {
    console.log(`ms, of a core of its own:     ${percentiles(queuedMs(services, rate))}`);
    console.log(`ms of the processor, one tap: ${percentiles(services)}`);
  }
  if (idleMs !== undefined && busyMs !== undefined)
    await printFloor(load, (busyMs - idleMs) / taps);
  for (const reader of readers) reader.identity.close();
  child.kill("SIGKILL");
}

/** What this machine makes of as many requests that keep the processor for as long. */
async function printFloor({ rate, taps }: Load, serviceMs: number): Promise<void> {
  const child = await startChild<{ url: string }>(["bare"]);
  const path = `/${Math.round(serviceMs * 1000)}`;
  const body = "x".repeat(700);
  const work = async (to: Connection) => void (await to.post(path, "application/json", body));
  const at = { rate, seconds: taps / rate, workers: 64 };
  const { p50Ms, p99Ms } = await atRate(child.facts.url, work, at);
  await child.end();
  console.log(`ms of the processor, of many: ${serviceMs.toFixed(2)} in the mean`);
  for (const line of await machineLines(1)) console.log(line);
  console.log(`ms, node:http as busy:        p50 ${p50Ms.toFixed(2)}  p99 ${p99Ms.toFixed(2)}`);
}

/** Half a minute to prepare, and then as long as it says. */
export async function benchDecisions(
  store: Store = "SQLite",
  rate = 500,
  seconds = 4,
): Promise<void> {
  const database = await openStore(store);
  const folder = mkdtempSync(join(tmpdir(), "latchkey-bench-"));
  try {
    await run({ store, rate, taps: rate * seconds }, { folder, database });
  } finally {
    agent.destroy();
    await database?.drop();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const [, , store, rate = "500", seconds = "8"] = process.argv;
  await benchDecisions(store as Store, Number(rate), Number(seconds));
  process.exit();
}
