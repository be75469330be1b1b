import { RingLog } from "../../firmware/log.ts";
import type { Platform } from "../../firmware/platform.ts";
import { door } from "../../firmware/sensor/drivers/door-driver.ts";
import { NodeReporting } from "../../firmware/sensor/node-reporting.ts";
import { sensorNodeConfig } from "../../firmware/sensor/sensor-config.ts";
import type { Measured, SensorDriver } from "../../firmware/sensor/sensor-driver.ts";
import { FlashModel } from "../../host-sim/flash/flash-model.ts";
import { Prng } from "../../host-sim/world/prng.ts";
import type { ErrorCode } from "../../protocol/error-codes.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { JsonObject } from "../../protocol/json/reader.ts";
import { FakeTime } from "../protocol/fake-time.ts";
import { toyCrypto } from "../protocol/toy-crypto.ts";
import { sampleConfig } from "./sample-config.ts";

export const NODE_UID = "0f6e6a5c-8f0a-4a6b-9d2f-1a2b3c4d5e6f";

/** What a scripted sensor does next: gives values, fails with a code, hangs, says something odd. */
export type Answer = Measured | ErrorCode | "hang";

/** A sensor that does as it is told, one answer after the other; the last one repeats. */
export class ScriptedSensor {
  answers: Answer[] = [{ temperature: 20 }];
  measured: number[] = [];
  opened = 0;
  closed = 0;
  changed: () => void = () => {};
}

/** Everything between sensors and server but the network, in time that stands still. */
export class ReportingBench {
  readonly time = new FakeTime();
  readonly sensors = new Map<string, ScriptedSensor>();
  readonly posts: JsonObject[] = [];
  /** What the server does with the next posts: answers, or throws this. */
  failing: ErrorCode | undefined;
  online = true;
  /** Whether the random source works. */
  healthy = true;
  #told: { readonly unix: number; readonly atMs: number } | undefined;
  readonly log: RingLog;
  readonly flash: FlashModel;
  reporting: NodeReporting;
  readonly #node: Readonly<Record<string, unknown>>;

  constructor(sensors: readonly Record<string, unknown>[], node: Record<string, unknown> = {}) {
    this.log = new RingLog({ clock: this.time.clock });
    this.flash = new FlashModel({ rng: new Prng("bench", "flash"), sizeBytes: 64 * 1024 });
    const {
      nfc: _,
      relay,
      led,
      buzzer,
      df1,
      display,
      console,
      node_type,
      ...common
    } = sampleConfig();
    this.#node = { ...common, sensors, ...node };
    this.tellTime(1_781_005_327);
    this.reporting = this.#boot();
  }

  sensor(name: string): ScriptedSensor {
    return this.sensors.get(name)!;
  }

  /** Starts the program anew on the same flash; the clock begins at zero. */
  restart(): void {
    this.reporting.stop();
    this.reporting = this.#boot();
  }

  /** The node learns the time; `undefined`: it does not know it any more. */
  tellTime(unix: number | undefined): void {
    this.#told = unix === undefined ? undefined : { unix, atMs: this.time.nowMs };
  }

  start(): void {
    this.reporting.start();
  }

  run(seconds: number): Promise<void> {
    return this.time.advance(seconds * 1000);
  }

  /** All readings that were posted, flat ones included, without what names node and log. */
  get sent(): JsonObject[] {
    return this.posts.flatMap((post) => {
      const { request: _, node_uid, tenant_id, node_type, log_id, readings, ...flat } = post;
      return readings === undefined ? [flat] : (readings as JsonObject[]);
    });
  }

  #boot(): NodeReporting {
    const { clock, timer } = this.time;
    const chance = new Prng("bench", "random");
    const random = {
      bytes: (length: number) => {
        if (!this.healthy) throw new LatchkeyError("random-unhealthy");
        return chance.bytes(length);
      },
    };
    const scripted = this.#driver();
    const probe = { ...scripted, platform: "probe", quantities: ["temperature"] };
    const contact = { ...door, configure: scripted.configure, settings: scripted.settings };
    const config = sensorNodeConfig(this.#node, [scripted, probe, contact]);
    const platform = { clock, timer, random, crypto: toyCrypto, io: {} } as unknown as Platform;
    return new NodeReporting({
      platform,
      flash: this.flash,
      config,
      identity: {
        postEncrypted: (payload) => this.#post(payload),
        nowUnix: () => this.#told && this.#told.unix + this.#secondsSince(this.#told.atMs),
        state: { nodeUid: NODE_UID } as never,
      },
      log: this.log,
      bytesMax: 4_000,
      mayUpload: () => this.online,
      isIdle: () => true,
    });
  }

  #secondsSince(atMs: number): number {
    return Math.floor((this.time.nowMs - atMs) / 1000);
  }

  async #post(payload: JsonObject): Promise<JsonObject> {
    if (this.failing !== undefined) throw new LatchkeyError(this.failing);
    this.posts.push(JSON.parse(JSON.stringify(payload)));
    const recorded = Array.isArray(payload["readings"]) ? payload["readings"].length : 1;
    return { status: "ok", server_time: 1_781_005_327, recorded, duplicates: 0, refused: [] };
  }

  #driver(): SensorDriver {
    return {
      platform: "scripted",
      settings: ["script"],
      quantities: ["temperature", "humidity", "pressure", "motion", "moisture"],
      plausible: { temperature: { min: -40, max: 85, stepMax: 30 } },
      configure: (settings) => {
        const script = this.sensors.get(settings.text("name", 32)) ?? new ScriptedSensor();
        this.sensors.set(settings.text("name", 32), script);
        return ({ changed, clock }) => {
          script.opened++;
          script.changed = changed;
          return {
            measure: () => {
              script.measured.push(clock.monotonicMs());
              const [next] = script.answers;
              if (script.answers.length > 1) script.answers.shift();
              if (next === "hang") return new Promise(() => {});
              if (typeof next === "string") throw new LatchkeyError(next);
              return Promise.resolve(next!);
            },
            close: () => void script.closed++,
          };
        };
      },
    };
  }
}
