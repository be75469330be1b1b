import type { Command } from "../cli/command.ts";
import { EXIT } from "../cli/exit-codes.ts";
import { outcomeText } from "../cli/render-sim.ts";
import { styleFor } from "../cli/style.ts";
import { ControlClient } from "../control-client.ts";

export const tap: Command = {
  name: "tap",
  summary: "holds a badge to the reader of a running simulator",
  operands: "[badge]",
  maxOperands: 1,
  options: [
    { name: "hold", value: "ms", help: "how long the badge stays; until the answer by default" },
    { name: "pn532", help: "lay it on the PN532 of `latchkey sim --pn532-pty`, to stay" },
    { name: "list", short: "l", help: "name the badges that there are" },
  ],
  examples: [
    ["latchkey tap", "the first badge, usually a good one"],
    ["latchkey tap eve", "a copy: the door stays shut"],
    ["latchkey tap bob --pn532 --hold 5000", "libnfc sees it for five seconds"],
    ["latchkey tap --list", "what else can be tapped"],
  ],
  async *run(context, args) {
    const holdMs = args.number("hold", 1, 60_000);
    const client = await ControlClient.connect(context);
    try {
      const { badges = [] } = await client.ask({ do: "badges" });
      if (args.flag("list")) {
        const rows = badges.map(({ name, title }) => [name, title] as const);
        yield { type: "table", title: "Badges", rows };
        return EXIT.ok;
      }
      const badge = args.positionals[0] ?? badges[0]?.name;
      if (args.flag("pn532")) {
        await client.ask({ do: "lay", badge, holdMs });
        const where = holdMs === undefined ? "lies on the PN532" : "was on the PN532";
        yield { type: "done", text: `${badge} ${where}`, fields: { badge } };
        return EXIT.ok;
      }
      const { outcome } = await client.ask({ do: "tap", badge, holdMs });
      if (outcome === undefined) return EXIT.internal;
      const style = styleFor(context.stdout, context.env);
      const fields = { badge, granted: outcome.granted, reason: outcome.reason };
      const text = `${badge}: ${outcomeText(outcome, style)}`;
      yield { type: "done", text, fields: { ...fields, tookMs: outcome.tookMs } };
      return outcome.granted ? EXIT.ok : EXIT.failed;
    } finally {
      client.close();
    }
  },
};
