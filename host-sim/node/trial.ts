import { TEARS } from "../flash/tear.ts";
import type { Prng } from "../world/prng.ts";
import { FaultBoard } from "./fault-board.ts";
import { Insider } from "./insider.ts";
import type { Simulation } from "./simulation.ts";
import { TrialAttacker } from "./trial-attacker.ts";
import { TRIAL_BADGES, TRIAL_FAULTS } from "./trial-cast.ts";
import { createWatched, type WatchedSimulation } from "./watch-simulation.ts";

export interface TrialOptions {
  readonly seed: string;
  /** Strokes of fate, one after the other; 24 unless told. */
  readonly rounds?: number;
  readonly command?: string;
}

export interface TrialResult {
  readonly virtualS: number;
  readonly turns: number;
  readonly granted: number;
  /** How often each stroke came. */
  readonly strokes: Readonly<Record<string, number>>;
  readonly traceHash: string;
}

/** What can happen next. */
export const STROKES = Object.freeze([
  "tap",
  "pulled",
  "several",
  "fault",
  "power-cut",
  "reset",
  "server-restart",
  "clock",
  "replay",
  "tamper",
  "insider",
] as const);
type Stroke = (typeof STROKES)[number];

/** Once faults are over, a good badge opens the door again within this. */
const LIVENESS_US = 120_000_000;
/** What disturbed the PN532 may be felt this long after it is over. */
const CALM_AFTER_US = 10_000_000;
/** Flash operations of the first boot, roughly: the cut may also miss. */
const BOOT_OPERATIONS = 8;
const CLOCK_ERRORS_S = [-157_680_000, -3_600, -30, 30, 3_600, 157_680_000];

/** One world in which everything goes wrong that can. @throws InvariantViolation */
export async function runTrial(options: TrialOptions): Promise<TrialResult> {
  const { seed, rounds = 24 } = options;
  const command = options.command ?? `npx node test/e2e/replay.ts trial ${seed}`;
  let calmAtUs = 0;
  const calm = (): boolean => watched.sim.world.nowUs() >= calmAtUs;
  const watched: WatchedSimulation = await createWatched(
    { seed, badges: TRIAL_BADGES },
    command,
    calm,
  );
  const trial = new Trial(watched, (atUs) => {
    calmAtUs = atUs;
  });
  await trial.firstBoot();
  for (let round = 0; round < rounds; round++) await trial.stroke();
  return trial.end();
}

class Trial {
  readonly #sim: Simulation;
  readonly #invariants: WatchedSimulation["invariants"];
  readonly #rng: Prng;
  readonly #faults: FaultBoard;
  readonly #insider: Insider;
  readonly #attacker: TrialAttacker;
  readonly #calmAt: (atUs: number) => void;
  readonly #strokes: Record<string, number> = {};
  #granted = 0;

  constructor({ sim, invariants }: WatchedSimulation, calmAt: (atUs: number) => void) {
    this.#sim = sim;
    this.#invariants = invariants;
    this.#rng = sim.world.rng("trial");
    this.#faults = new FaultBoard(sim);
    this.#insider = new Insider(sim);
    this.#attacker = new TrialAttacker(sim);
    this.#calmAt = calmAt;
    sim.watch.onTap(({ granted }) => {
      if (granted) this.#granted++;
    });
  }

  /** The power goes in the middle of a flash operation of the very first boot, mostly. */
  async firstBoot(): Promise<void> {
    const { board } = this.#sim;
    board.powerOn();
    // After power came: that forgets a cut which was planned before.
    if (this.#rng.chance(0.8))
      board.flash.cutAt(this.#rng.int(1, BOOT_OPERATIONS), this.#rng.pick(TEARS));
    await this.#sim.until(() => this.#sim.stage === "ready", 6_000_000);
    await this.#recover();
  }

  async stroke(): Promise<void> {
    const name = this.#rng.pick([...STROKES, "tap", "fault", "fault"] as const);
    this.#strokes[name] = (this.#strokes[name] ?? 0) + 1;
    this.#sim.world.record("trial", name);
    await this.#strike(name);
    await this.#wait(200_000, 4_000_000);
  }

  #strike(name: Stroke): Promise<void> {
    switch (name) {
      case "tap":
        return this.#tap();
      case "pulled":
        return this.#pulled();
      case "several":
        return this.#several();
      case "fault":
        return this.#fault();
      case "power-cut":
        return this.#powerCut();
      case "reset":
        return this.#reset();
      case "server-restart":
        return this.#restartServer();
      case "clock":
        return this.#clock();
      case "replay":
      case "tamper":
        return this.#attack(name);
      case "insider":
        return this.#insideJob();
    }
  }

  /** All is well again: does the door open? @throws InvariantViolation */
  async end(): Promise<TrialResult> {
    this.#faults.clear();
    this.#sim.backend.clockErrorMs = 0;
    await this.#recover();
    const { world } = this.#sim;
    await world.runFor(3_000_000);
    let tap = await this.#sim.tap("alice");
    if (tap?.granted !== true) {
      // What was held from before the end of the trouble may cost one more attempt.
      await world.runFor(5_000_000);
      tap = await this.#sim.tap("alice");
    }
    if (tap?.granted !== true)
      this.#invariants.report("liveness", `a good badge got ${tap?.reason ?? "no answer"}`);
    await world.runFor(8_000_000);
    await this.#invariants.settle();
    return {
      virtualS: world.nowUs() / 1e6,
      turns: this.#invariants.turns,
      granted: this.#granted,
      strokes: this.#strokes,
      traceHash: world.trace.digest(),
    };
  }

  #wait(fromUs: number, toUs: number): Promise<void> {
    return this.#sim.world.runFor(this.#rng.int(fromUs, toUs));
  }

  /** Until the reader waits for badges; it has the time that liveness allows. */
  async #recover(): Promise<void> {
    const sim = this.#sim;
    sim.board.powerOn();
    if (await sim.until(() => sim.stage === "ready", LIVENESS_US)) return;
    this.#invariants.report("liveness", `not ready after ${LIVENESS_US / 1e6} s: ${sim.stage}`);
    this.#invariants.check();
  }

  /** An HS badge and the other reader can be made only while the server is there. */
  async #tap(): Promise<void> {
    await this.#sim.tap(this.#rng.pick(this.#sim.badges.names), 12_000_000);
  }

  async #pulled(): Promise<void> {
    const sim = this.#sim;
    const name = this.#rng.pick(["alice", "bob", "carol"]);
    const before = sim.watch.count;
    await sim.enterUntilByte(name, this.#rng.int(1, 260));
    await sim.until(() => sim.watch.count > before, 8_000_000);
    await sim.leave(name);
  }

  async #several(): Promise<void> {
    const sim = this.#sim;
    await sim.enter("alice");
    await this.#wait(0, 300_000);
    await sim.enter("carol");
    await this.#wait(1_000_000, 4_000_000);
    await sim.leave("alice");
    await this.#wait(0, 2_000_000);
    await sim.leave("carol");
  }

  async #fault(): Promise<void> {
    const fault = this.#rng.pick(TRIAL_FAULTS);
    const { world } = this.#sim;
    if (fault.part === "i2c" || fault.part === "pn532") this.#calmAt(Number.POSITIVE_INFINITY);
    const undo = this.#faults.set(fault);
    await this.#wait(0, 3_000_000);
    await this.#sim.tap(this.#rng.pick(["alice", "carol"]), 8_000_000);
    await this.#wait(0, 15_000_000);
    undo();
    if (fault.part === "i2c" || fault.part === "pn532") this.#calmAt(world.nowUs() + CALM_AFTER_US);
    if (this.#rng.chance(0.7)) await this.#recover();
  }

  /** At any moment: of a tap, of a boot, or of a time in which nothing happens. */
  async #powerCut(): Promise<void> {
    const sim = this.#sim;
    await sim.enter("alice");
    await this.#wait(0, 1_500_000);
    sim.board.powerOff();
    await this.#wait(1_000, 500_000);
    await sim.leave("alice");
    for (let again = this.#rng.int(0, 2); again > 0; again--) {
      sim.board.powerOn();
      await this.#wait(0, 2_500_000);
      sim.board.powerOff();
      await this.#wait(1_000, 500_000);
    }
    await this.#recover();
  }

  async #reset(): Promise<void> {
    const sim = this.#sim;
    await sim.enter("bob");
    await this.#wait(0, 1_500_000);
    sim.board.restart(this.#rng.pick(["watchdog", "restart"] as const));
    await this.#wait(0, 1_000_000);
    await sim.leave("bob");
    await sim.world.runFor(100_000);
    await this.#recover();
  }

  async #restartServer(): Promise<void> {
    await this.#sim.enter("alice");
    await this.#wait(0, 600_000);
    this.#sim.backend.restart();
    await this.#wait(500_000, 3_000_000);
    await this.#sim.leave("alice");
  }

  /** The server's clock jumps; the reader's own never does. */
  async #clock(): Promise<void> {
    this.#sim.backend.clockErrorMs = this.#rng.pick(CLOCK_ERRORS_S) * 1000;
    await this.#sim.tap("alice", 8_000_000);
    await this.#wait(0, 20_000_000);
    this.#sim.backend.clockErrorMs = 0;
    await this.#recover();
  }

  async #attack(kind: "replay" | "tamper"): Promise<void> {
    const undo = this.#attacker.begin(kind);
    if (kind === "tamper" || this.#rng.chance(0.5)) this.#sim.backend.restart();
    for (let taps = 0; taps < 2; taps++) {
      await this.#sim.tap(this.#rng.pick(["alice", "carol"]), 8_000_000);
      await this.#wait(2_000_000, 6_000_000);
    }
    undo();
    await this.#recover();
  }

  async #insideJob(): Promise<void> {
    const { card } = await this.#sim.badges.get("alice");
    if (this.#sim.backend.mode !== "up") return;
    await this.#insider.showTwice(card);
    await this.#insider.answerTwice(card);
    await this.#invariants.settle();
  }
}
