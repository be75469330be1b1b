import {
  createFirmwareManifest,
  type FirmwareFacts,
  firmwareFactsOf,
} from "../../protocol/claims/firmware-manifest.ts";
import { decodeManifest, encodeManifest } from "../../protocol/claims/manifest-wire.ts";
import { signManifest } from "../../protocol/claims/sign-manifest.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { neededBytes, readGraph } from "../authority/graph-file.ts";
import { passphraseOf } from "../authority/passphrase.ts";
import { openAuthority, PLACE_OPTIONS } from "../authority/place.ts";
import { publisherOf, SERVER_OPTIONS } from "../authority/publisher-options.ts";
import { suggestion, usageError } from "../cli/arguments.ts";
import type { Arguments, Command } from "../cli/command.ts";
import type { Context } from "../cli/context.ts";
import type { CliEvent } from "../cli/event.ts";
import { EXIT } from "../cli/exit-codes.ts";
import { resolvePath } from "../reader-file.ts";

const ACTIONS = ["sign", "verify", "publish"] as const;
const VERSION_MAX = 0xffffffff;
const OWN: Readonly<Record<(typeof ACTIONS)[number], readonly string[]>> = {
  sign: ["product", "release", "security", "min-bootloader"],
  verify: ["product", "security", "graph", "identity", "bootloader"],
  publish: ["tenant", "data", "url"],
};

export const release: Command = {
  name: "release",
  summary: "signs a firmware image, checks it as a node would, gives it to the server",
  operands: `<${ACTIONS.join(" | ")}> <image>`,
  maxOperands: 2,
  options: [
    { name: "product", value: "word", help: "which board and program the image is for" },
    { name: "release", value: "text", help: "sign: its version, for people" },
    { name: "security", value: "number", help: "its security version; verify: the node's" },
    { name: "min-bootloader", value: "number", help: "sign: the oldest that starts it; 0" },
    { name: "manifest", value: "file", help: "where the manifest is; <image>.manifest" },
    { name: "graph", value: "file", help: "verify: the graph to check it by; the authority's own" },
    { name: "identity", value: "id", help: "verify: the identity that the node trusts" },
    { name: "bootloader", value: "number", help: "verify: the node's bootloader; 0" },
    ...SERVER_OPTIONS,
    ...PLACE_OPTIONS,
  ],
  examples: [
    [
      "latchkey release sign reader.bin --product reader-pico-2w --release 1.4.0 --security 7",
      "writes reader.bin.manifest",
    ],
    [
      "latchkey release verify reader.bin --product reader-pico-2w --graph graph.json --identity …",
      "accept, or the reason why not",
    ],
    ["latchkey release publish reader.bin", "nodes of that product update themselves"],
    [
      "latchkey release publish reader.bin --url https://id.example --tenant …",
      "the same from another machine; a manager's token in LATCHKEY_TOKEN",
    ],
  ],
  async *run(context, args) {
    const [word, image] = args.positionals;
    const action = ACTIONS.find((known) => known === word);
    if (action === undefined)
      throw usageError(
        word === undefined
          ? `release: one of ${ACTIONS.join(", ")}`
          : `release knows no \`${word}\`${suggestion(word, ACTIONS)}`,
      );
    if (image === undefined) throw usageError(`\`latchkey release ${action}\` needs an image`);
    const others = Object.values(OWN).flat();
    const foreign = others.find((name) => args.flag(name) && !OWN[action].includes(name));
    if (foreign !== undefined)
      throw usageError(`--${foreign} does not belong to \`latchkey release ${action}\``, foreign);
    const manifest = args.text("manifest") ?? `${image}.manifest`;
    const files = { image, manifest };
    if (action === "publish") return yield* publish(context, args, files);
    return yield* action === "sign" ? sign(context, args, files) : verify(context, args, files);
  },
};

interface Files {
  readonly image: string;
  readonly manifest: string;
}

function needed(args: Arguments, name: string): string {
  const text = args.text(name);
  if (text === undefined || text === "") throw usageError(`--${name} is needed`, name);
  return text;
}

function wholeNumber(args: Arguments, name: string): number | undefined {
  const value = args.number(name, 0, VERSION_MAX);
  if (value !== undefined && !Number.isInteger(value))
    throw usageError(`--${name} must be a whole number`, name);
  return value;
}

async function* sign(
  context: Context,
  args: Arguments,
  { image, manifest }: Files,
): AsyncGenerator<CliEvent, number> {
  const securityVersion = wholeNumber(args, "security");
  if (securityVersion === undefined) throw usageError("--security is needed", "security");
  const bytes = neededBytes(context, image);
  const { nodeCrypto } = await import("../../server/node-crypto.ts");
  const facts: FirmwareFacts = {
    ...{ product: needed(args, "product"), version: needed(args, "release"), securityVersion },
    ...{ sha256: toHex(nodeCrypto.sha256(bytes)), size: bytes.length },
    minBootloader: wholeNumber(args, "min-bootloader") ?? 0,
  };
  const authority = await openAuthority(context, args);
  const signer = await authority.signer(await passphraseOf(context));
  const sha3 = await context.sha3();
  const operatorAddress = signer.addresses.manifest;
  const signed = await signManifest(
    createFirmwareManifest({ facts, operatorAddress }, sha3),
    signer,
    {
      ...{ sha3, signedAt: context.nowMs() },
      domain: "latchkey/v1/firmware",
    },
  );
  context.writeFile(resolvePath(context, manifest), encodeManifest(signed));
  const { product, version, sha256, size } = facts;
  const fields = { manifest, product, version, security: securityVersion, sha256, size };
  yield { type: "done", text: `${manifest}: ${product} ${version} is signed`, fields };
  return EXIT.ok;
}

/** What a node does with it, on this computer: `verifyFirmware`. */
async function* verify(
  context: Context,
  args: Arguments,
  { image, manifest }: Files,
): AsyncGenerator<CliEvent, number> {
  const bytes = neededBytes(context, image);
  const wire = neededBytes(context, manifest);
  const file = args.text("graph");
  const own = file === undefined ? (await openAuthority(context, args)).graph() : undefined;
  if (file !== undefined && !args.flag("identity"))
    throw usageError("--identity is needed with --graph: a graph cannot say whom to trust");
  const identityId = args.text("identity") ?? own!.document.id;
  // Only here, so that no other command waits for it.
  const { nodeCrypto } = await import("../../server/node-crypto.ts");
  const { verifyFirmware } = await import("../../protocol/claims/verify-firmware.ts");
  const decision = verifyFirmware(
    wire,
    own ?? readGraph(context, file!),
    { size: bytes.length, sha256: nodeCrypto.sha256(bytes) },
    {
      ...{ sha3: await context.sha3(), nowMs: context.nowMs(), identityId },
      installed: {
        product: args.text("product") ?? firmwareFactsOf(decodeManifest(wire)).product,
        securityVersion: wholeNumber(args, "security") ?? 0,
        bootloader: wholeNumber(args, "bootloader") ?? 0,
      },
    },
  );
  const accepted = decision.decision === "accept";
  const text = accepted
    ? `accept: ${decision.facts.product} ${decision.facts.version}`
    : `refuse: ${decision.reason} [${decision.code}]`;
  yield { type: "check", name: "Image", state: accepted ? "ok" : "failed", text };
  return accepted ? EXIT.ok : EXIT.failed;
}

/** The server checks it too, by the graph that `authority publish` gave it. */
async function* publish(
  context: Context,
  args: Arguments,
  files: Files,
): AsyncGenerator<CliEvent, number> {
  const image = neededBytes(context, files.image);
  const manifest = neededBytes(context, files.manifest);
  const publisher = await publisherOf(context, args);
  try {
    const { product, version, releaseId } = await publisher.publishRelease(manifest, image);
    const fields = { product, version, release: releaseId, tenant: publisher.tenantId };
    yield { type: "done", text: `Nodes of ${product} get ${version} at their check-in`, fields };
    return EXIT.ok;
  } finally {
    await publisher.close();
  }
}
