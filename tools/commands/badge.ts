import type { CardOutcome } from "../../protocol/badge/card-step.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { identifyNtag424, readSignature } from "../../protocol/ntag424/card-facts.ts";
import { verifyOriginality } from "../../protocol/ntag424/originality.ts";
import { plainSender } from "../../protocol/ntag424/plain-sender.ts";
import type { CardChannel } from "../badge/card-channel.ts";
import type { CardServer, CardWish } from "../badge/card-server.ts";
import { suggestion, usageError } from "../cli/arguments.ts";
import type { Arguments, Command } from "../cli/command.ts";
import type { Context } from "../cli/context.ts";
import type { CliEvent } from "../cli/event.ts";
import { EXIT } from "../cli/exit-codes.ts";
import { DATA_FOLDER, resolvePath, SERVER_FOLDER } from "../reader-file.ts";

const ACTIONS = ["new", "inspect", "lock", "rekey", "wipe", "verify-original"] as const;
type Action = (typeof ACTIONS)[number];

export const badge: Command = {
  name: "badge",
  summary: "writes, looks at, locks, rekeys and wipes the badge on a reader",
  operands: `<${ACTIONS.join(" | ")}>`,
  maxOperands: 1,
  options: [
    { name: "mode", value: "STD|HS", help: "new: opens all readers, or one; STD by default" },
    {
      name: "profile",
      value: "open|sealed",
      help: "new: payload in the link, the default; or locked away",
    },
    { name: "reader", value: "node", help: "new --mode HS: node_uid of the one reader" },
    { name: "holder", value: "name", help: "new: whose it is" },
    { name: "label", value: "text", help: "new: what is printed on it" },
    { name: "for-good", help: "lock: nobody can ever undo it, the server included" },
    { name: "port", short: "p", value: "port", help: "serial port of a PN532 (HSU)" },
    { name: "sim", value: "name", help: "a simulated chip instead; blank at its first use" },
    { name: "url", value: "url", help: "server that has the keys; token in $LATCHKEY_TOKEN" },
    { name: "tenant", value: "uuid", help: "the server's first by default; needed with --url" },
    { name: "data", value: "folder", help: `without --url: server data; ${SERVER_FOLDER}` },
  ],
  examples: [
    ["latchkey badge new --holder 'Ada Lovelace' --port /dev/ttyUSB0", "enrols a blank chip"],
    ["latchkey badge new --holder Ada --sim ada", "the same without hardware"],
    ["latchkey badge new --profile sealed --holder Ada --sim ada", "only the server can read it"],
    ["latchkey badge inspect --sim ada", "shows what is on it; changes nothing"],
    ["latchkey badge wipe --port /dev/ttyUSB0", "gives the chip back its factory state"],
  ],
  async *run(context, args) {
    const action = actionOf(args);
    const wish = action === "verify-original" ? undefined : wishOf(action, args);
    const where = cardPlace(context, args);
    if (args.text("port") !== undefined)
      yield { type: "note", text: "Hold the badge to the reader and leave it there." };
    const card = await context.openCard(where);
    try {
      if (wish === undefined) return yield* verifyOriginal(card);
      const server = await serverOf(context, args);
      try {
        const tenantId = args.text("tenant");
        const named = { ...wish, ...(tenantId !== undefined && { tenantId }) };
        yield* report(action, await server.run(named, card));
        return EXIT.ok;
      } finally {
        await server.close();
      }
    } finally {
      await card.close();
    }
  },
};

function actionOf(args: Arguments): Action {
  const [word] = args.positionals;
  const action = ACTIONS.find((known) => known === word);
  if (action !== undefined) return action;
  if (word === undefined) throw usageError(`badge: one of ${ACTIONS.join(", ")}`);
  throw usageError(`badge knows no \`${word}\`${suggestion(word, ACTIONS)}`);
}

function wishOf(command: Exclude<Action, "verify-original">, args: Arguments): CardWish {
  const only = (name: string, action: Action): void => {
    if (args.flag(name) && command !== action)
      throw usageError(`--${name} belongs to \`latchkey badge ${action}\``, name);
  };
  for (const name of ["mode", "profile", "reader", "holder", "label"]) only(name, "new");
  only("for-good", "lock");
  if (command === "lock") return { command, forGood: args.flag("for-good") };
  if (command !== "new") return { command };
  const mode = args.text("mode") ?? "STD";
  if (mode !== "STD" && mode !== "HS") throw usageError("--mode must be STD or HS", "mode");
  const profile = args.text("profile") ?? "open";
  if (profile !== "open" && profile !== "sealed")
    throw usageError("--profile must be open or sealed", "profile");
  const nodeUid = args.text("reader");
  if ((mode === "HS") !== (nodeUid !== undefined))
    throw usageError("--reader belongs to --mode HS, and HS needs it", "reader");
  const holder = args.text("holder");
  if (holder === undefined) throw usageError("--holder is needed: whose badge is it?", "holder");
  const label = args.text("label");
  const whose = { holder, ...(label !== undefined && { label }) };
  return { command, mode, profile, ...whose, ...(nodeUid !== undefined && { nodeUid }) };
}

/** Where the card is: exactly one of the two. */
function cardPlace(context: Context, args: Arguments) {
  const port = args.text("port");
  const sim = args.text("sim");
  if ((port === undefined) === (sim === undefined))
    throw usageError("where is the badge? --port for a real reader, --sim for a simulated chip");
  if (port !== undefined) return { port };
  if (!/^[a-z0-9][a-z0-9-]{0,40}$/.test(sim!))
    throw usageError("--sim is a name of a-z, 0-9 and hyphen", "sim");
  return { simFile: resolvePath(context, `${DATA_FOLDER}/chips/${sim}.json`) };
}

async function serverOf(context: Context, args: Arguments): Promise<CardServer> {
  const url = args.text("url");
  if (url === undefined) {
    const dataFolder = resolvePath(context, args.text("data") ?? SERVER_FOLDER);
    return await context.openCardServer({ dataFolder });
  }
  const token = context.env["LATCHKEY_TOKEN"];
  if (token === undefined || token === "")
    throw usageError("--url needs a manager's token in the environment: LATCHKEY_TOKEN");
  return await context.openCardServer({ url, token });
}

const DONE: Readonly<Record<Exclude<Action, "verify-original">, readonly [string, string]>> = {
  new: ["is enrolled", "was enrolled already, and is as it should be"],
  inspect: ["", ""],
  lock: ["is locked", "was locked already"],
  rekey: ["has new keys", "has new keys"],
  wipe: ["is blank", "was blank already"],
};

function* report(action: Action, outcome: CardOutcome): Generator<CliEvent> {
  const { badgeUid, state, changed, findings, ...rest } = outcome;
  const uid = toHex(badgeUid);
  const fields = { badge_uid: uid, state, changed, ...rest };
  if (action === "inspect") {
    const rows = [["state", state] as const, ...(findings ?? [])];
    yield { type: "table", title: `Badge ${uid}`, rows };
    return;
  }
  const [now, already] = DONE[action as keyof typeof DONE];
  const whose = outcome.holder === undefined ? "" : ` of ${outcome.holder}`;
  yield { type: "done", text: `Badge ${uid}${whose} ${changed ? now : already}`, fields };
}

/** NXP's signature over the UID: needs no server and no key. */
async function* verifyOriginal(card: CardChannel): AsyncGenerator<CliEvent, number> {
  const { uid } = await identifyNtag424(card.transceive);
  const signature = await readSignature(plainSender(card.transceive)).catch((error: unknown) => {
    if (error instanceof LatchkeyError && error.code === "card-status") return undefined;
    throw error;
  });
  const original = signature !== undefined && verifyOriginality(uid, signature);
  const text = original
    ? "NXP signed this UID. A copy of the signature would pass as well: it proves no chip."
    : signature === undefined
      ? "The chip has no signature of NXP's."
      : "The signature is not NXP's.";
  const state = original ? "ok" : "failed";
  yield { type: "check", name: `Badge ${toHex(uid)}`, state, text };
  return original ? EXIT.ok : EXIT.failed;
}
