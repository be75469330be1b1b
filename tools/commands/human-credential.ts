import { join } from "node:path";
import { nobleHuman as crypto } from "../../protocol/crypto/noble-p256.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import { issueCredential } from "../../protocol/human/credential/issue.ts";
import { IssuerTrust } from "../../protocol/human/credential/issuer-trust.ts";
import { CREDENTIAL_TYPES, type CredentialType } from "../../protocol/human/credential/types.ts";
import {
  type CredentialExpected,
  type VerifiedCredential,
  verifyCredential,
} from "../../protocol/human/credential/verify.ts";
import { p256Jwk, parseP256Jwk } from "../../protocol/human/jose/p256-jwk.ts";
import { PERSONAS } from "../../protocol/human/pairwise-secret.ts";
import { bindKey } from "../../protocol/human/sd-jwt/key-binding.ts";
import { selectDisclosures } from "../../protocol/human/sd-jwt/present.ts";
import { StatusChecker } from "../../protocol/human/status/status-checker.ts";
import { nodeCompression } from "../../server/node-compression.ts";
import { systemRandom } from "../../server/system-random.ts";
import { suggestion, usageError } from "../cli/arguments.ts";
import type { Arguments } from "../cli/command.ts";
import type { Context } from "../cli/context.ts";
import type { CliEvent, Row } from "../cli/event.ts";
import { EXIT } from "../cli/exit-codes.ts";
import { makeIssuer, readAnchor, readIssuer, readJson } from "../human/issuer-folder.ts";
import { IssuerStatuses } from "../human/issuer-statuses.ts";
import { makeKey, readKey } from "../human/key-file.ts";
import { resolvePath } from "../reader-file.ts";
import { folderOf, need, pathOf, readFile } from "./human-files.ts";
import { nameOf } from "./human-root.ts";

type Events = AsyncGenerator<CliEvent, undefined>;

const LIFETIME_DAYS = 30;

function typeOf(args: Arguments): CredentialType {
  const word = need(args, "type");
  const types: Readonly<Record<string, CredentialType>> = CREDENTIAL_TYPES;
  const names = Object.keys(types);
  if (!names.includes(word))
    throw usageError(`--type is one of ${names.join(", ")}${suggestion(word, names)}`, "type");
  return types[word]!;
}

/** `name=value`; `true` and `false` are no text. */
function claimsOf(args: Arguments): Record<string, string | boolean> {
  const pairs = args.texts("claim").map((text) => {
    const [, name, value] = /^([a-z0-9_]+)=(.*)$/.exec(text) ?? [];
    if (name === undefined || value === undefined)
      throw usageError("--claim is NAME=VALUE, such as --claim employer=Contoso", "claim");
    return [name, value === "true" || value === "false" ? value === "true" : value] as const;
  });
  return Object.fromEntries(pairs);
}

/** `human issuer new`: an issuer under the root of its owner's words. */
export async function* newIssuer(context: Context, args: Arguments): Events {
  const mnemonic = readFile(context, pathOf(context, args, "words"));
  const folder = folderOf(context, args);
  const path = await makeIssuer(context, folder, { id: need(args, "id"), mnemonic });
  const uri = args.text("status-uri");
  if (uri !== undefined) IssuerStatuses.begin(context, folder, uri);
  yield { type: "done", text: `Verifiers need ${path}`, fields: { path } };
}

/** `human credential request NAME`: a new key, and the request that an issuer answers. */
export async function* requestCredential(context: Context, args: Arguments): Events {
  const name = nameOf(args, "credential request");
  const path = join(folderOf(context, args), "holders", name);
  const { publicKey } = makeKey(context, `${path}.key`);
  context.writeFile(
    `${path}.json`,
    `${JSON.stringify({ jwk: p256Jwk(publicKey) }, undefined, 2)}\n`,
  );
  yield { type: "done", text: `Give the issuer ${path}.json`, fields: { path: `${path}.json` } };
}

/** `human credential issue` */
export async function* issue(context: Context, args: Arguments): Events {
  const request = readJson(context, pathOf(context, args, "request"));
  const word = args.text("persona") ?? "personal";
  const persona = PERSONAS.find((one) => one === word);
  if (persona === undefined)
    throw usageError(`--persona is one of ${PERSONAS.join(", ")}`, "persona");
  const out = pathOf(context, args, "out");
  const folder = folderOf(context, args);
  const order = { type: typeOf(args), persona, claims: claimsOf(args) };
  const status = IssuerStatuses.open(context, folder)?.allocate();
  const sdJwt = await issueCredential(
    { crypto, random: systemRandom },
    readIssuer(context, folder),
    {
      ...order,
      ...(status && { status }),
      holderKey: parseP256Jwk(crypto, request.object("jwk")),
      nowUnix: Math.floor(context.nowMs() / 1000),
      lifetimeDays: args.number("days", 0, 3650) ?? LIFETIME_DAYS,
    },
  );
  context.writeFile(out, `${sdJwt}\n`, { secret: true });
  yield { type: "done", text: `The credential is in ${out}`, fields: { path: out } };
}

/** `human present NAME`: shows the claims of `--show`, for one verifier and one request. */
export async function* present(context: Context, args: Arguments): Events {
  const [, name] = args.positionals;
  if (name === undefined) throw usageError("present needs the name of the request's key");
  const key = readKey(context, join(folderOf(context, args), "holders", `${name}.key`));
  const sdJwt = readFile(context, pathOf(context, args, "credential"));
  const queries = args.texts("show").map((claim) => [claim]);
  const out = pathOf(context, args, "out");
  const presentation = await bindKey(crypto, selectDisclosures(crypto, sdJwt, queries), {
    ...{ audience: need(args, "audience"), nonce: need(args, "nonce"), sign: key.sign },
    nowUnix: Math.floor(context.nowMs() / 1000),
  });
  context.writeFile(out, `${presentation}\n`);
  yield { type: "done", text: `The presentation is in ${out}`, fields: { path: out } };
}

/** `human verify FILE`: exit code 1 when the presentation is refused, with the code that says why. */
export async function* verify(context: Context, args: Arguments): AsyncGenerator<CliEvent, number> {
  const [, file] = args.positionals;
  if (file === undefined) throw usageError("verify needs the file with the presentation");
  const anchors = args
    .texts("anchor")
    .map((path) => readAnchor(context, resolvePath(context, path)));
  if (anchors.length === 0) throw usageError("--anchor is needed: whom do you trust?", "anchor");
  const presentation = readFile(context, resolvePath(context, file));
  const expected = {
    trust: new IssuerTrust(crypto, anchors),
    types: [typeOf(args).vct],
    keyBinding: { audience: need(args, "audience"), nonce: need(args, "nonce") },
    nowUnix: Math.floor(context.nowMs() / 1000),
  };
  try {
    const credential = verifyCredential(crypto, presentation, expected);
    const lists = args.texts("status-list").map((path) => resolvePath(context, path));
    await checkStatus(context, credential, expected, lists);
    yield* report(credential, lists.length > 0);
    return EXIT.ok;
  } catch (error) {
    if (!isLatchkeyError(error)) throw error;
    const { code, message, next } = error;
    const text = `${message} [${code}]`;
    yield { type: "check", name: "presentation", state: "failed", text, next };
    return EXIT.failed;
  }
}

/** By lists that were fetched already; none, and the status is not looked at. */
async function checkStatus(
  context: Context,
  credential: VerifiedCredential,
  { trust, nowUnix }: Pick<CredentialExpected, "trust" | "nowUnix">,
  lists: readonly string[],
): Promise<void> {
  if (lists.length === 0) return;
  for (const [at, path] of lists.entries()) {
    const checker = new StatusChecker({
      ...{ crypto, trust, compression: nodeCompression },
      hosts: [/^https:\/\/([^/]+)/.exec(credential.status?.uri ?? "")?.[1] ?? ""],
      fetchList: async () => readFile(context, path),
    });
    try {
      return await checker.check(credential, nowUnix);
    } catch (error) {
      // Another file may be the right list.
      if (!isLatchkeyError(error, "status-list-foreign") || at === lists.length - 1) throw error;
    }
  }
}

function* report(credential: VerifiedCredential, checked: boolean): Generator<CliEvent> {
  const { type, issuer, persona, claims, status } = credential;
  const shown = Object.entries(claims).map(([name, value]): Row => [name, String(value)]);
  const rows: Row[] = [["issuer", issuer], ["persona", persona], ...shown];
  yield { type: "table", title: type.name, rows };
  if (status !== undefined && !checked)
    yield { type: "warning", text: `Its status was not asked for: ${status.uri}` };
}
