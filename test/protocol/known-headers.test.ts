import assert from "node:assert/strict";
import { KnownHeaders } from "../../protocol/human/jose/known-headers.ts";
import { JsonReader } from "../../protocol/json/reader.ts";
import { throwsCode } from "./error-code.ts";
import { check, contoso, issue, mallory, present, trustOf } from "./human-agency.ts";

describe("headers that are remembered", () => {
  it("are those of tokens whose signature was good, and no others", async () => {
    const trust = trustOf(contoso.anchor, mallory.anchor);
    const good = await present(await issue());
    const [header = ""] = good.split(".");
    // The same chain over a signature that is not its key's.
    const forged = good.replace(/\.[^.~]+~/, `.${"A".repeat(86)}~`);
    throwsCode(() => check(forged, { trust }), "signature-invalid");
    assert.equal(trust.headers.get(header), undefined);
    check(good, { trust });
    const known = trust.headers.get(header);
    assert.ok(known);
    check(good, { trust });
    assert.equal(trust.headers.get(header), known);
    throwsCode(() => check(forged, { trust }), "signature-invalid");
  });

  it("speak for the issuer that they were good for, and for nobody else", async () => {
    const trust = trustOf(contoso.anchor, mallory.anchor);
    check(await present(await issue()), { trust });
    // Contoso's chain, and its key, on a credential in Mallory's name.
    const posing = { ...contoso.issuer, id: mallory.issuer.id };
    const presentation = await present(await issue({}, posing));
    throwsCode(() => check(presentation, { trust }), "issuer-untrusted");
  });

  it("are few", () => {
    const headers = new KnownHeaders();
    for (let i = 0; i < 200; i++) headers.add(`${i}`, new JsonReader({}));
    const kept = Array.from({ length: 200 }, (_, i) => headers.get(`${i}`));
    assert.equal(kept.filter((one) => one !== undefined).length, 64);
    assert.ok(kept.at(-1));
  });
});
