import { usageError } from "../cli/arguments.ts";
import type { Arguments, Command } from "../cli/command.ts";
import { DATA_FOLDER } from "../reader-file.ts";
import { runDesk } from "./sim-desk.ts";
import { runHeadless } from "./sim-headless.ts";

export const sim: Command = {
  name: "sim",
  summary: "simulates a reader, its badges and its server",
  operands: "[scenario.yaml]",
  maxOperands: 1,
  options: [
    { name: "headless", help: "run a scenario to its end, as fast as it goes (for CI)" },
    { name: "expect-text", value: "text", many: true, help: "fail unless the panel showed this" },
    { name: "fail-text", value: "text", many: true, help: "fail when the panel shows this" },
    { name: "timeout", value: "seconds", help: "simulated time after which it has failed" },
    { name: "screenshot", value: "file.png", help: "write the last screen as a picture" },
    { name: "serial-log-file", value: "file", help: "write what the node's console said" },
    { name: "seed", value: "text", help: "another run of chance; equal seeds give equal runs" },
    { name: "speed", value: "factor", help: "1 is real time; headless: as fast as it goes" },
    { name: "port", short: "p", value: "number", help: "of the server beside it; any free one" },
    { name: "pn532-pty", help: "a PN532 at a pseudo-terminal, for libnfc and other programs" },
    { name: "badge", value: "name", help: "lies on that PN532" },
    { name: "data", value: "folder", help: `state of the desk; ${DATA_FOLDER} by default` },
  ],
  examples: [
    ["latchkey sim", "boots a reader; press 1 to tap a badge"],
    ["latchkey sim --pn532-pty --badge alice", "libnfc can list and read Alice's badge"],
    ["latchkey sim --headless examples/first-tap.yaml", "plays a scenario and checks it"],
    ["latchkey sim --headless a.yaml --expect-text GRANTED --screenshot oled.png", "in CI"],
  ],
  run(context, args) {
    return isHeadless(args) ? runHeadless(context, args) : runDesk(context, args);
  },
};

/** A scenario alone means headless: there is nothing to type while it plays. */
function isHeadless(args: Arguments): boolean {
  const headless = args.flag("headless") || args.positionals.length > 0;
  const desk = ["pn532-pty", "badge"].find((option) => args.flag(option));
  if (headless && desk !== undefined)
    throw usageError(`--${desk} belongs to the interactive simulator: leave --headless away`, desk);
  if (headless) return true;
  const name = ["expect-text", "fail-text", "screenshot", "serial-log-file", "timeout"].find(
    (option) => args.flag(option),
  );
  if (name !== undefined) throw usageError(`--${name} belongs to a scenario: add --headless`, name);
  return false;
}
