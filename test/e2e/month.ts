import { layOutFlash } from "../../firmware/journal/flash-layout.ts";
import { Journal } from "../../firmware/journal/journal.ts";
import { createNodeIdentity } from "../../firmware/node-identity.ts";
import { NodeConnection } from "../../firmware/sensor/node-connection.ts";
import { NodeReporting } from "../../firmware/sensor/node-reporting.ts";
import { sensorNodeConfig } from "../../firmware/sensor/sensor-config.ts";
import type { SensorDriver } from "../../firmware/sensor/sensor-driver.ts";
import { boardIo } from "../../host-sim/board/io.ts";
import { Pins } from "../../host-sim/board/pins.ts";
import { PowerGate } from "../../host-sim/board/power-gate.ts";
import { FlashModel } from "../../host-sim/flash/flash-model.ts";
import { TEARS } from "../../host-sim/flash/tear.ts";
import { type Backend, NetworkModel } from "../../host-sim/net/network-model.ts";
import { nodePlatform } from "../../host-sim/node-platform.ts";
import type { Prng } from "../../host-sim/world/prng.ts";
import type { World } from "../../host-sim/world/world.ts";
import type { CryptoProvider } from "../../protocol/crypto/provider.ts";
import { toBase64Url } from "../../protocol/encoding/base64.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { nodeCrypto } from "../../server/node-crypto.ts";
import { toyCrypto } from "../protocol/toy-crypto.ts";

const { ed25519PublicKey, ed25519Sign, ed25519Verify, x25519, x25519PublicKey } = toyCrypto;

/**
 * For node and server: envelopes are the real thing, since they hold the readings; the curves
 * are toys, because sixteen hundred boots' handshakes are not what is on trial.
 */
export const MONTH_CRYPTO: CryptoProvider = Object.freeze({
  ...nodeCrypto,
  ...{ ed25519PublicKey, ed25519Sign, ed25519Verify, x25519, x25519PublicKey },
});

const MINUTE_US = 60_000_000;
const DAY_US = 1440 * MINUTE_US;
export const MONTH_US = 30 * DAY_US;
export const CUTS = 200;
/** A week of readings fits. */
const FLASH_BYTES = 256 * 1024;

/** An event that the node was told is durable. */
export interface Acknowledged {
  readonly logId: string;
  readonly seq: number;
  /** The number that was measured, or the one that stands in the badge's UID. */
  readonly serial: number;
}

export interface MonthNodeOptions {
  readonly world: World;
  readonly name: string;
  readonly backend: Backend;
  readonly config: Readonly<Record<string, unknown>>;
}

/**
 * A node that lives for a month on a bad network and bad mains. What runs in it is the firmware's
 * own: connection, identity, sensors, event log, uploader. Every reading carries a number that no
 * other one has.
 */
export class MonthNode {
  readonly network: NetworkModel;
  readonly acknowledged: Acknowledged[] = [];
  /** Of readings that were measured, acknowledged or not. */
  measured = 0;
  cuts = 0;
  boots = 0;
  readonly #options: MonthNodeOptions;
  readonly #rng: Prng;
  readonly #flash: FlashModel;
  readonly #pins: Pins;
  /** The power goes in one of the next operations of the flash. */
  #cutPlanned = false;
  #gate: PowerGate | undefined;
  #reporting: NodeReporting | undefined;

  constructor(options: MonthNodeOptions) {
    const { world, name, backend } = options;
    this.#options = options;
    this.#rng = world.rng(`life ${name}`);
    this.#pins = new Pins(world);
    const rng = world.rng(`flash ${name}`);
    // A millisecond here or there changes nothing in a month: the flash works in no time.
    this.#flash = new FlashModel({ rng, sizeBytes: FLASH_BYTES, onCut: () => this.#cut() });
    this.network = new NetworkModel({ world, backend });
    this.network.faults.setRates([
      [{ kind: "drop" }, 0.03],
      [{ kind: "half-open" }, 0.03],
      [{ kind: "duplicate" }, 0.02],
      [{ kind: "reset" }, 0.02],
      [{ kind: "corrupt", direction: "up" }, 0.01],
      [{ kind: "corrupt", direction: "down" }, 0.01],
    ]);
    this.#planMonth();
    this.#boot();
  }

  get waiting(): number {
    return this.#reporting?.readings.waiting ?? Number.POSITIVE_INFINITY;
  }

  /** The month is over: nothing goes wrong any more, and nothing is measured. */
  rest(): void {
    this.network.inRange = true;
    this.network.faults.clear();
    this.#reporting?.work.stop();
  }

  get dropped(): number {
    return this.#reporting?.readings.dropped ?? Number.NaN;
  }

  get wear(): number {
    return Math.max(...this.#flash.eraseCounts);
  }

  /** Cuts, half of them in a flash operation; nights without network; people with badges. */
  #planMonth(): void {
    const { world } = this.#options;
    const rng = this.#rng;
    const some = () => rng.unit() * (MONTH_US - DAY_US / 4);
    for (let n = 0; n < CUTS; n++) world.after(some(), () => this.#plannedCut(n % 2 === 0));
    for (let n = 0; n < 12; n++) {
      const from = some();
      world.after(from, () => {
        this.network.inRange = false;
        this.network.disconnect();
      });
      world.after(from + rng.unit() * DAY_US, () => {
        this.network.inRange = true;
      });
    }
    for (let n = 0; n < 300; n++) world.after(some(), () => world.task(0, () => this.#tap()));
  }

  #plannedCut(inFlash: boolean): void {
    if (this.#gate === undefined || this.#cutPlanned) {
      this.#options.world.after(20 * MINUTE_US, () => this.#plannedCut(inFlash));
      return;
    }
    this.#cutPlanned = inFlash;
    if (inFlash) this.#flash.cutAt(this.#rng.int(1, 3), this.#rng.pick(TEARS));
    else this.#cut();
  }

  #cut(): void {
    this.cuts++;
    this.#cutPlanned = false;
    this.#flash.powerOff();
    const gate = this.#gate;
    this.#gate = undefined;
    this.#reporting = undefined;
    gate?.cut();
    this.#pins.releaseAll();
    const again = () => {
      if (this.#gate === undefined) this.#boot();
    };
    this.#options.world.after(1_000_000 + this.#rng.unit() * 10 * MINUTE_US, () =>
      this.#options.world.task(0, again),
    );
  }

  #tap(): void {
    const badge = `04${(this.measured++).toString(16).padStart(12, "0")}`;
    this.#reporting?.tapped({ badge, granted: this.#rng.chance(0.8), reason: "granted" });
  }

  #boot(): void {
    this.boots++;
    this.#flash.powerOn();
    const gate = new PowerGate();
    this.#gate = gate;
    try {
      this.#start(gate);
    } catch {
      // The power went while it looked through its flash: the next boot does it again.
      if (gate.on) throw new Error("the node does not start");
    }
  }

  #start(gate: PowerGate): void {
    const { world, name } = this.#options;
    const platform = nodePlatform({
      world,
      gate,
      io: boardIo({ pins: this.#pins, buses: [] }),
      flash: this.#flash,
      network: this.network,
      crypto: MONTH_CRYPTO,
      bootReason: "power-on",
      chipId: name,
      version: "1.0.0",
      onRestart: () => this.#cut(),
    });
    const { clock, timer, random, network, log } = platform;
    const config = sensorNodeConfig(this.#options.config, [this.#meter()]);
    const flash = layOutFlash(platform.flash);
    const storage = new Journal(flash.values);
    const identity = createNodeIdentity({ platform, config, storage, log });
    const connection: NodeConnection = new NodeConnection({
      ...{ identity, network, clock, timer, random, log },
      limits: { ...config.limits, checkinIntervalMs: DAY_US / 1000 },
      report: () => ({ uptimeSeconds: 1, firmware: "1", state: "ACTIVE", ...NO_TAPS, faults: 0 }),
      onStage: (stage) => {
        if (stage === "active") reporting.uploader.resume();
      },
    });
    const reporting = new NodeReporting({
      ...{ platform, flash: flash.events, config, identity, log, bytesMax: 4_000 },
      mayUpload: () => connection.stage === "active",
      isIdle: () => true,
      onFailure: (code) => connection.trouble(code),
    });
    this.#reporting = reporting;
    this.#watch(reporting);
    connection.start();
    reporting.start();
  }

  /** A meter whose power is a running number, and that fails now and then. */
  #meter(): SensorDriver {
    return {
      platform: "meter",
      settings: [],
      quantities: ["power"],
      configure: () => () => ({
        measure: async () => {
          if (this.#rng.chance(0.02)) throw new LatchkeyError("sensor-checksum");
          return { power: this.measured++ / 1000 };
        },
        close: () => undefined,
      }),
    };
  }

  /** Notes what the log says is durable: from then on it must arrive. */
  #watch({ readings }: NodeReporting): void {
    const append = readings.append.bind(readings);
    readings.append = (eventClass, reading, atMs) => {
      const seq = append(eventClass, reading, atMs);
      const { power, badge_uid: badge } = reading.fields;
      const serial =
        badge === undefined ? Math.round(power! * 1000) : Number.parseInt(badge.slice(2), 16);
      const logId = toBase64Url(readings.logId);
      if (!Number.isNaN(serial)) this.acknowledged.push({ logId, seq, serial });
      return seq;
    };
  }
}

const NO_TAPS = Object.freeze({ granted: 0, denied: 0 });
