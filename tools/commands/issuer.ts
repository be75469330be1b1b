import { toBase64Url } from "../../protocol/encoding/base64.ts";
import { CREDENTIAL_TYPES, type CredentialType } from "../../protocol/human/credential/types.ts";
import type { JsonObject } from "../../protocol/json/reader.ts";
import {
  DISTRUST_ISSUER_PATH,
  LIST_ISSUERS_PATH,
  ROTATE_ISSUER_KEY_PATH,
  TRUST_ISSUER_PATH,
  WITHDRAW_ISSUER_KEY_PATH,
} from "../../server/api/management-paths.ts";
import { suggestion, usageError } from "../cli/arguments.ts";
import type { Arguments } from "../cli/command.ts";
import type { Row } from "../cli/event.ts";
import { readAnchor } from "../human/issuer-folder.ts";
import { done, needed, policyCommand, table } from "../policy/action.ts";
import { resolvePath } from "../reader-file.ts";

const TYPES: Readonly<Record<string, CredentialType>> = CREDENTIAL_TYPES;

function typesOf(args: Arguments): string[] {
  const names = args.texts("type");
  return (names.length === 0 ? ["doorVisitor"] : names).map((name) => {
    if (Object.hasOwn(TYPES, name)) return TYPES[name]!.vct;
    const known = Object.keys(TYPES);
    throw usageError(`--type is one of ${known.join(", ")}${suggestion(name, known)}`, "type");
  });
}

const day = (unix: unknown): string => new Date(Number(unix) * 1000).toISOString().slice(0, 10);

function keyRow(key: JsonObject, signs: boolean): Row {
  const { number, added_at: added, withdrawn_at: withdrawn } = key;
  const state = signs
    ? "signs"
    : withdrawn === undefined
      ? "counts"
      : `withdrawn ${day(withdrawn)}`;
  return [`key ${number}`, `${state}, since ${day(added)}`];
}

function trustedRow({ issuer, zones, types, status_host: host }: JsonObject): Row {
  const list = (words: unknown) => (words as string[]).join(", ");
  return [String(issuer), `${list(zones)}; ${list(types)}; statuses at ${host}`];
}

export const issuer = policyCommand({
  name: "issuer",
  summary: "whose invitations open doors, and the key that signs the tenant's own",
  options: [
    { name: "zone", value: "name", many: true, help: "trust: where its visitors may ask" },
    { name: "type", value: "type", many: true, help: "trust: what it may issue; doorVisitor" },
    { name: "status-host", value: "host", help: "trust: where its status lists are" },
    { name: "out", value: "file", help: "publish: the anchor that other verifiers need" },
  ],
  examples: [
    ["latchkey issuer trust anchor.json --zone lab --status-host visits.example", "admins only"],
    ["latchkey issuer distrust https://visits.example", "its visitors stay outside at once"],
    ["latchkey issuer rotate", "another key signs; what the former has signed counts"],
    ["latchkey issuer withdraw 1", "what that key has signed counts no more"],
  ],
  actions: {
    list: {
      options: [],
      async run(manager) {
        const { issuer: own, keys, trusted } = await manager.ask(LIST_ISSUERS_PATH);
        const all = keys as readonly JsonObject[];
        const rows = all.map((key, i) => keyRow(key, i === all.length - 1));
        const others = (trusted as readonly JsonObject[]).map(trustedRow);
        return [table(`Own: ${own}`, rows), table("Trusted", others)];
      },
    },
    trust: {
      operand: "<anchor.json>",
      options: ["zone", "type", "status-host"],
      async run(manager, args, path, context) {
        const { issuer: name, certificate } = readAnchor(context, resolvePath(context, path));
        const zones = args.texts("zone");
        if (zones.length === 0) throw usageError("--zone is needed: where may they come?", "zone");
        await manager.ask(TRUST_ISSUER_PATH, {
          ...{ issuer: name, certificate: toBase64Url(certificate), types: typesOf(args), zones },
          status_host: needed(args, "status-host"),
        });
        return done(`${name} may invite to ${zones.join(", ")}`, { issuer: name });
      },
    },
    distrust: {
      operand: "<issuer>",
      options: [],
      async run(manager, _args, name) {
        await manager.ask(DISTRUST_ISSUER_PATH, { issuer: name });
        return done(`${name} may invite nobody any more`, { issuer: name });
      },
    },
    rotate: {
      options: [],
      async run(manager) {
        const { number } = await manager.ask(ROTATE_ISSUER_KEY_PATH);
        const text = `Key ${number} signs from now on; what the former keys have signed counts.`;
        return done(text, { number: Number(number) });
      },
    },
    withdraw: {
      operand: "<number>",
      options: [],
      async run(manager, _args, word) {
        if (!/^[1-9][0-9]{0,2}$/.test(word)) throw usageError("a key is named by its number");
        const number = Number(word);
        await manager.ask(WITHDRAW_ISSUER_KEY_PATH, { number });
        const text = `What key ${number} has signed counts no more. Other verifiers need a new anchor.`;
        return [
          ...done(text, { number }),
          { type: "next", text: "Give them", command: "npx latchkey issuer publish --out FILE" },
        ];
      },
    },
    publish: {
      options: ["out"],
      async run(manager, args, _operand, context) {
        const path = resolvePath(context, needed(args, "out"));
        const { issuer: own, certificate, keys } = await manager.ask(LIST_ISSUERS_PATH);
        const gone = (keys as readonly JsonObject[]).filter((key) => "withdrawn_at" in key);
        const withdrawn = gone.map(({ serial }) => serial as string);
        const anchor = { issuer: own, certificate, withdrawn };
        context.writeFile(path, `${JSON.stringify(anchor, undefined, 2)}\n`);
        return done(`Other verifiers need ${path}`, { path });
      },
    },
  },
});
