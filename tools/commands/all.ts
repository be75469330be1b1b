import type { Command } from "../cli/command.ts";
import { badge } from "./badge.ts";
import { consoleCommand } from "./console.ts";
import { doctor } from "./doctor.ts";
import { init } from "./init.ts";
import { readings } from "./readings.ts";
import { serve } from "./serve.ts";
import { sim } from "./sim.ts";
import { tap } from "./tap.ts";
import { vault } from "./vault.ts";

/** In the order in which a newcomer needs them. */
export const COMMANDS: readonly Command[] = [
  sim,
  tap,
  init,
  serve,
  badge,
  readings,
  doctor,
  consoleCommand,
  vault,
];
