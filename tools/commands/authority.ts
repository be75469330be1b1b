import { verifyManifestIdentity } from "../../protocol/claims/bind-manifest.ts";
import {
  IDENTITY_KINDS,
  type IdentityResolutionResult,
  type ResolvedIdentity,
} from "../../protocol/claims/identity-types.ts";
import { decodeManifest } from "../../protocol/claims/manifest-wire.ts";
import { resolveIdentityGraph } from "../../protocol/claims/resolve.ts";
import { TREE_CAPACITY } from "../../protocol/claims/tree-proof.ts";
import { neededBytes, readGraph } from "../authority/graph-file.ts";
import { addressFrom } from "../authority/party.ts";
import {
  NEW_PASSPHRASE_ENV,
  newPassphrase,
  PASSPHRASE_ENV,
  passphraseOf,
} from "../authority/passphrase.ts";
import { openAuthority, PLACE_OPTIONS } from "../authority/place.ts";
import { publisherOf, SERVER_OPTIONS } from "../authority/publisher-options.ts";
import { suggestion, usageError } from "../cli/arguments.ts";
import type { Arguments, Command } from "../cli/command.ts";
import type { Context } from "../cli/context.ts";
import type { CliEvent, Row } from "../cli/event.ts";
import { EXIT } from "../cli/exit-codes.ts";

/** Nobody asks the folder. */
const PASS_ON = "Others know it once they have the graph: `latchkey authority publish`.";

type Action = (context: Context, args: Arguments) => AsyncGenerator<CliEvent, number>;

/** What each takes besides where the authority is. */
const ACTIONS: Readonly<Record<string, readonly [run: Action, options: readonly string[]]>> = {
  new: [create, ["kind"]],
  delegate: [delegate, ["to", "node", "scope", "expires"]],
  rotate: [rotate, []],
  revoke: [revoke, ["delegate", "node", "claim", "identity", "reason"]],
  publish: [publish, ["require-nodes", "open-nodes", "data", "tenant", "url"]],
  resolve: [resolve, ["graph"]],
  bind: [bind, ["graph"]],
  recover: [recover, ["ahead"]],
};
const NAMES = Object.keys(ACTIONS);
const OWN_OPTIONS = [...new Set(Object.values(ACTIONS).flatMap(([, options]) => options))];

export const authority: Command = {
  name: "authority",
  summary: "founds an identity; delegates, rotates, revokes; tells who is in control",
  operands: `<${NAMES.join(" | ")}> [manifest]`,
  maxOperands: 2,
  options: [
    { name: "kind", value: "kind", help: `new: ${IDENTITY_KINDS.join(", ")}; organization` },
    { name: "to", value: "address", help: "delegate: to whom (Mx…)" },
    { name: "node", value: "key", help: "delegate, revoke: a node, by its public key (node_pk)" },
    { name: "scope", value: "scope", many: true, help: "delegate: what it may, such as door:open" },
    { name: "expires", value: "time", help: "delegate: its end, such as 2027-01-01T00:00:00Z" },
    { name: "delegate", value: "address", help: "revoke: this delegate" },
    { name: "claim", value: "id", help: "revoke: this claim" },
    { name: "identity", help: "revoke: the identity itself, for ever" },
    { name: "ahead", value: "uses", help: "recover: witness or leases are lost; skip so many" },
    { name: "reason", value: "text", help: "revoke: why; everybody can read it" },
    {
      name: "require-nodes",
      help: "publish: only nodes with a delegation may come in from now on",
    },
    { name: "open-nodes", help: "publish: nodes need none any more" },
    ...SERVER_OPTIONS,
    { name: "graph", value: "file", help: "resolve, bind: another graph than the one here" },
    ...PLACE_OPTIONS,
  ],
  examples: [
    ["latchkey authority new", `asks for a passphrase; or it is in ${PASSPHRASE_ENV}`],
    ["latchkey authority delegate --to MxG08… --scope manifest:sign", "lets a builder sign images"],
    ["latchkey authority revoke --delegate MxG08… --reason 'laptop stolen'", "and no longer"],
    ["latchkey authority rotate", "control moves to a new key, made here"],
    ["latchkey authority publish --require-nodes", "the server lets in delegated nodes only"],
    [
      "latchkey authority publish --url https://id.example --tenant …",
      "to a server elsewhere; an admin's token in LATCHKEY_TOKEN",
    ],
    ["latchkey authority resolve --graph graph.json", "who is in control of an identity"],
    ["latchkey authority bind image.manifest --graph graph.json", "whether it stands behind it"],
  ],
  async *run(context, args) {
    const [word, operand] = args.positionals;
    if (word === undefined) throw usageError(`authority: one of ${NAMES.join(", ")}`);
    const known = Object.hasOwn(ACTIONS, word) ? ACTIONS[word] : undefined;
    if (known === undefined)
      throw usageError(`authority knows no \`${word}\`${suggestion(word, NAMES)}`);
    const [run, options] = known;
    const foreign = OWN_OPTIONS.find((name) => args.flag(name) && !options.includes(name));
    if (foreign !== undefined)
      throw usageError(`--${foreign} does not belong to \`latchkey authority ${word}\``, foreign);
    if ((operand !== undefined) !== (word === "bind"))
      throw usageError("a manifest belongs to `latchkey authority bind`, which needs it");
    return yield* run(context, args);
  },
};

async function* create(context: Context, args: Arguments): AsyncGenerator<CliEvent, number> {
  const word = args.text("kind") ?? "organization";
  const kind = IDENTITY_KINDS.find((one) => one === word);
  if (kind === undefined) throw usageError(`--kind is one of ${IDENTITY_KINDS.join(", ")}`, "kind");
  const place = await openAuthority(context, args);
  const { document } = await place.create(kind, await newPassphrase(context));
  const { id: identity, rootAddress: address } = document;
  const fields = { identity, address, graph: place.graphPath };
  yield { type: "done", text: `${identity}\n  is founded; its key is ${address}`, fields };
  yield {
    type: "next",
    text: "Without the folder or the passphrase nobody will control it again: keep copies of both.",
  };
  return EXIT.ok;
}

async function* delegate(context: Context, args: Arguments): AsyncGenerator<CliEvent, number> {
  const delegatedAddress = addressFrom(await context.sha3(), args, "to");
  const scopes = args.texts("scope");
  if (scopes.length === 0 || scopes.some((scope) => !/^[a-z0-9:*-]{1,64}$/.test(scope)))
    throw usageError("--scope is needed: a word such as door:open, manifest:sign or *", "scope");
  const expiresAt = momentOf(args);
  if (expiresAt !== undefined && expiresAt <= context.nowMs())
    throw usageError("--expires is in the past", "expires");
  const place = await openAuthority(context, args);
  const wish = { delegatedAddress, scopes, ...(expiresAt !== undefined && { expiresAt }) };
  const { claim } = await place.delegate(wish, await passphraseOf(context));
  const fields = { claim: claim.id, address: delegatedAddress, graph: place.graphPath };
  yield { type: "done", text: `${delegatedAddress} may ${scopes.join(", ")}`, fields };
  return EXIT.ok;
}

async function* rotate(context: Context, args: Arguments): AsyncGenerator<CliEvent, number> {
  const place = await openAuthority(context, args);
  const passphrase = await passphraseOf(context);
  // The same one again, unless it is what was lost.
  const another = context.env[NEW_PASSPHRASE_ENV] !== undefined;
  const next = another ? await newPassphrase(context, NEW_PASSPHRASE_ENV) : passphrase;
  const { signed, newAddress } = await place.rotate(passphrase, next);
  const fields = { claim: signed.claim.id, address: newAddress, graph: place.graphPath };
  yield { type: "done", text: `In control is ${newAddress} now`, fields };
  const again = "Sign again what the old key signed: `latchkey release sign`.";
  yield { type: "next", text: `${again} ${PASS_ON}` };
  return EXIT.ok;
}

async function* revoke(context: Context, args: Arguments): AsyncGenerator<CliEvent, number> {
  const named = ["delegate", "node", "claim", "identity"].filter((name) => args.flag(name));
  if (named.length !== 1)
    throw usageError("revoke what? one of --delegate, --node, --claim, --identity");
  const claimId = args.text("claim");
  if (claimId !== undefined && !/^[0-9a-f]{64}$/.test(claimId))
    throw usageError("--claim is an id of 64 digits, as `resolve` shows it", "claim");
  const [how] = named;
  const byAddress = how === "delegate" || how === "node";
  const revoked = byAddress ? addressFrom(await context.sha3(), args, "delegate") : claimId;
  const place = await openAuthority(context, args);
  const passphrase = await passphraseOf(context);
  const { claim } = await place.revoke(revoked, args.text("reason"), passphrase);
  const what = revoked ?? claim.subject;
  const fields = { claim: claim.id, revoked: what, graph: place.graphPath };
  yield { type: "done", text: `${what} is revoked`, fields };
  yield { type: "next", text: PASS_ON };
  return EXIT.ok;
}

async function* publish(context: Context, args: Arguments): AsyncGenerator<CliEvent, number> {
  const [require, open] = [args.flag("require-nodes"), args.flag("open-nodes")];
  if (require && open) throw usageError("--require-nodes or --open-nodes, not both");
  const graph = (await openAuthority(context, args)).graph();
  const publisher = await publisherOf(context, args);
  try {
    const done = await publisher.publishAuthority(graph, require || open ? require : undefined);
    const { identityId, claims, refused, ended } = done;
    const told = { tenant: publisher.tenantId, ended: ended.length, refused: refused.length };
    const fields = { identity: identityId, claims, ...told };
    yield { type: "done", text: `The server knows ${claims} claims of ${identityId}`, fields };
    for (const { index, code } of refused)
      yield { type: "warning", text: `Claim ${index + 1} was not taken [${code}]` };
    for (const node of ended)
      yield { type: "warning", text: `Node ${node} has no delegation: it may not come in` };
    return EXIT.ok;
  } finally {
    await publisher.close();
  }
}

async function* resolve(context: Context, args: Arguments): AsyncGenerator<CliEvent, number> {
  const graph = await graphOf(context, args);
  const options = { sha3: await context.sha3(), nowMs: context.nowMs() };
  const { resolved, errors } = resolveIdentityGraph(graph, options);
  yield* refusals(errors);
  if (resolved !== null)
    yield { type: "table", title: resolved.document.id, rows: rowsOf(resolved) };
  return resolved === null || resolved.status === "revoked" ? EXIT.failed : EXIT.ok;
}

async function* bind(context: Context, args: Arguments): AsyncGenerator<CliEvent, number> {
  const signed = decodeManifest(neededBytes(context, args.positionals[1]!));
  const options = { sha3: await context.sha3(), nowMs: context.nowMs() };
  const binding = verifyManifestIdentity(signed, await graphOf(context, args), options);
  const { valid, identityId, code, reason } = binding;
  const text = valid ? `${identityId} stands behind it` : `${reason} [${code}]`;
  yield { type: "check", name: "Manifest", state: valid ? "ok" : "failed", text };
  return valid ? EXIT.ok : EXIT.failed;
}

async function* recover(context: Context, args: Arguments): AsyncGenerator<CliEvent, number> {
  const place = await openAuthority(context, args);
  const ahead = args.number("ahead", 1, TREE_CAPACITY);
  if (ahead !== undefined && !Number.isInteger(ahead))
    throw usageError("--ahead must be a whole number", "ahead");
  await place.recover(await passphraseOf(context), ahead);
  const from = ahead === undefined ? "from where its witness stands" : `${ahead} uses further on`;
  yield { type: "done", text: `The key signs again, ${from}` };
  const next =
    "Compare `resolve` with the graph that is published, and revoke again what is missing.";
  yield { type: "warning", text: "Claims that are newer than the copy are not here.", next };
  return EXIT.ok;
}

async function graphOf(context: Context, args: Arguments): Promise<unknown> {
  const file = args.text("graph");
  return file === undefined
    ? (await openAuthority(context, args)).graph()
    : readGraph(context, file);
}

function* refusals(errors: IdentityResolutionResult["errors"]): Generator<CliEvent> {
  for (const { index, code, message } of errors) {
    const which = index === undefined ? "The graph" : `Claim ${index + 1}`;
    yield { type: "warning", text: `${which} does not count: ${message} [${code}]` };
  }
}

function rowsOf(identity: ResolvedIdentity): Row[] {
  const { status, rootAddress, controllerAddress, delegates } = identity;
  const end = (ms: number | undefined) =>
    ms === undefined ? "" : ` until ${new Date(ms).toISOString()}`;
  return [
    ["status", status],
    ["root", rootAddress],
    ["in control", controllerAddress],
    ...delegates.map(
      ({ delegatedAddress, scopes, expiresAt, claimId }): Row => [
        "delegate",
        `${delegatedAddress} ${scopes.join(", ")}${end(expiresAt)} (claim ${claimId})`,
      ],
    ),
  ];
}

function momentOf(args: Arguments): number | undefined {
  const text = args.text("expires");
  if (text === undefined) return undefined;
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?Z$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw usageError("--expires is a time in UTC: 2027-01-01T00:00:00Z");
  return ms;
}
