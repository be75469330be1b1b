import { badgeKey } from "../../protocol/badge/key-id.ts";
import { badgeFileLength } from "../../protocol/badge/link.ts";
import { sealedFileLength } from "../../protocol/badge/sealed-link.ts";
import type { TimerHandle } from "../../protocol/platform.ts";
import type { ReaderConfig } from "../config.ts";
import { Console } from "../console/console.ts";
import { openNodeJournal } from "../factory-reset.ts";
import { layOutFlash } from "../journal/flash-layout.ts";
import { LazyKeyLabel } from "../key-label.ts";
import { RingLog } from "../log.ts";
import { createNodeIdentity } from "../node-identity.ts";
import { nodeStorage } from "../node-storage.ts";
import type { Platform } from "../platform.ts";
import { prepareNode } from "../prepare-node.ts";
import { NodeReporting } from "../sensor/node-reporting.ts";
import { type ConsoleParts, consoleSource, readerProvisioning } from "./console-source.ts";
import { ReaderEngine, type StateListener } from "./engine.ts";
import { createHardware } from "./hardware.ts";
import { isHealthy, isQuiet, maySpeak } from "./health.ts";
import type { Policy, ReaderState } from "./machine.ts";
import { readerUpdate } from "./reader-update.ts";
import { type Screen, type ScreenContext, screenFor } from "./screens.ts";
import { ServerWork } from "./server-work.ts";
import type { TapRecord } from "./tap-records.ts";
import { Visits } from "./visits.ts";

/** A running reader, as tests and tools see it. */
export interface ReaderHandle {
  readonly state: ReaderState;
  /** The last taps, oldest first. */
  readonly taps: readonly TapRecord[];
  readonly log: RingLog;
  /** What the display should show now. */
  readonly screen: Screen;
  /** Calls back after every event that was handled; gives back how to end that. */
  onState(listener: StateListener): () => void;
  /** Ends everything and gives the pins back. The door stays shut. */
  stop(): Promise<void>;
}

/** How often the display's clock and the watchdog are seen to. */
const TICK_MS = 250;
/** Of one upload: sealing it is short work between two taps. */
const UPLOAD_BYTES_MAX = 1_000;
/** A badge that is read in four exchanges of the longest kind is not read at all. */
const READ_TIMEOUT_MS = 6_000;

/**
 * Starts the badge reader: configures the relay, then everything else, and boots.
 * Everything that can fail later is shown on the display and tried again.
 * @throws config-invalid, storage-failed
 */
export function startReader(platform: Platform, config: ReaderConfig): ReaderHandle {
  const { clock, timer, random, crypto, system } = platform;
  const log = new RingLog({ clock, forward: platform.log });
  const hardware = createHardware(platform, config, log);
  log.write("info", "boot", { reason: system.bootReason, version: system.version });
  const flash = layOutFlash(platform.flash);
  const storage = openNodeJournal(platform, flash, log);
  const identity = createNodeIdentity({
    ...{ platform, config, log },
    storage: nodeStorage(platform, storage),
    onEvent: (event) => engine.identityEvent(event),
  });
  const { tenantId, df1, limits } = config;
  const { decisionTimeoutMs, requestTimeoutMs } = limits;
  const badgeKeys = df1 === undefined ? [] : [badgeKey(crypto, df1)];
  const work = {
    identity,
    clock,
    crypto,
    tenantId,
    badgeKeys,
    image: () => update?.report(),
    decisionTimeoutMs,
    requestTimeoutMs,
  };
  const server = new ServerWork(work);
  const network = prepareNode({ timer, network: platform.network, storage, identity, log });
  const engine: ReaderEngine = new ReaderEngine({
    ...{ clock, timer, random, log, network, system, identity, hardware, server },
    policy: policyOf(config),
    badgeFileBytes: expectedFileLength(config),
    onTap: (tap) => reporting.tapped(tap),
  });
  const isIdle = () => engine.state.tap === undefined;
  const update = readerUpdate({ ...{ platform, config, log, identity, engine, hardware, isIdle } });
  const reporting = new NodeReporting({
    ...{ platform, flash: flash.events, config, identity, log },
    bytesMax: UPLOAD_BYTES_MAX,
    mayUpload: () => maySpeak(engine.state),
    isIdle,
    doorFree: () => hardware.doorFree(),
  });
  engine.onState((state) => {
    if (maySpeak(state)) reporting.connected();
  });
  const key = new LazyKeyLabel(crypto);
  const visits = new Visits({
    ...{ clock, timer, log },
    ask: (question) => server.askVisit(question),
    isReady: () => engine.state.stage === "ready",
    dispatch: (event) => engine.dispatch(event),
  });
  if (config.visitors) visits.start();
  const board = { platform, config, log, hardware, storage };
  const parts = { ...board, engine, identity, reporting, key, visits };
  return run(parts, () => update?.stop());
}

function expectedFileLength({ badgeHost, badgeProfile }: ReaderConfig): number | undefined {
  if (badgeHost === undefined) return undefined;
  return badgeProfile === "sealed" ? sealedFileLength(badgeHost) : badgeFileLength(badgeHost);
}

function policyOf({ limits, relay }: ReaderConfig): Policy {
  return {
    decisionTimeoutMs: limits.decisionTimeoutMs,
    readTimeoutMs: READ_TIMEOUT_MS,
    relayMaxMs: relay.maxMs,
    resultMs: limits.resultMs,
    checkinIntervalMs: limits.checkinIntervalMs,
    retryBaseMs: limits.retryBaseMs,
    retryMaxMs: limits.retryMaxMs,
  };
}

function run(parts: ConsoleParts, stopUpdate: () => void): ReaderHandle {
  const { platform, config, log, engine, identity, hardware, reporting } = parts;
  const { clock, timer, system } = platform;
  const server = config.baseUrl.replace(/^https?:\/\//, "");
  const screen = () => screenFor(engine.state, screenContext(parts, server));
  const show = () => hardware.painter?.show(screen());
  let tick: TimerHandle | undefined;
  const onTick = () => {
    tick = timer.set(onTick, TICK_MS);
    feedWatchdog(parts);
    // A tap's screens are drawn when they change, and not while its time counts.
    const { stage } = engine.state;
    if (stage !== "reading" && stage !== "checking") show();
    if (isQuiet(engine.state, clock.monotonicMs())) system.idle?.();
  };
  const terminal = openConsole(parts);
  let shown: ReaderState | undefined;
  engine.onState((state) => {
    if (state !== shown) show();
    shown = state;
  });
  engine.dispatch({ type: "start" });
  reporting.start();
  onTick();
  return {
    get state() {
      return engine.state;
    },
    get taps() {
      return engine.taps.list;
    },
    get screen() {
      return screen();
    },
    log,
    onState: (listener) => engine.onState(listener),
    stop: async () => {
      if (tick !== undefined) timer.clear(tick);
      stopUpdate();
      engine.stop();
      parts.visits.stop();
      reporting.stop();
      terminal?.close();
      identity.close();
      await hardware.close();
      log.write("info", "stopped", { label: config.label });
    },
  };
}

function openConsole(parts: ConsoleParts): Console | undefined {
  const { platform, config } = parts;
  if (config.console === undefined) return undefined;
  const source = consoleSource(parts);
  const offered = readerProvisioning(parts, () => source.reboot());
  return new Console({
    ...{ io: platform.io.Serial, ...config.console },
    source: offered === undefined ? source : { ...source, provision: () => offered.ask() },
    ...(offered === undefined ? {} : { packets: offered.packets }),
    banner: `Latchkey reader ${platform.system.version}. Type "help".`,
  });
}

function feedWatchdog({ platform, config, engine }: ConsoleParts): void {
  const silentMs = platform.clock.monotonicMs() - engine.lastEventMs;
  if (isHealthy(silentMs, config.limits.retryMaxMs, engine.state)) platform.system.feedWatchdog();
}

function screenContext(parts: ConsoleParts, server: string): ScreenContext {
  const { platform, config, engine, identity, key, visits } = parts;
  const unix = identity.nowUnix();
  const local = unix === undefined ? undefined : Math.floor(unix / 60) + config.utcOffsetMinutes;
  return {
    nowMs: platform.clock.monotonicMs(),
    label: config.label,
    version: platform.system.version,
    server,
    key: engine.state.stage === "pending" ? key.of(identity.state.nodePk) : undefined,
    visit: visits.code,
    minuteOfDay: local === undefined ? undefined : ((local % 1440) + 1440) % 1440,
  };
}
