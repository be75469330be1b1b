import assert from "node:assert/strict";
import { build } from "esbuild";
import { root } from "../support/test-files.ts";

/**
 * Where flash is counted in kilobytes: the verifier with noble's P-256, minified, without the table
 * of error texts, which every node has anyway. 28,600 of it are noble's.
 */
const BYTES_MAX = 60_000;

describe("the verifier of presentations alone", () => {
  it(`is at most ${BYTES_MAX} bytes, and brings no list of words`, async () => {
    const { outputFiles, metafile } = await build({
      stdin: {
        contents: [
          'export { nobleVerifier } from "./protocol/crypto/p256-verifier.ts";',
          'export { IssuerTrust } from "./protocol/human/credential/issuer-trust.ts";',
          'export { verifyCredential } from "./protocol/human/credential/verify.ts";',
          'export { StatusChecker } from "./protocol/human/status/status-checker.ts";',
        ].join("\n"),
        resolveDir: root,
      },
      absWorkingDir: root,
      ...{ bundle: true, write: false, minify: true, format: "esm", target: "es2022" },
      metafile: true,
    });
    const { bytes, inputs } = Object.values(metafile.outputs)[0]!;
    const table = inputs["protocol/error-codes.ts"]?.bytesInOutput ?? 0;
    console.log(
      `      the verifier has ${bytes - table} bytes and ${table} of error texts, minified`,
    );
    assert.ok(table > 0 && bytes - table <= BYTES_MAX, `${bytes - table} bytes`);
    assert.ok(!outputFiles[0]!.text.includes("abandon"));
  });
});
