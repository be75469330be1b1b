import type { SimEvent, TapOutcome } from "../scenario/events.ts";
import type { Expectation } from "../scenario/scenario.ts";
import type { SimEvents } from "./sim-events.ts";
import type { Simulation } from "./simulation.ts";

const SERIAL_KEPT = 100_000;

/** Compares what a scenario expects with what can be seen from outside the reader. */
export class Expectations {
  readonly #sim: Simulation;
  readonly #eye: SimEvents;
  #serial = "";
  #decision: TapOutcome | undefined;

  constructor(sim: Simulation, eye: SimEvents) {
    this.#sim = sim;
    this.#eye = eye;
  }

  note(event: SimEvent): void {
    if (event.type === "serial") this.#serial = (this.#serial + event.text).slice(-SERIAL_KEPT);
    if (event.type === "decision") this.#decision = event;
  }

  forgetSerial(): void {
    this.#serial = "";
  }

  forgetDecision(): void {
    this.#decision = undefined;
  }

  /** What is not as expected, for people; `undefined` when all of it is there. */
  missing(expect: Expectation): string | undefined {
    const { board, stage } = this.#sim;
    const relay = board.relay.energised ? "energised" : "released";
    if (expect.relay !== undefined && expect.relay !== relay) return `the relay is ${relay}`;
    const pulses = board.relay.windows().length;
    if (expect.pulses !== undefined && expect.pulses !== pulses)
      return `the relay was energised ${pulses} times`;
    if (expect.state !== undefined && expect.state.toLowerCase() !== stage)
      return `the state is ${stage.toUpperCase()}`;
    const decision = this.#decisionText();
    if (expect.decision !== undefined && expect.decision !== decision)
      return `the decision was ${decision}`;
    if (expect.serial !== undefined && !this.#serial.includes(expect.serial))
      return `the console said ${JSON.stringify(this.#serial.slice(-300))}`;
    return this.#missingOnScreen(expect);
  }

  /** The panel last: reading pixels costs most. */
  #missingOnScreen({ screen, notScreen }: Expectation): string | undefined {
    if (screen === undefined && notScreen === undefined) return undefined;
    const lines = this.#eye.screen;
    const said = `the screen says ${JSON.stringify(lines.join(" / "))}`;
    const all = lines.join("\n");
    if (screen !== undefined && !all.includes(screen)) return said;
    return notScreen !== undefined && all.includes(notScreen) ? said : undefined;
  }

  describe(expect: Expectation): string {
    const { withinUs, ...wanted } = expect;
    const parts = Object.entries(wanted).map(([field, value]) => `${field} ${String(value)}`);
    return `${parts.join(", ")} within ${withinUs / 1e6} s`;
  }

  #decisionText(): string {
    if (this.#decision === undefined) return "none";
    return this.#decision.granted ? "granted" : (this.#decision.reason ?? "denied");
  }
}
