import assert from "node:assert/strict";
import { ERROR_CODES } from "../../protocol/error-codes.ts";
import type { IssuerTrust } from "../../protocol/human/credential/issuer-trust.ts";
import { CREDENTIAL_TYPES } from "../../protocol/human/credential/types.ts";
import type { verifyCredential } from "../../protocol/human/credential/verify.ts";
import { bundleVerifier, type VerifierBundle } from "../../tools/firmware/verifier-bundle.ts";
import { contoso, issue, mallory, present } from "../protocol/human-agency.ts";
import { NOW } from "../protocol/human-family.ts";
import { FORGERIES } from "../protocol/human-forgeries.ts";
import { AUDIENCE, NONCE } from "../protocol/human-issuer.ts";

/** Where flash is counted in kilobytes: minified, with the sentences of what it can object to. */
const BYTES_MAX = 60_000;

interface Verifier {
  readonly portableVerifier: Parameters<typeof verifyCredential>[0];
  readonly IssuerTrust: typeof IssuerTrust;
  readonly verifyCredential: typeof verifyCredential;
}

describe("the verifier of presentations alone", () => {
  let bundle: VerifierBundle;
  let verifier: Verifier;
  before(async () => {
    bundle = await bundleVerifier();
    verifier = await import(`data:text/javascript,${encodeURIComponent(bundle.text)}`);
  });

  const check = (presentation: string) =>
    verifier.verifyCredential(verifier.portableVerifier, presentation, {
      trust: new verifier.IssuerTrust(verifier.portableVerifier, [contoso.anchor]),
      types: [CREDENTIAL_TYPES.employment.vct],
      keyBinding: { audience: AUDIENCE, nonce: NONCE },
      nowUnix: NOW,
    });

  it(`is at most ${BYTES_MAX} bytes with its sentences, and brings no list of words`, () => {
    const { length } = Buffer.from(bundle.text);
    const { length: codes } = bundle.codes;
    console.log(
      `      the verifier has ${length} bytes minified, with sentences of ${codes} codes`,
    );
    assert.ok(length <= BYTES_MAX, `${length} bytes`);
    assert.ok(!bundle.text.includes("abandon"));
    assert.ok(!bundle.text.includes(ERROR_CODES["badge-unknown"].title));
  });

  it("can say all that there is to object to", () => {
    const missing = FORGERIES.filter(({ code }) => !bundle.codes.includes(code));
    assert.deepEqual(missing, []);
    for (const code of bundle.codes)
      assert.ok(bundle.text.includes(JSON.stringify(ERROR_CODES[code].next)), code);
  });

  it("verifies, and objects in the words of the whole table", async () => {
    const good = await present(await issue(), [["role"]]);
    assert.equal(check(good).claims["role"], "engineer");
    const foreign = await present(await issue({}, mallory.issuer), [["role"]]);
    for (const [presentation, code] of [
      [foreign, "issuer-untrusted"],
      [`${good.slice(0, -86)}${"A".repeat(86)}`, "signature-invalid"],
      [good.slice(0, good.lastIndexOf("~") + 1), "key-binding-missing"],
    ] as const) {
      // Its errors are of a class of its own.
      const { title: message, next } = ERROR_CODES[code];
      assert.throws(() => check(presentation), { name: "LatchkeyError", code, message, next });
    }
  });
});
