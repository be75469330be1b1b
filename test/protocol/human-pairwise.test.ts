import assert from "node:assert/strict";
import fc from "fast-check";
import { nobleHuman as crypto } from "../../protocol/crypto/noble-p256.ts";
import {
  didOf,
  isDid,
  type PairwiseContext,
  PairwiseSecret,
  PERSONAS,
  sectorHost,
} from "../../protocol/human/pairwise-secret.ts";
import { parses, throwsCode } from "./error-code.ts";

const secretOf = (byte: number) => new PairwiseSecret(crypto, new Uint8Array(32).fill(byte));
const alice = secretOf(1);
const bank: PairwiseContext = { persona: "personal", sector: "bank.example", generation: 0 };

describe("a pairwise identifier", () => {
  it("is the same for the same person, persona, sector and generation", () => {
    assert.equal(secretOf(1).did({ ...bank }), alice.did(bank));
    // Frozen: it is the `sub` under which services know people.
    assert.equal(alice.did(bank), "did:lastid:aWGSjxY3xuYMcN6wL31YA-K2QLU6vVPI2rFztFT14S8");
  });

  it("is another when any one of them differs", () => {
    const others: string[] = [
      alice.did(bank),
      secretOf(2).did(bank),
      ...(["work", "anonymous"] as const).map((persona) => alice.did({ ...bank, persona })),
      ...["bank.example.org", "ank.example", "b", "xbank.example"].map((sector) =>
        alice.did({ ...bank, sector }),
      ),
      ...[1, 2, 256, 0xffff_ffff].map((generation) => alice.did({ ...bank, generation })),
    ];
    assert.equal(new Set(others).size, others.length);
  });

  it("is 54 characters that say nothing but a key's thumbprint", () => {
    const did = alice.did(bank);
    assert.equal(did.length, 54);
    assert.ok(isDid(did));
    assert.equal(didOf(crypto, alice.publicKey(bank)), did);
    for (const other of ["", `${did}A`, did.slice(1), "did:key:z6Mk", `${did.slice(0, -1)}B`])
      assert.equal(isDid(other), false);
  });

  it("is controlled by the key that it names", () => {
    const statement = Uint8Array.of(1, 2, 3);
    const signature = alice.sign(bank, statement);
    assert.ok(crypto.p256Verify(alice.publicKey(bank), statement, signature));
    const elsewhere = alice.publicKey({ ...bank, sector: "shop.example" });
    assert.equal(crypto.p256Verify(elsewhere, statement, signature), false);
  });

  it("is made for a well-formed context only", () => {
    const wrong: Partial<Record<keyof PairwiseContext, unknown>>[] = [
      { persona: "admin" },
      { sector: "" },
      { sector: "Bank.example" },
      { sector: "bank.example." },
      { sector: "https://bank.example" },
      { sector: "x509_hash:AAAA" },
      { sector: "a".repeat(64) },
      { sector: "b\u00e4nk.example" },
      { generation: -1 },
      { generation: 0.5 },
      { generation: 2 ** 32 },
    ];
    for (const change of wrong) {
      const context = { ...bank, ...change } as PairwiseContext;
      throwsCode(() => alice.did(context), "malformed", Object.keys(change)[0]);
    }
  });

  it("cannot be made once the secret is wiped, nor is the secret ever shown", () => {
    const own = secretOf(9);
    assert.ok(!/0909|9,9/.test(JSON.stringify(own) + String(own) + String(own.secret)));
    own.wipe();
    assert.throws(() => own.did(bank), /wiped/);
    throwsCode(() => new PairwiseSecret(crypto, new Uint8Array(31)), "malformed", "pairwise");
  });
});

describe("a verifier's sector", () => {
  it("is one host, however the verifier is spelled", () => {
    for (const spelling of [
      "bank.example",
      "BANK.example",
      "bank.example.",
      "https://bank.example",
      "https://bank.example:8443/cb?x=1#y",
      "https://Bank.Example/",
    ])
      assert.equal(sectorHost(spelling), "bank.example");
    assert.equal(sectorHost("https://localhost:3000/a@b"), "localhost");
  });

  it("is none where another host could be meant", () => {
    const tricks = [
      "https://bank.example@evil.example",
      "https://bank.example\\evil",
      "//x",
      "https://",
    ];
    for (const wrong of [
      "",
      "http://bank.example",
      "ftp://x",
      "a b",
      "a..b",
      "-a",
      "a_b",
      ...tricks,
    ])
      throwsCode(() => sectorHost(wrong), "malformed", "sector");
  });

  it("of any text is a host that it maps to itself, or none", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (text) => {
        if (!parses(() => sectorHost(text), "malformed")) return;
        const host = sectorHost(text);
        assert.equal(sectorHost(host), host);
        assert.match(host, /^[a-z0-9.-]+$/);
      }),
    );
  });
});

describe("pairwise identifiers of any person", () => {
  const context = fc.record({
    persona: fc.constantFrom(...PERSONAS),
    sector: fc.constantFrom("a.example", "ab.example", "a", "b", "work", "personal"),
    generation: fc.constantFrom(0, 1, 2),
  });

  it("agree if and only if their contexts do", () => {
    fc.assert(
      fc.property(context, context, fc.boolean(), (a, b, samePerson) => {
        const same = samePerson && JSON.stringify(a) === JSON.stringify(b);
        assert.equal(secretOf(1).did(a) === secretOf(samePerson ? 1 : 2).did(b), same);
      }),
      { numRuns: 20 },
    );
  });
});
