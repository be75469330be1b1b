import type { Sha3 } from "../crypto/sha3.ts";
import { toHex } from "../encoding/hex.ts";
import { toUtf8 } from "../encoding/utf8.ts";
import { LatchkeyError, malformed } from "../errors.ts";
import { canonicalJson } from "./canonical-json.ts";
import type { Manifest, ManifestType } from "./manifest-types.ts";
import { checkMoment } from "./moment.ts";

interface Form {
  /** In the wire form. */
  readonly discriminant: number;
  /** The member that holds the id, and those that it is the hash of, in their order. */
  readonly id: string;
  readonly hashed: readonly string[];
  /** The member that says who speaks. */
  readonly author: string;
  readonly texts: readonly string[];
  readonly lists: readonly string[];
  readonly objects: readonly string[];
}

/** The four kinds: what each must have. Nothing of it is checked by the reference. */
const FORMS: Readonly<Record<ManifestType, Form>> = Object.freeze({
  app: {
    discriminant: 1,
    id: "appId",
    hashed: ["authorAddress", "pearTopicKey"],
    author: "authorAddress",
    texts: ["name", "version", "price", "description", "minTotemVersion"],
    lists: ["category", "permissions"],
    objects: [],
  },
  capability: {
    discriminant: 2,
    id: "capabilityId",
    hashed: ["agentAddress", "capabilityName"],
    author: "agentAddress",
    texts: ["agentIdentityKey", "description", "pricePerCall"],
    lists: ["tags"],
    objects: ["inputSchema", "outputSchema"],
  },
  dapp: {
    discriminant: 3,
    id: "dappId",
    hashed: ["authorAddress", "contractHash"],
    author: "authorAddress",
    texts: ["name", "version", "price", "description"],
    lists: ["abi", "category"],
    objects: [],
  },
  "edge-service": {
    discriminant: 4,
    id: "serviceId",
    hashed: ["operatorAddress", "serviceType", "name"],
    author: "operatorAddress",
    texts: ["version", "description"],
    lists: ["capabilities", "tags"],
    objects: [],
  },
});

type Fields = Readonly<Record<string, unknown>>;

/** The form of a kind, or `undefined` for what is none. */
export function formOf(type: unknown): Form | undefined {
  return typeof type === "string" && Object.hasOwn(FORMS, type)
    ? FORMS[type as ManifestType]
    : undefined;
}

/** The kind with a number of the wire form. */
export function typeOfDiscriminant(discriminant: number): ManifestType | undefined {
  const types = Object.keys(FORMS) as ManifestType[];
  return types.find((type) => FORMS[type].discriminant === discriminant);
}

/** The hash of a kind and its members; `undefined` becomes a word, as in the reference. */
export function manifestIdOf(type: string, { hashed }: Form, fields: Fields, sha3: Sha3): string {
  const parts = [type, ...hashed.map((name) => `${fields[name]}`)];
  return toHex(sha3.sha3_256(toUtf8(parts.join("\u0000"))));
}

function requireForm(manifest: unknown): { readonly form: Form; readonly fields: Fields } {
  if (typeof manifest !== "object" || manifest === null) throw malformed("manifest", "no object");
  const fields = manifest as Fields;
  const form = formOf(fields["type"]);
  if (form === undefined) throw malformed("manifest.type", "not one of the four kinds");
  for (const name of form.hashed) {
    const value = fields[name];
    // NUL separates the members in the hash: with one inside, two manifests have one id.
    if (typeof value !== "string" || value === "" || value.includes("\u0000"))
      throw malformed(`manifest.${name}`, "not a text");
  }
  return { form, fields };
}

/** The id of a manifest: lower-case hexadecimal. @throws malformed for an unknown kind */
export function computeManifestId(manifest: Manifest, sha3: Sha3): string {
  const { form, fields } = requireForm(manifest);
  return manifestIdOf(manifest.type, form, fields, sha3);
}

/** The address that a manifest declares as its author, agent or operator. @throws malformed */
export function declaredAuthor(manifest: Manifest): string {
  const { form, fields } = requireForm(manifest);
  return fields[form.author] as string;
}

/**
 * Checks a manifest from outside: kind, members, and its id unless it states none.
 * @throws malformed, id-mismatch
 */
export function checkManifest(value: unknown, sha3: Sha3): Manifest {
  canonicalJson(value, "manifest");
  const { form, fields } = requireForm(value);
  for (const name of form.texts)
    if (typeof fields[name] !== "string") throw malformed(`manifest.${name}`, "not a text");
  for (const name of form.lists)
    if (!Array.isArray(fields[name])) throw malformed(`manifest.${name}`, "not a list");
  for (const name of form.objects)
    if (typeof fields[name] !== "object" || fields[name] === null)
      throw malformed(`manifest.${name}`, "not an object");
  if (fields["expiresAt"] !== undefined) checkMoment(fields["expiresAt"], "manifest.expiresAt");
  const manifest = value as Manifest;
  const stated = fields[form.id];
  if (stated !== "" && stated !== manifestIdOf(manifest.type, form, fields, sha3))
    throw new LatchkeyError("id-mismatch", {
      message: "the manifest's id is not the hash of what it names",
    });
  return manifest;
}
