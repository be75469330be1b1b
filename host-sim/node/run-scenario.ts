import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { toLatchkeyError } from "../../protocol/errors.ts";
import { formatTime } from "../scenario/duration.ts";
import type { SimEvent, SimResult } from "../scenario/events.ts";
import type { Expectation, LocatedStep, Scenario, Step } from "../scenario/scenario.ts";
import { inMs } from "../tap-watch.ts";
import { Expectations } from "./expectations.ts";
import { FaultBoard } from "./fault-board.ts";
import { HouseRules } from "./house-rules.ts";
import { renderPng } from "./png.ts";
import { createScene, readerOf, type Scene } from "./scene.ts";
import { SimEvents } from "./sim-events.ts";
import { Simulation } from "./simulation.ts";
import { Stopped } from "./stopped.ts";

export interface RunOptions {
  /** Instead of the scenario's own. */
  readonly seed?: string;
  /** Each must have been on the panel by the end. */
  readonly expectText: readonly string[];
  /** None may ever be on the panel. */
  readonly failText: readonly string[];
  /** Virtual; instead of the scenario's own. */
  readonly timeoutMs?: number;
  /** Where the last screen goes as a PNG (an event carries the bytes). */
  readonly screenshot?: string;
  /** 1 is real time; `Infinity` as fast as it goes. */
  readonly speed: number;
  readonly signal: AbortSignal;
}

/** The eye looks this often, in virtual time. */
const LOOK_US = 50_000;

/** Plays a scenario to its end. The last event is the result; nothing is thrown. */
export async function* runScenario(
  scenario: Scenario,
  options: RunOptions,
): AsyncGenerator<SimEvent, void> {
  const run = await ScenarioRun.create(scenario, options);
  yield* run.play();
}

class ScenarioRun {
  readonly #sim: Scene;
  readonly #scenario: Scenario;
  readonly #options: RunOptions;
  readonly #faults: FaultBoard;
  readonly #eye: SimEvents;
  readonly #expectations: Expectations;
  readonly #startedMs = performance.now();
  readonly #limitUs: number;
  #events: SimEvent[] = [];

  readonly #rules: HouseRules | undefined;

  private constructor(
    sim: Scene,
    scenario: Scenario,
    options: RunOptions,
    rules: HouseRules | undefined,
  ) {
    this.#rules = rules;
    this.#sim = sim;
    this.#scenario = scenario;
    this.#options = options;
    this.#faults = new FaultBoard(sim);
    this.#limitUs = options.timeoutMs === undefined ? scenario.timeoutUs : options.timeoutMs * 1000;
    this.#eye = new SimEvents(sim, (event) => this.#events.push(event));
    this.#expectations = new Expectations(sim, this.#eye);
  }

  static async create(scenario: Scenario, options: RunOptions): Promise<ScenarioRun> {
    const scene = await createScene(scenario, options.seed ?? scenario.seed);
    const { rules } = scenario;
    scene.backend.watchesAlarms = true;
    const house = rules && (await HouseRules.set(readerOf(scene), rules));
    return new ScenarioRun(scene, scenario, options, house);
  }

  async *play(): AsyncGenerator<SimEvent, void> {
    const seen = new Set<string>();
    let failure: Stopped | undefined;
    try {
      this.#sim.board.powerOn();
      for (const step of this.#scenario.steps) {
        for await (const event of this.#step(step)) yield this.#watchText(event, seen);
      }
      this.#missing(seen);
    } catch (error) {
      if (error instanceof Stopped) failure = error;
      else {
        const { code, message } = toLatchkeyError(error);
        failure = new Stopped(code, message);
      }
    }
    yield* this.#drain();
    yield* this.#screenshot();
    yield { type: "result", ...this.#result(failure) };
  }

  /** `--fail-text` ends the run on the spot; `--expect-text` is only noted. */
  #watchText(event: SimEvent, seen: Set<string>): SimEvent {
    if (event.type !== "screen") return event;
    const text = event.lines.join("\n");
    for (const wanted of this.#options.expectText) if (text.includes(wanted)) seen.add(wanted);
    const bad = this.#options.failText.find((unwanted) => text.includes(unwanted));
    if (bad !== undefined)
      throw new Stopped("expectation-failed", `The screen said ${JSON.stringify(bad)}.`);
    return event;
  }

  #missing(seen: ReadonlySet<string>): void {
    const missing = this.#options.expectText.find((wanted) => !seen.has(wanted));
    if (missing === undefined) return;
    const now = this.#eye.screen.join(" / ");
    throw new Stopped(
      "expectation-failed",
      `The screen never said ${JSON.stringify(missing)}; in the end it said: ${now}`,
    );
  }

  async *#step({ step, line }: LocatedStep): AsyncGenerator<SimEvent, void> {
    if (step.do === "expect") {
      yield* this.#expect(step.expect, line);
      return;
    }
    if (step.do === "wait") {
      yield* this.#runFor(step.durationUs);
      return;
    }
    if (step.do === "tap") {
      yield* this.#tap(step);
      return;
    }
    if (step.do === "screenshot") {
      yield this.#picture(step.path);
      return;
    }
    await this.#act(step);
    yield* this.#drain();
  }

  /** Steps that take no time of their own. */
  async #act(step: Exclude<Step, { do: "expect" | "wait" | "tap" | "screenshot" }>): Promise<void> {
    const sim = this.#sim;
    switch (step.do) {
      case "enter":
        await this.#rules?.before(step.badge);
        await readerOf(sim).enter(step.badge);
        this.#badge(step.badge, "enters");
        break;
      case "leave":
        await readerOf(sim).leave(step.badge);
        this.#badge(step.badge, "leaves");
        break;
      case "scan": {
        this.#expectations.forgetDecision();
        const { visitors, board } = readerOf(sim);
        const said = await visitors.scan(step.visitor, board.display);
        this.#expectations.visit = said;
        this.#eye.note(`${step.visitor} scans: ${said}`);
        break;
      }
      case "fault": {
        const undo = this.#faults.set(step.fault);
        if (step.forUs !== undefined) sim.world.after(step.forUs, undo);
        this.#eye.note(`fault ${JSON.stringify(step.fault)}`);
        break;
      }
      case "clear-faults":
        this.#faults.clear();
        break;
      case "power":
        if (step.mode !== "on") sim.board.powerOff();
        if (step.mode !== "off") sim.board.powerOn();
        this.#eye.note(`power ${step.mode}`);
        break;
      case "set":
        sim.board.rig.set(step.sensor, step.values);
        this.#eye.note(`${step.sensor}: ${JSON.stringify(step.values)}`);
        break;
      case "forgive":
        await this.#rules?.forgive(step.badge);
        this.#eye.note(`${step.badge} is forgiven`);
        break;
      case "serial":
        this.#expectations.forgetSerial();
        sim.board.serial.write(toUtf8(`${step.line}\r\n`));
        break;
      case "server":
        sim.backend.restart();
        this.#eye.note("the server restarts");
    }
  }

  async *#tap(step: Extract<Step, { do: "tap" }>): AsyncGenerator<SimEvent, void> {
    const sim = readerOf(this.#sim);
    this.#expectations.forgetDecision();
    await this.#rules?.before(step.badge);
    if (step.cutByte === undefined) await sim.enter(step.badge);
    else await sim.enterUntilByte(step.badge, step.cutByte);
    const { card } = await sim.badges.get(step.badge);
    this.#badge(step.badge, "enters");
    // The hand goes away while the scenario goes on, so that what follows can look meanwhile.
    sim.world.after(step.holdUs, () => {
      if (!sim.board.field.present().includes(card)) return;
      sim.board.field.leave(card);
      this.#badge(step.badge, "leaves");
    });
    yield* this.#drain();
  }

  async *#expect(expect: Expectation, line: number): AsyncGenerator<SimEvent, void> {
    const deadlineUs = this.#sim.world.nowUs() + expect.withinUs;
    yield* this.#runUntil(() => this.#expectations.missing(expect) === undefined, deadlineUs);
    const missing = this.#expectations.missing(expect);
    const text = this.#expectations.describe(expect);
    const atMs = this.#eye.atMs;
    if (missing === undefined) {
      yield { type: "expect", atMs, line, text, ok: true };
      return;
    }
    yield { type: "expect", atMs, line, text, ok: false, seen: missing };
    const at = formatTime(this.#sim.world.nowUs());
    throw new Stopped("expectation-failed", `line ${line}, ${at}: expected ${text}, ${missing}`);
  }

  async *#runFor(durationUs: number): AsyncGenerator<SimEvent, void> {
    yield* this.#runUntil(() => false, this.#sim.world.nowUs() + durationUs);
  }

  /** What is expected is looked for as often as the eye looks: a look costs more than a step. */
  async *#runUntil(done: () => boolean, deadlineUs: number): AsyncGenerator<SimEvent, void> {
    const { world } = this.#sim;
    for (;;) {
      this.#eye.look();
      yield* this.#drain();
      if (done() || world.nowUs() >= deadlineUs) return;
      if (this.#options.signal.aborted) throw new Stopped("cancelled", "The run was called off.");
      if (world.nowUs() > this.#limitUs) {
        const at = formatTime(world.nowUs());
        throw new Stopped("sim-timeout", `The scenario was not over at ${at}.`);
      }
      await world.runFor(Math.min(deadlineUs - world.nowUs(), LOOK_US));
      await this.#pace();
    }
  }

  /** Holds virtual time back to `speed` times the wall clock's. */
  async #pace(): Promise<void> {
    const { speed } = this.#options;
    if (!Number.isFinite(speed)) return;
    const aheadMs = this.#sim.world.nowUs() / 1000 / speed - (performance.now() - this.#startedMs);
    if (aheadMs > 1) await sleep(aheadMs);
  }

  *#drain(): Generator<SimEvent, void> {
    const events = this.#events;
    this.#events = [];
    for (const event of events) {
      this.#expectations.note(event);
      yield event;
    }
  }

  #badge(badge: string, action: "enters" | "leaves"): void {
    this.#events.push({ type: "badge", atMs: this.#eye.atMs, badge, action });
  }

  *#screenshot(): Generator<SimEvent, void> {
    if (this.#options.screenshot !== undefined) yield this.#picture(this.#options.screenshot);
  }

  #picture(path: string): SimEvent {
    const { display } = this.#sim.board;
    const png = display === undefined ? new Uint8Array(0) : renderPng(display.bitmap());
    return { type: "screenshot", atMs: this.#eye.atMs, path, png };
  }

  #result(failure: Stopped | undefined): SimResult {
    const { world } = this.#sim;
    const boot = this.#sim instanceof Simulation ? this.#sim.watch.lastBoot : undefined;
    return {
      ok: failure === undefined,
      ...(failure === undefined ? {} : { code: failure.code, message: failure.message }),
      seed: world.seed,
      atMs: world.nowUs() / 1000,
      wallMs: performance.now() - this.#startedMs,
      traceHash: world.trace.digest(),
      ...(boot === undefined
        ? {}
        : { boot: { total: Math.round(boot.tookUs / 100) / 10, ...inMs(boot.usage) } }),
    };
  }
}
