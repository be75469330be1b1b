import { nobleHuman as crypto } from "../../protocol/crypto/noble-p256.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { readStatus } from "../../protocol/human/credential/status-reference.ts";
import { readOwnSdJwt } from "../../protocol/human/sd-jwt/present.ts";
import { STATUS } from "../../protocol/human/status/bit-array.ts";
import { JsonReader } from "../../protocol/json/reader.ts";
import { suggestion, usageError } from "../cli/arguments.ts";
import type { Arguments } from "../cli/command.ts";
import type { Context } from "../cli/context.ts";
import type { CliEvent, Row } from "../cli/event.ts";
import { readIssuer } from "../human/issuer-folder.ts";
import { IssuerStatuses } from "../human/issuer-statuses.ts";
import { folderOf, pathOf, readFile } from "./human-files.ts";

type Events = AsyncGenerator<CliEvent, undefined>;

const CHANGES: Readonly<Record<string, number>> = Object.freeze({
  revoke: STATUS.invalid,
  suspend: STATUS.suspended,
  reinstate: STATUS.valid,
});

function statusesIn(context: Context, folder: string): IssuerStatuses {
  const statuses = IssuerStatuses.open(context, folder);
  if (statuses !== undefined) return statuses;
  throw new LatchkeyError("file-unusable", {
    message: `${folder} has no list: make the issuer with --status-uri`,
  });
}

/** The entry that is named by its number, or by the credential that has it. */
function indexOf(context: Context, args: Arguments, { uri }: IssuerStatuses): number {
  const named = args.positionals[2];
  if (named !== undefined && /^\d{1,9}$/.test(named)) return Number(named);
  if (named !== undefined) throw usageError("an entry is named by its number");
  const { claims } = readOwnSdJwt(crypto, readFile(context, pathOf(context, args, "credential")));
  const reference = readStatus(new JsonReader(claims));
  if (reference?.uri !== uri) throw new LatchkeyError("status-list-foreign");
  return reference.index;
}

/** `human status`: what an issuer says of its credentials, and how it is published. */
export async function* status(context: Context, args: Arguments): Events {
  const folder = folderOf(context, args);
  const statuses = statusesIn(context, folder);
  const [, verb] = args.positionals;
  if (verb === undefined) {
    yield* table(statuses);
  } else if (verb === "publish") {
    const out = pathOf(context, args, "out");
    context.writeFile(out, `${await statuses.publish(readIssuer(context, folder))}\n`);
    const text = `The list is in ${out}; verifiers expect it at ${statuses.uri}`;
    yield { type: "done", text, fields: { path: out, uri: statuses.uri } };
  } else {
    const value = Object.hasOwn(CHANGES, verb) ? CHANGES[verb] : undefined;
    const verbs = [...Object.keys(CHANGES), "publish"];
    if (value === undefined)
      throw usageError(`status: one of ${verbs.join(", ")}${suggestion(verb, verbs)}`);
    const index = indexOf(context, args, statuses);
    statuses.set(index, value);
    const text = `Entry ${index}: ${nameOf(value)}. Publish the list, so that others hear of it.`;
    yield { type: "done", text, fields: { index, value } };
  }
}

function nameOf(value: number): string {
  if (value === STATUS.valid) return "valid";
  return value === STATUS.suspended ? "suspended" : "revoked";
}

function* table({ uri, entries }: IssuerStatuses): Generator<CliEvent> {
  const bad = entries.filter(({ value }) => value !== STATUS.valid);
  const rows: Row[] = [
    ["published at", uri],
    ["credentials", String(entries.length)],
    ...bad.map(({ index, value }): Row => [String(index), nameOf(value)]),
  ];
  yield { type: "table", title: "Status of credentials", rows };
}
