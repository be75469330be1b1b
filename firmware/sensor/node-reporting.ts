import type { ErrorCode } from "../../protocol/error-codes.ts";
import { toLatchkeyError } from "../../protocol/errors.ts";
import type { IdentityNode } from "../../protocol/node/identity-node.ts";
import type { Log, TimerHandle } from "../../protocol/platform.ts";
import { EventLog } from "../journal/event-log.ts";
import type { Flash, Platform } from "../platform.ts";
import { ReadingLog } from "./reading-log.ts";
import type { UploadPolicy } from "./sensor-config.ts";
import type { SensorPlan } from "./sensor-plan.ts";
import { SensorWork } from "./sensor-work.ts";
import { Uploader } from "./uploader.ts";

export interface NodeReportingOptions {
  readonly platform: Platform;
  /** Where readings wait: nothing else is in it. */
  readonly flash: Flash;
  readonly config: {
    readonly nodeType: string;
    readonly tenantId: string;
    readonly sensors: readonly SensorPlan[];
    readonly upload: UploadPolicy;
  };
  readonly identity: Pick<IdentityNode, "postEncrypted" | "state" | "nowUnix">;
  readonly log: Log;
  /** Of one request. */
  readonly bytesMax: number;
  /** Whether the node is connected, and has no better use for its network. */
  readonly mayUpload: () => boolean;
  /** Whether nobody minds an erase of about 50 ms. */
  readonly isIdle: () => boolean;
  readonly onFailure?: (code: ErrorCode) => void;
  readonly doorFree?: () => boolean;
}

/** A tap as it is reported. */
export interface ReportedTap {
  /** The chip's UID, hexadecimal; empty when there was none to tell. */
  readonly badge: string;
  readonly granted: boolean;
  readonly reason: string;
}

/** People who come in a row must not wait for the report of the one before them. */
const TAP_REPORT_MS = 1_000;
const PREPARE_MS = 1_500;

/** What a node reports, from sensor or badge through flash to the server. */
export class NodeReporting {
  readonly readings: ReadingLog;
  readonly uploader: Uploader;
  readonly work: SensorWork;
  readonly #options: NodeReportingOptions;
  #preparing: TimerHandle | undefined;
  #stopped = false;

  constructor(options: NodeReportingOptions) {
    const { platform, flash, config, identity, log } = options;
    const { clock, timer, random, io } = platform;
    const { nodeType, tenantId, sensors: plans, upload: policy } = config;
    const { bytesMax, mayUpload, onFailure } = options;
    this.#options = options;
    const open = () => new EventLog(flash, { random });
    const readings = new ReadingLog({ open, clock, nowUnix: () => identity.nowUnix() });
    this.readings = readings;
    this.uploader = new Uploader({
      ...{ readings, identity, nodeType, tenantId, clock, timer, random, log, policy },
      ...{ bytesMax, mayUpload },
      ...(onFailure === undefined ? {} : { onFailure }),
    });
    this.work = new SensorWork({
      ...{ plans, readings, io, clock, timer, log },
      ...(options.doorFree === undefined ? {} : { doorFree: options.doorFree }),
      onRecord: (urgent) => this.#recorded(urgent ? 0 : undefined),
    });
  }

  /** A node that only reports what happens need not read its flash while it boots. */
  start(): void {
    this.#prepareSoon(this.#options.config.sensors.length > 0 ? 0 : PREPARE_MS);
    this.work.start();
  }

  stop(): void {
    this.#stopped = true;
    if (this.#preparing !== undefined) this.#options.platform.timer.clear(this.#preparing);
    this.work.stop();
    this.uploader.stop();
  }

  /** The network is there: what was missed is sent, once the log is open. */
  connected(): void {
    if (this.readings.isOpen) this.uploader.resume();
    else this.#withLog(() => this.uploader.resume());
  }

  /**
   * Keeps a tap for the server. Writing takes a turn of its own, behind the one that opened the
   * door or showed the refusal.
   */
  tapped({ badge, granted, reason }: ReportedTap): void {
    const { platform, log } = this.#options;
    const atMs = platform.clock.monotonicMs();
    const fields = { ...(badge === "" ? {} : { badge_uid: badge }), granted };
    this.#withLog(() => {
      try {
        this.readings.append("access", { fields, reason }, atMs);
        this.#recorded(TAP_REPORT_MS);
      } catch (error) {
        log.write("error", "tap-not-stored", { code: toLatchkeyError(error).code });
      }
    });
  }

  /** Does it in a turn of its own, and opens the log in one before that. */
  #withLog(work: () => void): void {
    const { timer } = this.#options.platform;
    const opened = () => {
      this.#attempt(() => this.readings.open());
      timer.set(work, 0);
    };
    timer.set(this.readings.isOpen ? work : opened, 0);
  }

  #recorded(withinMs: number | undefined): void {
    this.uploader.noted(withinMs);
    this.#prepareSoon(PREPARE_MS);
  }

  /** Erases for the next record while nobody waits for the node. */
  #prepareSoon(delayMs: number): void {
    if (this.#preparing !== undefined || this.#stopped) return;
    const { platform, isIdle } = this.#options;
    this.#preparing = platform.timer.set(() => {
      this.#preparing = undefined;
      if (!isIdle()) {
        this.#prepareSoon(PREPARE_MS);
        return;
      }
      this.#withLog(() => {
        if (!this.#stopped) this.#attempt(() => this.readings.prepare());
      });
    }, delayMs);
  }

  /** What fails fails again where it matters. */
  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#options.log.write("warn", "prepare-failed", { code: toLatchkeyError(error).code });
    }
  }
}
