import assert from "node:assert/strict";
import { WORLD_BEGIN_UNIX_MS } from "../../host-sim/node/backend.ts";
import { idle } from "../../host-sim/node/simulation.ts";
import { World } from "../../host-sim/world/world.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import { toBase64Url } from "../../protocol/encoding/base64.ts";
import type { HttpRequest } from "../../protocol/platform.ts";
import { createService } from "../../server/service.ts";
import { signingKeys } from "../../server/signing-keys.ts";
import { silentLog } from "../../server/silent-log.ts";
import { MemoryEphemera } from "../../server/store/memory-ephemera.ts";
import type { ReadingRow } from "../../server/store/readings.ts";
import { openSqliteRecords } from "../../server/store/sqlite-records.ts";
import { Vault } from "../../server/vault.ts";
import { cases } from "../support/exhaustive.ts";
import { CUTS, MONTH_CRYPTO, MONTH_US, MonthNode } from "./month.ts";

/** Eight where all is run. */
const NODES = cases("nodes of the month", [1, 2, 3, 4, 5, 6, 7, 8], 7).length;
const SEED = "thirty days";
const BASE_URL = "http://server.sim";
const HOUR_US = 3_600_000_000;
const UPLOAD_HOURS = 12;

class Month {
  readonly world = new World({ seed: SEED, idle });
  readonly records = openSqliteRecords(":memory:");
  readonly nodes: MonthNode[] = [];
  requests = 0;

  async live(): Promise<void> {
    const { world, records } = this;
    const random = world.rng("server");
    const service = createService({
      records,
      ephemera: new MemoryEphemera(),
      keys: signingKeys(MONTH_CRYPTO, [new Secret(random.bytes(32))]),
      vault: new Vault(MONTH_CRYPTO, random, new Secret(random.bytes(32))),
      crypto: MONTH_CRYPTO,
      clock: { unixMs: () => WORLD_BEGIN_UNIX_MS + Math.floor(world.nowUs() / 1000) },
      random,
      log: silentLog,
      limits: { readingsKeptSeconds: 400 * 86_400 },
    });
    const { tenantId } = await service.admin.createTenant({ name: "Month", registration: "auto" });
    const { commKey, commIv, serverKeys } = await service.admin.provisioning(tenantId);
    const backend = ({ url, ...request }: HttpRequest) => {
      this.requests++;
      return service.handle({ ...request, path: url.slice(BASE_URL.length) });
    };
    const config = {
      base_url: BASE_URL,
      tenant_id: tenantId,
      comm_key: toBase64Url(commKey.bytes),
      comm_iv: toBase64Url(commIv),
      server_keys: serverKeys.map(toBase64Url),
      sensors: [{ platform: "meter", name: "mains", update_interval: "15min" }],
      upload: { every: `${UPLOAD_HOURS}h`, readings: 1000 },
      limits: { retry_max_ms: 300_000 },
    };
    for (let n = 0; n < NODES; n++)
      this.nodes.push(new MonthNode({ world, name: `node ${n}`, backend, config }));
    await world.runFor(MONTH_US);
    for (const node of this.nodes) node.rest();
    const limitUs = 2 * UPLOAD_HOURS * HOUR_US;
    await world.runFor(UPLOAD_HOURS * HOUR_US);
    const drained = await world.run(() => this.nodes.every((node) => node.waiting === 0), limitUs);
    assert.ok(drained, "once nothing goes wrong any more, all is sent with the next uploads");
  }

  /** Every row of the database. */
  async rows(): Promise<ReadingRow[]> {
    const rows: ReadingRow[] = [];
    for (;;) {
      const page = await this.records.readingsAfter(rows.at(-1)?.id ?? 0, 1000);
      if (page.length === 0) return rows;
      rows.push(...page);
    }
  }
}

function serialOf({ reading }: ReadingRow): number | undefined {
  const { power, badge_uid: badge } = reading.fields;
  if (badge !== undefined) return Number.parseInt(badge.slice(2), 16);
  return power === undefined ? undefined : Math.round(power * 1000);
}

describe("thirty days of eight nodes", () => {
  it("bring every acknowledged event to the server once, whole", async () => {
    const began = process.cpuUsage();
    const month = new Month();
    await month.live();
    const rows = await month.rows();
    const key = (logId: string | undefined, seq: number) => `${logId} ${seq}`;
    const byKey = new Map(rows.map((row) => [key(row.logId, row.reading.seq), row]));
    assert.equal(byKey.size, rows.length, "no number is there twice");
    assert.deepEqual(
      rows.filter(({ refused }) => refused !== undefined),
      [],
      "nothing is damaged",
    );
    let acknowledged = 0;
    for (const node of month.nodes) {
      assert.equal(node.cuts, CUTS);
      assert.equal(node.dropped, 0);
      for (const { logId, seq, serial } of node.acknowledged) {
        const row = byKey.get(key(logId, seq));
        assert.ok(row !== undefined, `event ${seq} did not arrive`);
        assert.equal(serialOf(row), serial);
        acknowledged++;
      }
      const own = rows.filter(({ logId }) => logId === node.acknowledged[0]?.logId);
      const serials = own.map(serialOf).filter((serial) => serial !== undefined);
      assert.equal(new Set(serials).size, serials.length, "no reading is there twice");
      assert.ok(serials.every((serial) => serial < node.measured));
    }
    const faults = rows.filter(({ reading }) => reading.faults !== undefined).length;
    const boots = month.nodes.reduce((sum, node) => sum + node.boots, 0);
    const cpu = process.cpuUsage(began);
    console.log(
      `      ${acknowledged} events acknowledged, ${rows.length} rows, ${faults} with faults; ` +
        `${boots} boots, ${NODES * CUTS} cuts, ${month.requests} requests`,
    );
    console.log(
      `      most worn sector: ${Math.max(...month.nodes.map(({ wear }) => wear))} erasures; ` +
        `${((cpu.user + cpu.system) / 1e6).toFixed(1)} s of CPU`,
    );
  }).timeout(240_000);
});
