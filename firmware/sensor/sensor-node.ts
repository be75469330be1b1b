import type { IdentityNode } from "../../protocol/node/identity-node.ts";
import type { TimerHandle } from "../../protocol/platform.ts";
import { checkInReport } from "../check-in-report.ts";
import { Console } from "../console/console.ts";
import { createDisplay } from "../display.ts";
import { openNodeJournal } from "../factory-reset.ts";
import { layOutFlash } from "../journal/flash-layout.ts";
import type { Journal } from "../journal/journal.ts";
import { LazyKeyLabel } from "../key-label.ts";
import { RingLog } from "../log.ts";
import { createNodeIdentity } from "../node-identity.ts";
import { nodeStorage } from "../node-storage.ts";
import type { Platform } from "../platform.ts";
import { prepareNode } from "../prepare-node.ts";
import { Painter } from "../reader/painter.ts";
import type { Screen } from "../reader/screens.ts";
import { lastError } from "./last-error.ts";
import { type ConnectionFault, type ConnectionStage, NodeConnection } from "./node-connection.ts";
import { NodeReporting } from "./node-reporting.ts";
import { type SensorNodeConfig, sensorNodeConfig } from "./sensor-config.ts";
import { nodeConsole, sensorProvisioning } from "./sensor-console.ts";
import type { SensorDriver } from "./sensor-driver.ts";
import { nodeScreen } from "./sensor-screens.ts";
import { sensorUpdate } from "./sensor-update.ts";

export interface SensorNodeOptions {
  /** The kinds of sensors that this program knows; an image carries these and no others. */
  readonly drivers: readonly SensorDriver[];
}

/** What a sensor node is made of. */
export interface SensorNodeParts {
  readonly platform: Platform;
  readonly config: SensorNodeConfig;
  readonly log: RingLog;
  readonly storage: Journal;
  readonly identity: IdentityNode;
  readonly reporting: NodeReporting;
  readonly connection: NodeConnection;
  readonly painter: Painter | undefined;
  readonly key: LazyKeyLabel;
}

/** A running sensor node, as tests and tools see it. */
export interface SensorNodeHandle {
  readonly stage: ConnectionStage;
  readonly fault: ConnectionFault | undefined;
  readonly reporting: NodeReporting;
  readonly log: RingLog;
  /** What the display should show now. */
  readonly screen: Screen;
  /** Calls back after every step of the connection; gives back how to end that. */
  onStage(listener: (stage: ConnectionStage) => void): () => void;
  /** Ends everything and gives the pins back. */
  stop(): Promise<void>;
}

/** How often the display and the watchdog are seen to. */
const TICK_MS = 1_000;
/** Sealing this much takes about 11 ms on the RP2350. */
const UPLOAD_BYTES_MAX = 4_000;

/**
 * Starts a sensor node: measures at once, whether or not there is a network, keeps what it
 * measured in flash, and brings it to the server whenever it can.
 * @param config as parsed from JSON
 * @throws config-invalid, storage-failed
 * @example startSensorNode(platform, config, { drivers: [bme280, hcSr501] });
 */
export function startSensorNode(
  platform: Platform,
  config: unknown,
  { drivers }: SensorNodeOptions,
): SensorNodeHandle {
  const checked = sensorNodeConfig(config, drivers);
  const { clock, timer, random, crypto, system } = platform;
  const log = new RingLog({ clock, forward: platform.log });
  log.write("info", "boot", { reason: system.bootReason, version: system.version });
  const flash = layOutFlash(platform.flash);
  const storage = openNodeJournal(platform, flash, log);
  const identity = createNodeIdentity({
    ...{ platform, config: checked, log },
    storage: nodeStorage(platform, storage),
  });
  const network = prepareNode({ timer, network: platform.network, storage, identity, log });
  const listeners: ((stage: ConnectionStage) => void)[] = [];
  const connection: NodeConnection = new NodeConnection({
    ...{ identity, network, clock, timer, random, log, limits: checked.limits },
    report: () => ({ ...report(parts), ...(update && { image: update.report() }) }),
    onCheckedIn: () => update?.checkedIn(),
    onStage: (stage) => {
      if (stage === "registering") update?.saw("network");
      if (stage === "active") update?.saw("authenticated");
      if (stage === "active") reporting.connected();
      for (const listener of [...listeners]) listener(stage);
    },
  });
  const update = sensorUpdate({ platform, config: checked, log, identity });
  const reporting: NodeReporting = new NodeReporting({
    ...{ platform, flash: flash.events, config: checked, identity, log },
    bytesMax: UPLOAD_BYTES_MAX,
    mayUpload: () => connection.stage === "active",
    isIdle: () => true,
    onFailure: (code) => connection.trouble(code),
  });
  const display = createDisplay(platform, checked);
  const painter = display && new Painter({ panel: display, timer, log });
  const key = new LazyKeyLabel(crypto);
  const built = { platform, log, storage, identity, reporting, connection, painter, key };
  const parts: SensorNodeParts = { ...built, config: checked };
  const ticking = run(parts);
  const terminal = openConsole(parts);
  return {
    get stage() {
      return connection.stage;
    },
    get fault() {
      return connection.fault;
    },
    get screen() {
      return nodeScreen(parts);
    },
    ...{ reporting, log },
    onStage(listener) {
      listeners.push(listener);
      return () => void listeners.splice(listeners.indexOf(listener), 1);
    },
    stop: async () => {
      ticking();
      update?.stop();
      reporting.stop();
      connection.stop();
      terminal?.close();
      painter?.close();
      display?.close();
      identity.close();
      log.write("info", "stopped", { label: checked.label });
    },
  };
}

/** Sets everything going; gives back how to end the ticking. */
function run(parts: SensorNodeParts): () => void {
  const { platform, reporting, connection, painter } = parts;
  const { timer } = platform;
  let tick: TimerHandle | undefined;
  const onTick = () => {
    tick = timer.set(onTick, TICK_MS);
    if (isAlive(parts)) platform.system.feedWatchdog();
    painter?.show(nodeScreen(parts));
  };
  void painter?.open();
  connection.start();
  reporting.start();
  onTick();
  return () => {
    if (tick !== undefined) timer.clear(tick);
  };
}

function report(parts: SensorNodeParts) {
  const { platform, connection, reporting, identity } = parts;
  return checkInReport({
    state: connection.stage.toUpperCase(),
    taps: { granted: 0, denied: 0 },
    faults: reporting.work.failing,
    lastError: lastError(parts),
    system: platform.system,
    clockAgeMs: identity.clockAgeMs(),
    uptimeMs: platform.clock.monotonicMs(),
    queued: reporting.readings.waiting,
  });
}

/** The connection takes a step, good or bad, at least as often as it checks in. */
function isAlive({ platform, connection, config }: SensorNodeParts): boolean {
  const { checkinIntervalMs, retryMaxMs } = config.limits;
  const silentMs = platform.clock.monotonicMs() - connection.lastEventMs;
  return silentMs < Math.max(120_000, 2 * checkinIntervalMs, 2 * retryMaxMs);
}

function openConsole(parts: SensorNodeParts): Console | undefined {
  const { platform, config } = parts;
  if (config.console === undefined) return undefined;
  const source = nodeConsole(parts);
  const offered = sensorProvisioning(parts, () => source.reboot());
  return new Console({
    ...{ io: platform.io.Serial, ...config.console },
    source: offered === undefined ? source : { ...source, provision: () => offered.ask() },
    ...(offered === undefined ? {} : { packets: offered.packets }),
    banner: `Latchkey sensor node ${platform.system.version}. Type "help".`,
  });
}
