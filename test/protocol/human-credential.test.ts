import assert from "node:assert/strict";
import { nobleHuman as crypto } from "../../protocol/crypto/noble-p256.ts";
import { toBase64 } from "../../protocol/encoding/base64.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import {
  CREDENTIAL_TYPES,
  credentialType,
  typeMetadata,
} from "../../protocol/human/credential/types.ts";
import { checkOnePersona } from "../../protocol/human/credential/verify.ts";
import { issueSdJwt } from "../../protocol/human/sd-jwt/issue.ts";
import type { JsonValue } from "../../protocol/json/reader.ts";
import { rejectsCode, throwsCode } from "./error-code.ts";
import {
  agency,
  certify,
  check,
  contoso,
  issue,
  mallory,
  present,
  random,
  trustOf,
} from "./human-agency.ts";
import { HOUR, NOW, testKey } from "./human-family.ts";
import { baseClaims, holder, thief } from "./human-issuer.ts";

const SAMPLES: Record<keyof typeof CREDENTIAL_TYPES, Record<string, JsonValue>> = {
  base: {},
  displayName: { display_name: "Alice" },
  verifiedEmail: {
    email: "alice@contoso.example",
    email_domain: "contoso.example",
    verified_on: "2026-11-28",
  },
  age: { age_over_18: true, age_over_65: false },
  employment: { employer: "Contoso", role: "engineer" },
  doorVisitor: { tenant: "hq", zone: "lab", valid_on: "2026-11-28", visitor: "Alice" },
};

describe("a credential", () => {
  for (const [name, type] of Object.entries(CREDENTIAL_TYPES))
    it(`of the type ${type.name} is issued, held, presented and verified`, async () => {
      const claims = SAMPLES[name as keyof typeof SAMPLES];
      const sdJwt = await issue({ type, claims });
      const shown = check(
        await present(
          sdJwt,
          Object.keys(claims).map((one) => [one]),
        ),
        {
          types: [type.vct],
        },
      );
      assert.deepEqual(shown.claims, claims);
      assert.deepEqual(
        { type: shown.type, persona: shown.persona, issuer: shown.issuer },
        { type, persona: "work", issuer: contoso.issuer.id },
      );
      assert.deepEqual(shown.holderKey, holder.publicKey);
    });

  it("shows what its holder chose, and that a claim exists to nobody else", async () => {
    const { claims } = check(await present(await issue(), [["employer"]]));
    assert.deepEqual(claims, { employer: "Contoso" });
    const presentation = await present(await issue(), []);
    assert.deepEqual(check(presentation).claims, {});
  });

  it("tells only the day of its issue and of its end", async () => {
    const days = [NOW, NOW + HOUR].map(async (nowUnix) =>
      check(await present(await issue({ nowUnix }))),
    );
    const [first, second] = await Promise.all(days);
    assert.equal(first!.issuedAt, second!.issuedAt);
    assert.equal(first!.issuedAt % 86_400, 0);
  });

  it("ends with its lifetime, rounded up to the day", async () => {
    const sdJwt = await issue({ lifetimeDays: 1, nowUnix: NOW - 2 * 86_400 });
    const presentation = await present(sdJwt);
    throwsCode(() => check(presentation), "credential-expired");
  });

  it("is not issued with claims that are missing, unknown or of another form", async () => {
    const wrong: Record<string, JsonValue>[] = [
      {},
      { role: "engineer" },
      { employer: "" },
      { employer: 1 },
      { employer: null },
      { employer: "Contoso\nADMIN" },
      { employer: "x".repeat(129) },
      { employer: "Contoso", salary: 1 },
      { employer: "Contoso", employed_since: "2020-2-1" },
      { employer: "Contoso", employed_since: "2020-13-01" },
    ];
    for (const claims of wrong) await rejectsCode(issue({ claims }), "credential-claim-invalid");
    const age = { type: CREDENTIAL_TYPES.age, claims: { age_over_18: "yes" } };
    await rejectsCode(issue(age), "credential-claim-invalid");
    const mail = { email: "not an address", verified_on: "2026-01-01" };
    const wrongMail = issue({ type: CREDENTIAL_TYPES.verifiedEmail, claims: mail });
    await rejectsCode(wrongMail, "credential-claim-invalid");
  });

  it("that an honest tool would not issue is not believed", async () => {
    const make = (claims: object) =>
      issueSdJwt(
        {
          ...baseClaims(),
          iss: contoso.issuer.id,
          vct: "urn:lastid:employment:1",
          ...claims,
        } as never,
        { typ: "dc+sd-jwt", x5c: contoso.issuer.chain.map(toBase64) },
        contoso.key.sign,
        { crypto, random },
      );
    const verdict = async (claims: object) => {
      const presentation = await present(await make(claims));
      try {
        check(presentation, { types: Object.values(CREDENTIAL_TYPES).map(({ vct }) => vct) });
        return "accepted";
      } catch (error) {
        return isLatchkeyError(error) ? error.code : error;
      }
    };
    assert.equal(await verdict({ persona: "work" }), "accepted");
    assert.equal(await verdict({}), "credential-claim-invalid");
    assert.equal(await verdict({ persona: "admin" }), "credential-claim-invalid");
    assert.equal(await verdict({ persona: "work", employer: 1 }), "credential-claim-invalid");
    assert.equal(await verdict({ persona: "work", status: {} }), "status-reference-invalid");
    const idx = { status_list: { idx: "1", uri: "https://x/" } };
    assert.equal(await verdict({ persona: "work", status: idx }), "status-reference-invalid");
    assert.equal(
      await verdict({ persona: "work", vct: "urn:other" }),
      "credential-type-unexpected",
    );
    assert.equal(await verdict({ persona: "work", iss: 1 }), "issuer-untrusted");
    assert.equal(await verdict({ persona: "work", sub: 1 }), "malformed");
    const visit = { persona: "work", vct: "urn:latchkey:door-visitor:1", tenant: "hq" };
    assert.equal(await verdict({ ...visit, zone: "lab", valid_on: "2026-11-28" }), "accepted");
    assert.equal(await verdict({ ...visit, valid_on: "2026-11-28" }), "credential-claim-invalid");
  });

  it("of another type than was asked for is refused, though its issuer is trusted", async () => {
    const presentation = await present(await issue());
    throwsCode(
      () => check(presentation, { types: ["urn:lastid:age:1"] }),
      "credential-type-unexpected",
    );
    throwsCode(() => check(presentation, { types: [] }), "credential-type-unexpected");
  });

  it("of another holder cannot be presented", async () => {
    const presentation = await present(await issue(), [], thief);
    throwsCode(() => check(presentation), "signature-invalid");
  });
});

describe("an issuer", () => {
  it("whom nobody vouches for is not believed", async () => {
    const presentation = await present(await issue({}, mallory.issuer));
    throwsCode(() => check(presentation), "issuer-untrusted");
    throwsCode(() => check(presentation, { trust: trustOf() }), "issuer-untrusted");
    check(presentation, { trust: trustOf(contoso.anchor, mallory.anchor) });
  });

  it("who is trusted cannot speak in the name of another who is", async () => {
    const posing = { ...mallory.issuer, id: contoso.issuer.id };
    const presentation = await present(await issue({}, posing));
    const trust = trustOf(contoso.anchor, mallory.anchor);
    throwsCode(() => check(presentation, { trust }), "issuer-untrusted");
  });

  it("is trusted with the types that its anchor names, and no others", async () => {
    const presentation = await present(await issue());
    const only = (types: string[]) => trustOf({ ...contoso.anchor, types });
    check(presentation, { trust: only(["urn:lastid:employment:1"]) });
    throwsCode(
      () => check(presentation, { trust: only(["urn:lastid:age:1"]) }),
      "issuer-untrusted",
    );
  });

  it("has anchors each of which is trusted with its own types, though they share a name", async () => {
    const twin = agency(contoso.issuer.id, 62);
    const age = { ...contoso.anchor, types: ["urn:lastid:age:1"] };
    const trust = trustOf(age, { ...twin.anchor, types: ["urn:lastid:employment:1"] });
    const [first, second] = [await issue(), await issue({}, twin.issuer)];
    const refused = await present(first);
    throwsCode(() => check(refused, { trust }), "issuer-untrusted");
    check(await present(second), { trust });
    // A chain that was good for one type is remembered, and still not good for another.
    const adult = { type: CREDENTIAL_TYPES.age, claims: { age_over_18: true } };
    check(await present(await issue(adult)), { trust, types: age.types });
    throwsCode(() => check(refused, { trust }), "issuer-untrusted");
  });

  it("says no more by a key that its anchor has withdrawn", async () => {
    const presentation = await present(await issue());
    const withdrawn = (...serials: string[]) => trustOf({ ...contoso.anchor, withdrawn: serials });
    check(presentation, { trust: withdrawn("08", "0707") });
    throwsCode(() => check(presentation, { trust: withdrawn("07") }), "issuer-untrusted");
  });

  it("may be a DID that is mapped to a certificate", async () => {
    const id = "did:lastid:aWGSjxY3xuYMcN6wL31YA-K2QLU6vVPI2rFztFT14S8";
    const someone = agency(id, 60);
    const presentation = await present(await issue({}, someone.issuer));
    assert.equal(check(presentation, { trust: trustOf(someone.anchor) }).issuer, id);
    throwsCode(() => check(presentation), "issuer-untrusted");
  });

  it("has a chain: none, a self-signed leaf, or a leaf under a leaf is no chain", async () => {
    const { key, issuer } = contoso;
    const minted = testKey(70);
    const self = certify(issuer.id, minted, { name: issuer.id, key: minted });
    const under = certify("x", minted, { name: issuer.id, key });
    const chains: [Uint8Array[], typeof key][] = [
      [[], key],
      [[self], minted],
      [[under, ...issuer.chain], minted],
      [[...issuer.chain, contoso.anchor.certificate], thief],
      [new Array(5).fill(issuer.chain[0]), key],
      [[new Uint8Array(10)], key],
    ];
    for (const [chain, { sign }] of chains) {
      const presentation = await present(await issue({}, { ...issuer, chain, sign }));
      const error = (() => {
        try {
          return check(presentation);
        } catch (caught) {
          return caught;
        }
      })();
      assert.ok(isLatchkeyError(error), "accepted");
      assert.ok(["issuer-untrusted", "signature-invalid"].includes(error.code), error.code);
    }
  });

  it("is found again without looking at its chain, as long as that is valid", async () => {
    const trust = trustOf(contoso.anchor);
    const presentation = await present(await issue({ lifetimeDays: 1000 }));
    check(presentation, { trust });
    check(presentation, { trust });
    const late = NOW + 401 * 24 * HOUR;
    throwsCode(() => check(presentation, { trust, nowUnix: late }), "issuer-untrusted");
    const posing = await present(await issue({}, { ...contoso.issuer, sign: thief.sign }));
    throwsCode(() => check(posing, { trust }), "signature-invalid");
  });
});

describe("personas", () => {
  it("are not mixed", async () => {
    const [work, personal] = [
      check(await present(await issue())),
      check(await present(await issue({ persona: "personal" }))),
    ];
    checkOnePersona([work, work]);
    checkOnePersona([]);
    throwsCode(() => checkOnePersona([work, personal]), "persona-mixed");
  });
});

describe("a credential type", () => {
  it("is found by its vct", () => {
    for (const type of Object.values(CREDENTIAL_TYPES))
      assert.equal(credentialType(type.vct), type);
    for (const other of ["", "urn:x", undefined, null, 1, "toString"])
      assert.equal(credentialType(other), undefined);
  });

  it("has metadata that name each claim and whether it may be kept back", () => {
    const { claims } = typeMetadata(CREDENTIAL_TYPES.doorVisitor) as { claims: unknown[] };
    assert.deepEqual(claims[2], {
      path: ["zone"],
      display: [{ locale: "en", label: "Zone" }],
      mandatory: true,
      sd: "never",
    });
    for (const { vct } of Object.values(CREDENTIAL_TYPES))
      assert.match(vct, /^urn:[a-z]+:[a-z-]+:1$/);
  });
});
