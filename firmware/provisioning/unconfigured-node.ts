import { ERROR_CODES } from "../../protocol/error-codes.ts";
import { LatchkeyError, toLatchkeyError } from "../../protocol/errors.ts";
import { loadOrCreateNodeKey } from "../../protocol/node/node-key.ts";
import type { Log, TimerHandle } from "../../protocol/platform.ts";
import { Console } from "../console/console.ts";
import { type ConsoleSource, type Facts, nodeActions } from "../console/snapshot.ts";
import { createDisplay } from "../display.ts";
import { openNodeJournal } from "../factory-reset.ts";
import { layOutFlash } from "../journal/flash-layout.ts";
import type { Journal } from "../journal/journal.ts";
import { type KeyLabel, keyLabel } from "../key-label.ts";
import { RingLog } from "../log.ts";
import type { NodeConfig } from "../node-config.ts";
import { nodeStorage } from "../node-storage.ts";
import type { Platform } from "../platform.ts";
import { Painter } from "../reader/painter.ts";
import { keyScreen, type Screen } from "../reader/screens.ts";
import { nodeProvisioning } from "./node-provisioning.ts";
import type { Provisioning } from "./provisioning.ts";

export interface UnconfiguredOptions {
  readonly provisioning: Provisioning;
  /** `reader` or `sensor`. */
  readonly product: string;
  /** Where the board has console and display: there is no configuration that could say. */
  readonly board: Pick<NodeConfig, "console" | "display">;
  /** Why it has no configuration that it can use: config-missing, storage-corrupt, … */
  readonly reason: LatchkeyError;
}

/** A node that waits for its configuration, as tests and platforms see it. */
export interface UnconfiguredHandle {
  readonly screen: Screen;
  readonly log: RingLog;
  stop(): Promise<void>;
}

/** What this program needs; no network yet. */
export type UnconfiguredPlatform = Omit<Platform, "network" | "provisioning">;

const TICK_MS = 250;
/** How often it says what it waits for: whoever opens a terminal later has to see it too. */
const NOTICE_MS = 10_000;

/**
 * The text of a stored configuration, read and parsed.
 * @throws config-missing, storage-corrupt, and what `parse` throws
 */
export function storedConfig<T>({ store }: Provisioning, parse: (json: string) => T): T {
  const json = store.read();
  if (json === undefined) throw new LatchkeyError("config-missing");
  return parse(json);
}

/**
 * The program of a node that has no configuration: it makes its key, shows the fingerprint, and
 * waits on the console for what it lacks. It touches no pin but those of console and display, so
 * the door stays shut.
 */
export function startUnconfigured(
  platform: UnconfiguredPlatform,
  options: UnconfiguredOptions,
): UnconfiguredHandle {
  const { clock, timer, system, log: forward } = platform;
  const { provisioning } = options;
  const log = new RingLog({ clock, forward });
  // A sentence of a configuration's parser names the field and repeats no value.
  const { code, message: said } = options.reason;
  const { bootReason: boot, version } = system;
  log.write("warn", "unconfigured", { code, said, boot, version });
  const journal = openNodeJournal({ ...platform, provisioning }, layOutFlash(platform.flash), log);
  const key = ownKey(platform, journal, log);
  const screen = waitingScreen(options, key.label);
  const display = createDisplay(platform, options.board);
  const painter = display && new Painter({ panel: display, timer, log });
  void painter?.open();
  painter?.show(screen);
  const terminal = openConsole(platform, options, { log, key, journal });
  let tick: TimerHandle | undefined;
  let notice: TimerHandle | undefined;
  const onTick = () => {
    tick = timer.set(onTick, TICK_MS);
    system.feedWatchdog();
  };
  const onNotice = () => {
    notice = timer.set(onNotice, NOTICE_MS);
    // Past the log in memory: it would hold nothing else before long.
    forward.write("warn", "waits-for-provisioning", {
      ...{ code, said, fingerprint: key.label?.fingerprint, next: ERROR_CODES[code].next },
    });
  };
  onTick();
  onNotice();
  return {
    ...{ screen, log },
    stop: async () => {
      if (tick !== undefined) timer.clear(tick);
      if (notice !== undefined) timer.clear(notice);
      terminal?.close();
      painter?.close();
      display?.close();
    },
  };
}

interface OwnKey {
  readonly nodePk: Uint8Array | undefined;
  readonly label: KeyLabel | undefined;
}

/** Made now if need be: whoever stands here wants to note the fingerprint. */
function ownKey(platform: UnconfiguredPlatform, journal: Journal, log: Log): OwnKey {
  const { crypto, random } = platform;
  try {
    const storage = nodeStorage(platform, journal);
    const { publicKey, seed } = loadOrCreateNodeKey(crypto, storage, random);
    seed.wipe(); // nothing is signed here
    return { nodePk: publicKey, label: keyLabel(crypto, publicKey) };
  } catch (error) {
    // It can be provisioned all the same; what is wrong here shows again when the node starts.
    log.write("error", "prepare-failed", { code: toLatchkeyError(error).code });
    return { nodePk: undefined, label: undefined };
  }
}

function waitingScreen({ reason }: UnconfiguredOptions, label: KeyLabel | undefined): Screen {
  const title = reason.code === "config-missing" ? "SET ME UP" : "BAD CONFIG";
  if (label !== undefined) return keyScreen(title, "by USB", label);
  return { left: "LATCHKEY", right: "", title, lines: ["", "latchkey provision", reason.code] };
}

function openConsole(
  platform: UnconfiguredPlatform,
  options: UnconfiguredOptions,
  { log, key, journal }: { log: RingLog; key: OwnKey; journal: Journal },
): Console | undefined {
  const { system, io } = platform;
  const { provisioning, product, board } = options;
  if (board.console === undefined) return undefined;
  const network = (): Facts => {
    const { up = false, ssid = null, address = null } = provisioning.wifi?.status() ?? {};
    return { up, ssid, address };
  };
  const progress = (): Facts => {
    const { ssid = null, address = null } = network();
    return { stage: "unconfigured", error: options.reason.code, ssid, address };
  };
  const actions = nodeActions(platform, log, journal);
  const offered = nodeProvisioning({
    ...{ platform, provisioning, log, product, progress, restart: actions.reboot, atWork: false },
    // One that is damaged, or that this firmware cannot use, is not thereby up for grabs.
    configured: options.reason.code !== "config-missing",
    label: `Latchkey ${system.chipId.slice(-4)}`,
    nodePk: () => key.nodePk,
    joined: () => provisioning.wifi?.status().up ?? false,
  });
  const source: ConsoleSource = {
    status: () => ({
      ...progress(),
      error_said: options.reason.message,
      error_next: ERROR_CODES[options.reason.code].next,
      boot_reason: system.bootReason,
      firmware: system.version,
    }),
    id: () => ({ fingerprint: key.label?.fingerprint ?? null, chip_id: system.chipId }),
    net: network,
    provision: () => offered.ask(),
    log: (count, level) => log.last(count, level),
    ...actions,
  };
  return new Console({
    ...{ io: io.Serial, ...board.console, source, packets: offered.packets },
    banner: `Latchkey ${product} ${system.version}, without a configuration. Type "status".`,
  });
}
