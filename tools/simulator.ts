/** What the command line needs of the simulator; `host-sim/` provides it. */
import type { DeskOptions } from "../host-sim/node/desk.ts";
import type { RunOptions as ScenarioOptions } from "../host-sim/node/run-scenario.ts";
import type { SimEvent, TapOutcome } from "../host-sim/scenario/events.ts";
import type { Scenario } from "../host-sim/scenario/scenario.ts";

export type { DeskOptions, ScenarioOptions };

export interface DeskBadge {
  readonly name: string;
  /** For people: whose badge, and what is special about it. */
  readonly title: string;
}

/** A simulated reader that runs in real time beside a real HTTP server. */
export interface Desk {
  /** What must be said once, such as a new server's admin token. Holds secrets: show, not log. */
  readonly notices?: readonly string[];
  readonly serverUrl: string;
  readonly badges: readonly DeskBadge[];
  /** The serial port of its PN532, if one was asked for. */
  readonly pn532Path: string | undefined;
  /** From now on; ends when the desk stops. */
  events(): AsyncIterable<SimEvent>;
  /** Holds a badge to the reader until it answers. @throws badge-unknown */
  tap(badge: string, holdMs?: number): Promise<TapOutcome>;
  /** Lays a badge on that PN532; it stays, or for `holdMs`. @throws not-found, badge-unknown */
  layOnPn532(badge: string, holdMs?: number): Promise<void>;
  /** Types into the reader's serial console. */
  write(text: string): void;
  stop(): Promise<void>;
}

export interface Simulator {
  parseScenario(text: string): Scenario;
  /** Runs to the end; its last event is the result. */
  runScenario(scenario: Scenario, options: ScenarioOptions): AsyncIterable<SimEvent>;
  startDesk(options: DeskOptions): Promise<Desk>;
}
