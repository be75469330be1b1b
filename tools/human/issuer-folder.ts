import { join } from "node:path";
import { nobleHuman as crypto } from "../../protocol/crypto/noble-p256.ts";
import { fromBase64, toBase64 } from "../../protocol/encoding/base64.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { Issuer } from "../../protocol/human/credential/issue.ts";
import type { IssuerAnchor } from "../../protocol/human/credential/issuer-trust.ts";
import { withRoot } from "../../protocol/human/root-identity.ts";
import { makeCsr } from "../../protocol/human/x509/csr.ts";
import { fromPem, toPem } from "../../protocol/human/x509/pem.ts";
import { type JsonReader, parseObject } from "../../protocol/json/reader.ts";
import type { Context } from "../cli/context.ts";
import { makeKey, readKey } from "./key-file.ts";

export function readJson(context: Context, path: string): JsonReader {
  const text = context.readText(path);
  if (text === undefined)
    throw new LatchkeyError("file-unusable", { message: `there is no ${path}` });
  return parseObject(text, path);
}

/**
 * Makes an issuer: a key here, certified by the root of somebody's words. What verifiers need is
 * `anchor.json`, which holds nothing secret. @throws conflict
 */
export async function makeIssuer(
  context: Context,
  folder: string,
  { id, mnemonic }: { readonly id: string; readonly mnemonic: string },
): Promise<string> {
  const { publicKey, sign } = makeKey(context, join(folder, "issuer.key"));
  const csr = await makeCsr(publicKey, sign);
  const notBefore = Math.floor(context.nowMs() / 1000);
  const { root, leaf } = withRoot(crypto, { mnemonic }, (lent) => ({
    root: lent.certificate(),
    leaf: lent.delegateDevice(csr, "issuer", { notBefore }),
  }));
  context.writeFile(join(folder, "issuer.pem"), toPem("CERTIFICATE", leaf));
  const path = join(folder, "anchor.json");
  const anchor = { issuer: id, certificate: toBase64(root) };
  context.writeFile(path, `${JSON.stringify(anchor, undefined, 2)}\n`);
  return path;
}

/** @throws file-unusable, malformed */
export function readAnchor(context: Context, path: string): IssuerAnchor {
  const body = readJson(context, path);
  const withdrawn = body.has("withdrawn") ? body.array("withdrawn", { max: 100 }) : [];
  return {
    issuer: body.string("issuer", { max: 2048 }),
    certificate: fromBase64(body.string("certificate", { max: 12_288 }), "certificate"),
    withdrawn: withdrawn.map(String),
  };
}

/** @throws file-unusable, malformed */
export function readIssuer(context: Context, folder: string): Issuer {
  const { issuer: id } = readAnchor(context, join(folder, "anchor.json"));
  const { sign } = readKey(context, join(folder, "issuer.key"));
  const pem = context.readText(join(folder, "issuer.pem")) ?? "";
  return { id, chain: [fromPem("CERTIFICATE", pem)], sign };
}
