import type { Command } from "../cli/command.ts";
import { audit } from "./audit.ts";
import { authority } from "./authority.ts";
import { backend } from "./backend.ts";
import { badge } from "./badge.ts";
import { build } from "./build.ts";
import { consoleCommand } from "./console.ts";
import { doctor } from "./doctor.ts";
import { entitlement } from "./entitlement.ts";
import { flash } from "./flash.ts";
import { gateway } from "./gateway.ts";
import { holiday } from "./holiday.ts";
import { human } from "./human.ts";
import { init } from "./init.ts";
import { issuer } from "./issuer.ts";
import { mandate } from "./mandate.ts";
import { node } from "./node.ts";
import { operator } from "./operator.ts";
import { person } from "./person.ts";
import { provision } from "./provision.ts";
import { readings } from "./readings.ts";
import { release } from "./release.ts";
import { schedule } from "./schedule.ts";
import { selftest } from "./selftest.ts";
import { serve } from "./serve.ts";
import { sim } from "./sim.ts";
import { tap } from "./tap.ts";
import { vault } from "./vault.ts";
import { zone } from "./zone.ts";

/** In the order in which a newcomer needs them. */
export const COMMANDS: readonly Command[] = [
  ...[sim, tap, init, serve, provision, badge, node, readings],
  ...[person, zone, schedule, holiday, entitlement],
  ...[operator, backend, audit, mandate, human, issuer, doctor, consoleCommand, selftest],
  ...[gateway, build, flash, vault, authority, release],
];
