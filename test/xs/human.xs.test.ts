/** What human identity costs on XS with noble's P-256. The names are those of docs/human.md. */
import assert from "node:assert/strict";
import { nobleHuman as crypto } from "../../protocol/crypto/noble-p256.ts";
import { PairwiseSecret } from "../../protocol/human/pairwise-secret.ts";
import { check, contoso, issue, present, trustOf } from "../protocol/human-agency.ts";
import { metered } from "./shims/meter.ts";

describe("metering of human identity on XS", () => {
  it("verifies presentations of three claims", async () => {
    const presentation = await present(await issue(), [["employer"], ["role"], ["employed_since"]]);
    const trust = trustOf(contoso.anchor);
    const first = await metered("human: verify, chain unknown", () =>
      check(presentation, { trust }),
    );
    const again = await metered("human: verify, chain known", () => check(presentation, { trust }));
    assert.deepEqual(again, first);
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
