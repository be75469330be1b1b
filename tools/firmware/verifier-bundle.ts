import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { ErrorCode } from "../../protocol/error-codes.ts";
import { programCodes, tableOf } from "./image-codes.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** All that a device needs that verifies credentials and has none of its own. */
const CONTENTS = [
  'export { portableVerifier } from "./protocol/crypto/p256-verifier.ts";',
  'export { IssuerTrust } from "./protocol/human/credential/issuer-trust.ts";',
  'export { verifyCredential } from "./protocol/human/credential/verify.ts";',
  'export { verifySdJwt } from "./protocol/human/sd-jwt/verify.ts";',
  'export { StatusChecker } from "./protocol/human/status/status-checker.ts";',
].join("\n");

export interface VerifierBundle {
  /** A module, minified. */
  readonly text: string;
  /** The codes that it can raise; it has the sentences of these and of no others. */
  readonly codes: readonly ErrorCode[];
}

async function bundled(codes: readonly ErrorCode[], minify: boolean): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: CONTENTS, resolveDir: root },
    absWorkingDir: root,
    ...{ bundle: true, write: false, minify, format: "esm", target: "es2022" },
    plugins: [tableOf(codes)],
    logLevel: "silent",
  });
  return outputFiles[0]!.text;
}

/** The verifier of presentations alone, as one module without imports. */
export async function bundleVerifier(): Promise<VerifierBundle> {
  const codes = programCodes(await bundled([], false));
  return { text: await bundled(codes, true), codes };
}
