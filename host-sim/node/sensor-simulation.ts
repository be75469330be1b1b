import { EVERY_DRIVER } from "../../firmware/sensor/drivers/every-driver.ts";
import type { SensorDriver } from "../../firmware/sensor/sensor-driver.ts";
import type { CryptoProvider } from "../../protocol/crypto/provider.ts";
import { nodeCrypto } from "../../server/node-crypto.ts";
import type { ReadingRow } from "../../server/store/readings.ts";
import { CryptoCost } from "../crypto-cost.ts";
import { NetworkModel } from "../net/network-model.ts";
import type { NodeBoardOptions } from "../node-board.ts";
import { SensorBoard } from "../sensor-board.ts";
import { World } from "../world/world.ts";
import { Backend, type BackendTenant, SIM_BASE_URL } from "./backend.ts";
import { deskSensorJson } from "./desk-sensor.ts";
import { idle } from "./simulation.ts";

export interface SensorSimulationOptions {
  readonly seed: string;
  readonly networkJoinUs?: number;
  /** One way. */
  readonly latencyUs?: number;
  /** Replaces fields of the node's configuration, `sensors` among them. */
  readonly node?: Readonly<Record<string, unknown>>;
  /** Every kind of sensor there is unless told. */
  readonly drivers?: readonly SensorDriver[];
  readonly crypto?: CryptoProvider;
  /** The node has boot code and two images; called at each of its starts. */
  readonly boot?: NodeBoardOptions["boot"];
}

/**
 * One sensor node and its server in one seeded world. Everything in it is the real thing but the
 * hardware and the time.
 * @example
 * const sim = await SensorSimulation.create({ seed: "1" });
 * sim.board.rig.set("room", { temperature: 24.3 });
 * sim.board.powerOn();
 * await sim.until(() => sim.stage === "active", 5_000_000);
 */
export class SensorSimulation {
  readonly world: World;
  readonly backend: Backend;
  readonly network: NetworkModel;
  readonly board: SensorBoard;
  readonly tenant: BackendTenant;

  private constructor(
    options: SensorSimulationOptions,
    world: World,
    backend: Backend,
    tenant: BackendTenant,
  ) {
    this.world = world;
    this.backend = backend;
    this.tenant = tenant;
    this.network = new NetworkModel({
      world,
      backend: (request) => backend.handle(request),
      joinMs: (options.networkJoinUs ?? 1_200_000) / 1000,
      latencyMs: (options.latencyUs ?? 10_000) / 1000,
    });
    const { crypto } = new CryptoCost({
      crypto: options.crypto ?? nodeCrypto,
      advance: (us) => world.advance(us),
    });
    this.board = new SensorBoard({
      ...{ world, network: this.network, crypto },
      config: deskSensorJson(tenant.provisioning, SIM_BASE_URL, options.node),
      drivers: options.drivers ?? EVERY_DRIVER,
      ...(options.boot === undefined ? {} : { boot: options.boot }),
    });
  }

  static async create(options: SensorSimulationOptions): Promise<SensorSimulation> {
    const world = new World({ seed: options.seed, idle });
    const backend = new Backend(world);
    const tenant = await backend.createTenant("Desk");
    return new SensorSimulation(options, world, backend, tenant);
  }

  /** Where the firmware is; `off` without power. */
  get stage(): string {
    return this.board.stage;
  }

  /** Runs until `done`, at most `limitUs` of virtual time; says whether it came to pass. */
  until(done: () => boolean, limitUs: number): Promise<boolean> {
    return this.world.run(done, limitUs);
  }

  /** What the server has, in the order of arrival. */
  get readings(): readonly ReadingRow[] {
    return this.backend.readings;
  }
}
