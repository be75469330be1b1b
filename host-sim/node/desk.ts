import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { equalBytes } from "../../protocol/encoding/bytes.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { firstStartLines, type RunningServer, startServer } from "../../server/start.ts";
import { CryptoCost } from "../crypto-cost.ts";
import { restoreChip, snapshotChip } from "../nfc/chip-snapshot.ts";
import { Ntag424 } from "../nfc/ntag424.ts";
import { ReaderBoard } from "../reader-board.ts";
import type { SimEvent, TapOutcome } from "../scenario/events.ts";
import { TapWatch } from "../tap-watch.ts";
import { World } from "../world/world.ts";
import type { BackendTenant } from "./backend.ts";
import { BadgeBox } from "./badge-box.ts";
import { DESK_BADGES as BADGES } from "./desk-badges.ts";
import { DeskDongle } from "./desk-dongle.ts";
import { issuerOf } from "./desk-issuer.ts";
import { DeskNetwork } from "./desk-network.ts";
import { BADGE_HOST, deskReaderConfig } from "./desk-reader.ts";
import { type DeskMemory, deskDamaged, loadDesk, saveDesk } from "./desk-store.ts";
import { EventStream } from "./event-stream.ts";
import { SimEvents } from "./sim-events.ts";
import { idle } from "./simulation.ts";
import { paceByWallClock } from "./wall-clock.ts";

export interface DeskOptions {
  /** Database, keys and the reader's flash; created when absent. */
  readonly dataFolder: string;
  readonly host: string;
  /** Of the HTTP server that decides; 0 for any free one. */
  readonly port: number;
  readonly seed?: string;
  readonly speed: number;
  /** Plugs in a PN532 for other programs, with this badge on it. */
  readonly pn532?: { readonly badge?: string };
}

const LOOK_MS = 40;
/** A hand is patient for that long. */
const HOLD_MS = 8_000;
/** A hand that changes badges; the reader looks every 200 ms whether the one before is there. */
const CHANGE_US = 500_000;

/** A simulated reader on the desk, in real time, beside a real HTTP server with a real database. */
export class Desk {
  readonly badges = Object.entries(BADGES).map(([name, { title }]) => ({ name, title }));
  readonly serverUrl: string;
  /** A first start's admin token: shown by whoever started the desk, this once. */
  readonly notices: readonly string[];
  readonly #server: RunningServer;
  readonly #board: ReaderBoard;
  readonly #watch: TapWatch;
  readonly #box: BadgeBox;
  readonly #world: World;
  readonly #stream = new EventStream<SimEvent>();
  readonly #remember: () => void;
  readonly #stopPacing: () => void;
  readonly #looking: NodeJS.Timeout;
  #tapping = false;
  #dongle: DeskDongle | undefined;
  #last: { readonly uid: Uint8Array; readonly leftUs: number } | undefined;

  private constructor(parts: {
    readonly server: RunningServer;
    readonly world: World;
    readonly board: ReaderBoard;
    readonly watch: TapWatch;
    readonly box: BadgeBox;
    readonly remember: () => void;
    readonly speed: number;
  }) {
    this.#server = parts.server;
    this.serverUrl = parts.server.url;
    const { firstStart } = parts.server;
    this.notices = firstStart === undefined ? [] : firstStartLines(firstStart);
    this.#world = parts.world;
    this.#board = parts.board;
    this.#watch = parts.watch;
    this.#box = parts.box;
    this.#remember = parts.remember;
    const eye = new SimEvents(parts, (event) => this.#stream.push(event));
    this.#looking = setInterval(() => eye.look(), LOOK_MS);
    this.#board.powerOn();
    this.#stopPacing = paceByWallClock(parts.world, parts.speed);
  }

  /** @throws what `startServer` throws, storage-corrupt */
  static async start(options: DeskOptions): Promise<Desk> {
    const folder = options.dataFolder;
    const { host, port } = options;
    const server = await startServer({
      folder: join(folder, "server"),
      host,
      port,
      badgeHost: BADGE_HOST,
    });
    let desk: Desk;
    try {
      desk = await Desk.#open(server, folder, options);
    } catch (error) {
      await server.close();
      throw error;
    }
    try {
      if (options.pn532 !== undefined) await desk.#plugIn(options.pn532.badge);
      return desk;
    } catch (error) {
      await desk.stop();
      throw error;
    }
  }

  static async #open(server: RunningServer, folder: string, options: DeskOptions): Promise<Desk> {
    const memory = loadDesk(folder);
    const { own, other } = await tenants(server, memory);
    // Without a seed every run is another one: keys must not repeat outside of tests.
    const world = new World({ seed: options.seed ?? toHex(randomBytes(16)), idle });
    const network = new DeskNetwork(world);
    const cost = new CryptoCost({ crypto: nobleCrypto, advance: (us) => world.advance(us) });
    const board = new ReaderBoard({
      world,
      config: deskReaderConfig(own.provisioning, server.url),
      network,
      crypto: cost.crypto,
      ...(memory.flash === undefined ? {} : { flashImage: memory.flash }),
      ...(memory.chipId === undefined ? {} : { chipId: memory.chipId }),
    });
    board.onPower((on) => {
      if (!on) network.disconnect();
    });
    const watch = new TapWatch(board, {
      cryptoUs: () => cost.totalUs(),
      networkUs: () => network.stats.roundTripUs,
      networkRequests: () => network.stats.requests,
    });
    const box = new BadgeBox({ world, issuer: issuerOf(server), own, other, badges: BADGES });
    for (const [name, snapshot] of Object.entries(memory.badges)) {
      if (!Object.hasOwn(BADGES, name)) continue;
      try {
        box.put(name, restoreChip(snapshot, { crypto: nobleCrypto, random: world.rng(name) }));
      } catch (cause) {
        throw deskDamaged(folder, cause);
      }
    }
    const remember = (): void => {
      const chips = [...box.made()].flatMap(([name, card]) =>
        card instanceof Ntag424 ? [[name, snapshotChip(card)] as const] : [],
      );
      const badges = Object.fromEntries(chips);
      const { chipId } = board;
      const flash = board.flash.image();
      saveDesk(folder, { otherTenantId: other.tenantId, flash, chipId, badges });
    };
    return new Desk({ server, world, board, watch, box, remember, speed: options.speed });
  }

  /** The serial port of the PN532 that other programs may open, if one was asked for. */
  get pn532Path(): string | undefined {
    return this.#dongle?.path;
  }

  /** What happens from now on; ends when the desk stops. */
  events(): AsyncIterable<SimEvent> {
    return this.#stream.subscribe();
  }

  /**
   * Holds a badge to the reader until it answers, or for `holdMs`.
   * @throws badge-unknown, busy (another badge is there), badge-moved (no answer in time)
   */
  async tap(badge: string, holdMs = HOLD_MS): Promise<TapOutcome> {
    if (this.#tapping) throw new LatchkeyError("busy");
    this.#tapping = true;
    try {
      await this.#record(badge);
      const boxed = await this.#box.get(badge);
      const { card, faults } = boxed;
      // A badge is in one place: it goes to the reader and back.
      const lay = this.#dongle?.lift(boxed) === true;
      await this.#changeOver(card.uid);
      const ended = this.#nextTap(holdMs);
      this.#say(badge, "enters");
      this.#board.field.enter(card, faults);
      const outcome = await ended;
      this.#board.field.leave(card);
      this.#say(badge, "leaves");
      if (lay) this.#dongle?.lay(boxed);
      this.#last = { uid: card.uid, leftUs: this.#world.nowUs() };
      // The chip has counted: forget that, and the server takes the badge for a copy next time.
      this.#remember();
      if (outcome === undefined)
        throw new LatchkeyError("badge-moved", {
          message: "The reader did not answer before the badge was taken away.",
        });
      return outcome;
    } finally {
      this.#tapping = false;
    }
  }

  /**
   * Lays a badge on the PN532 of {@link pn532Path}, in place of another; it stays, or for `holdMs`.
   * @throws not-found (there is no such PN532), badge-unknown, busy
   */
  async layOnPn532(badge: string, holdMs?: number): Promise<void> {
    const dongle = this.#dongle;
    if (dongle === undefined) {
      const message = "The simulator has no PN532: start it with `latchkey sim --pn532-pty`.";
      throw new LatchkeyError("not-found", { message });
    }
    if (this.#tapping) throw new LatchkeyError("busy");
    const boxed = await this.#box.get(badge);
    dongle.lay(boxed);
    if (holdMs === undefined) return;
    await sleep(holdMs);
    dongle.lift(boxed);
    this.#remember();
  }

  /**
   * Until the reader knows that the badge before is gone, and the same one may come again: while
   * its result is on the screen the reader takes it for one that was left lying there.
   */
  async #changeOver(uid: Uint8Array): Promise<void> {
    const last = this.#last;
    if (last === undefined) return;
    const showsResult = () => /^(granted|denied)$/.test(this.#board.reader?.state.stage ?? "");
    const same = equalBytes(last.uid, uid);
    while (this.#world.nowUs() < last.leftUs + CHANGE_US || (same && showsResult())) {
      await sleep(LOOK_MS);
    }
  }

  /** Who records a badge does so before it is shown to the reader: afterwards it is stale. */
  async #record(badge: string): Promise<void> {
    for (const [name, { kind, of }] of Object.entries(BADGES)) {
      if (kind === "emulator" && of === badge) await this.#box.get(name);
    }
  }

  /** Types into the reader's serial console. */
  write(text: string): void {
    this.#board.serial.write(toUtf8(text));
  }

  async stop(): Promise<void> {
    clearInterval(this.#looking);
    this.#dongle?.unplug();
    this.#remember();
    // Its program ends its devices in virtual time, so time must still pass.
    await this.#board.reader?.stop();
    this.#stopPacing();
    this.#board.powerOff();
    this.#stream.end();
    await this.#server.close();
  }

  async #plugIn(badge: string | undefined): Promise<void> {
    this.#dongle = await DeskDongle.plugIn(this.#world);
    if (badge !== undefined) await this.layOnPn532(badge);
  }

  #nextTap(holdMs: number): Promise<TapOutcome | undefined> {
    return new Promise((resolve) => {
      const end = (outcome: TapOutcome | undefined): void => {
        clearTimeout(timer);
        stop();
        resolve(outcome);
      };
      const stop = this.#watch.onTap(end);
      const timer = setTimeout(() => end(undefined), holdMs);
    });
  }

  #say(badge: string, action: "enters" | "leaves"): void {
    this.#stream.push({ type: "badge", atMs: this.#world.nowUs() / 1000, badge, action });
  }
}

async function tenants(
  { service }: RunningServer,
  memory: DeskMemory,
): Promise<{ own: BackendTenant; other: BackendTenant }> {
  const { admin } = service;
  const all = await admin.tenants();
  const known = all.find((tenant) => tenant.tenantId === memory.otherTenantId);
  const other = known ?? (await admin.createTenant({ name: "another tenant" }));
  const own = all.find((tenant) => tenant.tenantId !== other.tenantId);
  if (own === undefined) throw new LatchkeyError("tenant-unknown");
  const withKeys = async (tenantId: string): Promise<BackendTenant> => ({
    tenantId,
    provisioning: await admin.provisioning(tenantId),
  });
  return { own: await withKeys(own.tenantId), other: await withKeys(other.tenantId) };
}
