import { suggestion, usageError } from "../cli/arguments.ts";
import type { Arguments, Command } from "../cli/command.ts";
import type { Context } from "../cli/context.ts";
import type { CliEvent } from "../cli/event.ts";
import { EXIT } from "../cli/exit-codes.ts";
import { HUMAN_FOLDER } from "../human/human-folder.ts";

/** Gives an exit code, or nothing when all is well. */
type Action = (context: Context, args: Arguments) => AsyncGenerator<CliEvent, number | undefined>;

const root = () => import("./human-root.ts");
const credential = () => import("./human-credential.ts");
const registry = () => import("./human-registry.ts");
const statuses = () => import("./human-status.ts");

/** Loaded when one is used: word list and curves are of no use to the other commands. */
const ACTIONS: Readonly<Record<string, () => Promise<Action>>> = {
  new: async () => (await root()).newHuman,
  recover: async () => (await root()).recover,
  invite: async () => (await registry()).invite,
  enrol: async () => (await registry()).enrolOnline,
  account: async () => (await registry()).account,
  "device join": async () => (await registry()).joinDevice,
  "device add": async () => (await root()).addDevice,
  "device revoke": async () => (await root()).revokeDevice,
  "issuer new": async () => (await credential()).newIssuer,
  "credential request": async () => (await credential()).requestCredential,
  "credential issue": async () => (await credential()).issue,
  status: async () => (await statuses()).status,
  present: async () => (await credential()).present,
  verify: async () => (await credential()).verify,
};

function actionOf({ positionals }: Arguments): () => Promise<Action> {
  const [first = "", second = ""] = positionals;
  const names = Object.keys(ACTIONS);
  const name = names.find((known) => known === first || known === `${first} ${second}`);
  if (name !== undefined) return ACTIONS[name]!;
  if (first === "") throw usageError(`human: one of ${names.join(", ")}`);
  const said = `${first} ${second}`.trim();
  throw usageError(`human knows no \`${said}\`${suggestion(said, names)}`);
}

export const human: Command = {
  name: "human",
  summary: "makes, delegates, presents and verifies the identity of people",
  operands: `<${Object.keys(ACTIONS).join(" | ")}> [name]`,
  maxOperands: 3,
  options: [
    { name: "folder", value: "folder", help: `where keys and certificates are; ${HUMAN_FOLDER}` },
    { name: "words", value: "file", help: "the 24 words; a passphrase in $LATCHKEY_PASSPHRASE" },
    { name: "lost", help: "device revoke: it was stolen, so its keys may be used" },
    { name: "serial", value: "hex", help: "device revoke: one that only the registry has" },
    { name: "id", value: "iss", help: "issuer new: URL or DID under which it issues" },
    { name: "status-uri", value: "url", help: "issuer new: where its status list will be" },
    { name: "request", value: "file", help: "credential issue: what the holder sent" },
    { name: "type", value: "type", help: "credential issue, verify: base, employment, age …" },
    { name: "persona", value: "persona", help: "credential issue: work, personal or anonymous" },
    { name: "claim", value: "name=value", many: true, help: "credential issue: what it says" },
    { name: "days", value: "number", help: "credential issue: how long it is good; 30" },
    { name: "credential", value: "file", help: "present, status: the credential" },
    { name: "show", value: "claim", many: true, help: "present: what to show of it" },
    { name: "anchor", value: "file", many: true, help: "verify: anchor.json of a trusted issuer" },
    { name: "status-list", value: "file", many: true, help: "verify: a list that was fetched" },
    { name: "audience", value: "verifier", help: "present, verify: for whom it is" },
    { name: "nonce", value: "text", help: "present, verify: which request it answers" },
    { name: "by", value: "device", help: "device revoke, account: which device says it" },
    { name: "url", value: "url", help: "enrol, device join, invite ($LATCHKEY_TOKEN): the server" },
    { name: "tenant", value: "uuid", help: "enrol, device join, invite: whose registry" },
    { name: "data", value: "folder", help: "invite: without --url, the server's data" },
    { name: "out", value: "file", help: "credential issue, present: where it is written" },
  ],
  examples: [
    ["latchkey human new", "shows 24 words once and enrols their root here"],
    ["latchkey human device add laptop --words words.txt", "delegates to a new key"],
    ["latchkey human device revoke laptop --lost", "without the words"],
    ["latchkey human invite", "a token with which somebody enrols; LATCHKEY_INVITATION"],
    ["latchkey human enrol --url https://… --tenant UUID --words w.txt", "tells a registry"],
    ["latchkey human verify p.txt --type age --anchor anchor.json", "with --audience and --nonce"],
  ],
  async *run(context, args) {
    const action = await actionOf(args)();
    return (yield* action(context, args)) ?? EXIT.ok;
  },
};
