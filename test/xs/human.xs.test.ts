/** What human identity costs on XS with noble's P-256. The names are those of docs/human.md. */
import assert from "node:assert/strict";
import { nobleHuman as crypto } from "../../protocol/crypto/noble-p256.ts";
import { portableVerifier } from "../../protocol/crypto/p256-verifier.ts";
import { IssuerTrust } from "../../protocol/human/credential/issuer-trust.ts";
import { CREDENTIAL_TYPES } from "../../protocol/human/credential/types.ts";
import { verifyCredential } from "../../protocol/human/credential/verify.ts";
import { PairwiseSecret } from "../../protocol/human/pairwise-secret.ts";
import { check, contoso, issue, present } from "../protocol/human-agency.ts";
import { NOW } from "../protocol/human-family.ts";
import { AUDIENCE, NONCE } from "../protocol/human-issuer.ts";
import { metered } from "./shims/meter.ts";

describe("metering of human identity on XS", () => {
  it("verifies presentations of three claims", async () => {
    const presentation = await present(await issue(), [["employer"], ["role"], ["employed_since"]]);
    // As on a device: with what verifies and nothing that signs.
    const trust = new IssuerTrust(portableVerifier, [contoso.anchor]);
    const verify = () =>
      verifyCredential(portableVerifier, presentation, {
        ...{ trust, nowUnix: NOW, types: [CREDENTIAL_TYPES.employment.vct] },
        keyBinding: { audience: AUDIENCE, nonce: NONCE },
      });
    const first = await metered("human: verify, chain unknown", verify);
    const again = await metered("human: verify, chain known", verify);
    assert.deepEqual(again, first);
    assert.deepEqual(first, check(presentation));
    assert.equal(Object.keys(first.claims).length, 3);
  });

  it("makes identifiers and presentations", async () => {
    const secret = new PairwiseSecret(crypto, new Uint8Array(32).fill(1));
    const context = { persona: "work", sector: "bank.example", generation: 0 } as const;
    await metered("human: pairwise identifier", () => secret.did(context));
    const sdJwt = await issue();
    await metered("human: present", () => present(sdJwt, [["role"]]));
  });
});
