import { LatchkeyError } from "../../protocol/errors.ts";
import type { BusEffect } from "../board/bus-faults.ts";
import type { NetworkFault } from "../net/network-fault.ts";
import type { Fault, I2cFault, NetworkTrouble, SensorTrouble } from "../scenario/scenario.ts";
import { readerOf, type Scene } from "./scene.ts";

/** How long SCL is held by an `i2c: stretch` fault: long, but within the bus's time limit. */
const STRETCH_US = 4_000;
/** Clocks after which a chip that holds SDA lets go: within the nine of a bus recovery. */
const STUCK_CLOCKS = 7;

type Rate = readonly [NetworkFault, number];

/**
 * The faults that hold at the moment, switched on and off by the words of a scenario. Clearing
 * one leaves the others alone.
 */
export class FaultBoard {
  readonly #sim: Scene;
  readonly #active = new Set<{ readonly fault: Fault; readonly undo: () => void }>();
  readonly #rates = new Set<Rate>();

  constructor(sim: Scene) {
    this.#sim = sim;
  }

  /** Switches a fault on; the result switches it off. */
  set(fault: Fault): () => void {
    const { world } = this.#sim;
    world.record("fault", `set ${JSON.stringify(fault)}`);
    const entry = { fault, undo: this.#apply(fault) };
    this.#active.add(entry);
    return () => {
      if (!this.#active.delete(entry)) return;
      entry.undo();
      world.record("fault", `cleared ${JSON.stringify(fault)}`);
    };
  }

  clear(): void {
    for (const entry of [...this.#active]) {
      this.#active.delete(entry);
      entry.undo();
    }
    this.#sim.world.record("fault", "cleared all");
  }

  #apply(fault: Fault): () => void {
    const { backend } = this.#sim;
    switch (fault.part) {
      case "network":
        return this.#network(fault);
      case "delay":
        return this.#rate([{ kind: "delay", ms: fault.delayUs / 1000 }, 1]);
      case "i2c":
        return this.#bus(fault);
      case "pn532":
        return this.#pn532(fault.mode);
      case "sensor":
        return this.#sensor(fault);
      case "server":
        if (fault.mode === "down") return this.#rate([{ kind: "server-down" }, 1]);
        backend.mode = fault.mode;
        return () => {
          backend.mode = "up";
        };
    }
  }

  #network({ mode, probability }: NetworkTrouble): () => void {
    const { network } = this.#sim;
    switch (mode) {
      case "down":
        network.inRange = false;
        network.disconnect();
        return () => {
          network.inRange = true;
        };
      case "portal":
        return this.#rate([{ kind: "captive-portal" }, probability]);
      case "corrupt":
        return this.#rate([{ kind: "corrupt", direction: "down" }, probability]);
      default:
        return this.#rate([{ kind: mode }, probability]);
    }
  }

  #rate(rate: Rate): () => void {
    const { faults } = this.#sim.network;
    this.#rates.add(rate);
    faults.setRates([...this.#rates]);
    return () => {
      this.#rates.delete(rate);
      faults.setRates([...this.#rates]);
    };
  }

  #bus({ mode, probability }: I2cFault): () => void {
    const { nfcBus } = readerOf(this.#sim).board;
    if (mode === "stuck") {
      nfcBus.stickSda(STUCK_CLOCKS);
      return () => nfcBus.freeSda();
    }
    const effects: Readonly<Record<typeof mode, BusEffect>> = {
      nack: { kind: "address-nack" },
      flip: { kind: "bit-flip" },
      stretch: { kind: "stretch", us: STRETCH_US },
    };
    const times = Number.POSITIVE_INFINITY;
    return nfcBus.faults.add({ effect: effects[mode], probability, times });
  }

  #sensor({ sensor, mode }: SensorTrouble): () => void {
    const undo = this.#sim.board.rig.fault(sensor, mode);
    if (undo !== undefined) return undo;
    const message = `${sensor}: a sensor of its kind is never \`${mode}\`.`;
    throw new LatchkeyError("scenario-invalid", { message });
  }

  #pn532(mode: "wedge" | "unplug"): () => void {
    const { board } = readerOf(this.#sim);
    if (mode === "wedge") {
      board.pn532.wedge("silent");
      return () => undefined; // only a reset helps, and that is the driver's business
    }
    board.connectPn532(false);
    return () => board.connectPn532(true);
  }
}
