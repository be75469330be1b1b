import { setImmediate } from "node:timers";
import type { ReaderConfig } from "../../firmware/config.ts";
import type { Provisioning } from "../../firmware/provisioning/provisioning.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import type { CryptoProvider } from "../../protocol/crypto/provider.ts";
import type { HttpRequest, HttpResponse } from "../../protocol/platform.ts";
import { CryptoCost, type CryptoProfile } from "../crypto-cost.ts";
import { NetworkModel } from "../net/network-model.ts";
import type { NodeBoardOptions } from "../node-board.ts";
import type { Pn532Behaviour } from "../pn532/behaviour.ts";
import { ReaderBoard } from "../reader-board.ts";
import type { SensorEntry } from "../rig/simulated-sensor.ts";
import type { ScenarioBadge, ScenarioVisitor } from "../scenario/scenario.ts";
import { type MeasuredTap, TapWatch } from "../tap-watch.ts";
import { World } from "../world/world.ts";
import { Backend, type BackendTenant, SIM_BASE_URL } from "./backend.ts";
import { BadgeBox } from "./badge-box.ts";
import { deskReaderConfig } from "./desk-reader.ts";
import { VisitorBox } from "./visitor-box.ts";

export interface SimulationOptions {
  readonly seed: string;
  readonly networkJoinUs?: number;
  /** One way; a round trip takes twice this, and the server's time. */
  readonly latencyUs?: number;
  /** Replaces fields of the reader's configuration. */
  readonly reader?: Readonly<Record<string, unknown>>;
  readonly badges?: Readonly<Record<string, ScenarioBadge>>;
  readonly visitors?: Readonly<Record<string, ScenarioVisitor>>;
  /** The reader gets its configuration over its console, and not with its program. */
  readonly provisioning?: (world: World) => Provisioning;
  readonly pn532?: Partial<Pn532Behaviour>;
  /** The reader has boot code and two images; called at each of its starts. */
  readonly boot?: NodeBoardOptions["boot"];
  /** What the node's cryptography costs; `native` when absent, as on the device. */
  readonly cost?: CryptoProfile;
  /** What computes it; the result is the same, the wall clock's time is not. */
  readonly crypto?: CryptoProvider;
}

/** A request of the reader that reached its own server, and the answer that left it. */
export interface Exchange {
  readonly path: string;
  readonly request: HttpRequest;
  readonly response: HttpResponse;
}

/** The event loop of the desk: resolves when every promise job has run. */
export const idle = (): Promise<void> => new Promise((done) => setImmediate(done));

const ALICE: Readonly<Record<string, ScenarioBadge>> = Object.freeze({
  alice: { kind: "good", mode: "STD", holder: "Alice" },
});

/**
 * One reader, its server and its badges in one seeded world. Everything in it is the real thing
 * (firmware, drivers, service, database) but the hardware and the time.
 * @example
 * const sim = await Simulation.create({ seed: "1" });
 * sim.board.powerOn();
 * await sim.until(() => sim.stage === "ready", 5_000_000);
 * const tap = await sim.tap("alice");
 */
export class Simulation {
  readonly world: World;
  readonly backend: Backend;
  readonly network: NetworkModel;
  readonly crypto: CryptoCost;
  readonly config: ReaderConfig;
  readonly board: ReaderBoard;
  readonly watch: TapWatch;
  readonly badges: BadgeBox;
  readonly visitors: VisitorBox;
  readonly tenant: BackendTenant;
  /** Somebody else's, on the same server. */
  readonly otherTenant: BackendTenant;
  readonly #onExchange: ((exchange: Exchange) => void)[] = [];

  private constructor(
    options: SimulationOptions,
    world: World,
    backend: Backend,
    own: BackendTenant,
    other: BackendTenant,
  ) {
    this.world = world;
    this.backend = backend;
    this.tenant = own;
    this.otherTenant = other;
    this.network = new NetworkModel({
      world,
      backend: (request) => this.#exchange(request),
      joinMs: (options.networkJoinUs ?? 1_200_000) / 1000,
      latencyMs: (options.latencyUs ?? 10_000) / 1000,
    });
    this.crypto = new CryptoCost({
      crypto: options.crypto ?? nobleCrypto,
      advance: (us) => world.advance(us),
      profile: options.cost ?? "native",
    });
    this.config = deskReaderConfig(own.provisioning, SIM_BASE_URL, options.reader);
    this.board = new ReaderBoard({
      world,
      config: this.config,
      network: this.network,
      crypto: this.crypto.crypto,
      sensors: (options.reader?.["sensors"] ?? []) as readonly SensorEntry[],
      ...(options.boot === undefined ? {} : { boot: options.boot }),
      ...(options.pn532 === undefined ? {} : { pn532: options.pn532 }),
      ...(options.provisioning === undefined ? {} : { provisioning: options.provisioning(world) }),
    });
    this.watch = new TapWatch(this.board, {
      cryptoUs: () => this.crypto.totalUs(),
      networkUs: () => this.network.stats.roundTripUs,
      networkRequests: () => this.network.stats.requests,
    });
    const badges = options.badges ?? ALICE;
    this.badges = new BadgeBox({ world, issuer: backend, own, other, badges });
    const { visitors = {} } = options;
    const nowUnix = () => Math.floor(backend.unixMs() / 1000);
    this.visitors = new VisitorBox({ world, backend, own, visitors, nowUnix });
  }

  static async create(options: SimulationOptions): Promise<Simulation> {
    const world = new World({ seed: options.seed, idle });
    const backend = new Backend(world);
    const own = await backend.createTenant("Desk");
    const other = await backend.createTenant("Other tenant");
    return new Simulation(options, world, backend, own, other);
  }

  /** Where the firmware is; `off` without power. */
  get stage(): string {
    return this.board.reader?.state.stage ?? "off";
  }

  /** Told of every exchange with the genuine server, whether or not its answer arrives. */
  onExchange(listener: (exchange: Exchange) => void): void {
    this.#onExchange.push(listener);
  }

  async #exchange(request: HttpRequest): Promise<HttpResponse> {
    const genuine = this.backend.mode === "up";
    const response = await this.backend.handle(request);
    const path = request.url.slice(SIM_BASE_URL.length + 1);
    if (genuine) for (const listener of this.#onExchange) listener({ path, request, response });
    return response;
  }

  /** Runs until `done`, at most `limitUs` of virtual time; says whether it came to pass. */
  until(done: () => boolean, limitUs: number): Promise<boolean> {
    return this.world.run(done, limitUs);
  }

  /** Runs until the reader waits for badges. */
  async ready(limitUs = 30_000_000): Promise<void> {
    if (this.stage === "off") this.board.powerOn();
    if (!(await this.until(() => this.stage === "ready", limitUs)))
      throw new Error(`not ready after ${limitUs / 1e6} s, but ${this.stage}`);
  }

  /** Puts a badge into the field, now. */
  async enter(badge: string): Promise<void> {
    const { card, faults } = await this.badges.get(badge);
    this.board.field.enter(card, faults);
  }

  /**
   * Puts a badge into the field that vanishes in the middle: once `bytes` bytes of APDUs, both
   * directions counted, have been exchanged with it.
   */
  async enterUntilByte(badge: string, bytes: number): Promise<void> {
    const { card, faults } = await this.badges.get(badge);
    const { field } = this.board;
    let left = bytes;
    const cutting = {
      ...faults,
      onApdu: (command: Uint8Array, response: Uint8Array) => {
        if (left <= command.length) field.leave(card);
        else if (left <= command.length + response.length)
          field.leaveAfterBytes(card, left - command.length);
        left -= command.length + response.length;
      },
    };
    field.enter(card, cutting);
  }

  async leave(badge: string): Promise<void> {
    this.board.field.leave((await this.badges.get(badge)).card);
  }

  /**
   * Holds a badge to the reader until the tap has ended and takes it away again. `undefined`
   * when the reader did not react within `limitUs`.
   */
  async tap(badge: string, limitUs = 15_000_000): Promise<MeasuredTap | undefined> {
    const before = this.watch.count;
    await this.enter(badge);
    const ended = await this.until(() => this.watch.count > before, limitUs);
    await this.leave(badge);
    return ended ? this.watch.lastTap : undefined;
  }
}
