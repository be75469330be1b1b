/** What two verifiers who compare notes learn from presentations: the batch, and what it saves. */
import assert from "node:assert/strict";
import { nobleHuman as crypto } from "../../protocol/crypto/noble-p256.ts";
import { fromBase64 } from "../../protocol/encoding/base64.ts";
import { fromUtf8 } from "../../protocol/encoding/utf8.ts";
import { CREDENTIAL_TYPES } from "../../protocol/human/credential/types.ts";
import { type PairwiseContext, PairwiseSecret } from "../../protocol/human/pairwise-secret.ts";
import { splitSdJwt } from "../../protocol/human/sd-jwt/combined.ts";
import { allocateIndex, ENTRIES_MIN } from "../../protocol/human/status/bit-array.ts";
import type { JsonValue } from "../../protocol/json/reader.ts";
import { EMPLOYMENT, issue, present, random } from "./human-agency.ts";
import { HOUR, NOW, testKey } from "./human-family.ts";

const decode = (part: string): JsonValue => JSON.parse(fromUtf8(fromBase64(part))) as JsonValue;

/** Every text and number of eight digits or more that a verifier sees, at any depth. */
function marks(value: JsonValue, found = new Set<string>()): Set<string> {
  if (typeof value === "object" && value !== null)
    for (const inner of Object.values(value)) marks(inner as JsonValue, found);
  else if (String(value).length >= 8) found.add(String(value));
  return found;
}

/** All that a presentation tells: tokens, signatures, salts, values, and its own text in parts. */
function seen(presentation: string): Set<string> {
  const found = new Set<string>();
  const { jwt, disclosures, keyBinding = "" } = splitSdJwt(crypto, presentation);
  for (const token of [jwt, keyBinding]) {
    const [header = "", payload = "", signature = ""] = token.split(".");
    found.add(signature);
    marks(decode(header), found);
    marks(decode(payload), found);
  }
  for (const { encoded } of disclosures) {
    found.add(encoded);
    marks(decode(encoded), found);
  }
  return found;
}

const shared = (a: string, b: string): string[] => {
  const others = seen(b);
  return [...seen(a)].filter((mark) => others.has(mark)).sort();
};

const alice = new PairwiseSecret(crypto, new Uint8Array(32).fill(1));
const at = (sector: string, generation = 0): PairwiseContext => ({
  persona: "work",
  sector,
  generation,
});
const taken = new Set<number>();

/** One of a batch: a key, an identifier, an index and salts for one verifier only. */
async function forVerifier(sector: string, key: number, nowUnix = NOW): Promise<string> {
  const holder = testKey(key);
  const index = allocateIndex(random, ENTRIES_MIN, taken);
  taken.add(index);
  const sdJwt = await issue({
    ...{ nowUnix, holderKey: holder.publicKey, subject: alice.did(at(sector)) },
    status: { uri: "https://status.contoso.example/1", index: 10_000_000 + index },
  });
  return present(sdJwt, [["role"]], holder);
}

describe("two verifiers who compare presentations", () => {
  it("of one credential recognise their visitor by a dozen marks", async () => {
    const sdJwt = await issue();
    const [a, b] = [await present(sdJwt, [["role"]]), await present(sdJwt, [["employer"]])];
    assert.ok(shared(a, b).length > 12);
  });

  it("of a batch find what all of the issuer's people have in common, and nothing else", async () => {
    const bank = await forVerifier("bank.example", 80);
    const shop = await forVerifier("shop.example", 81, NOW + HOUR);
    const stranger = await present(
      await issue({
        ...{ holderKey: testKey(82).publicKey, claims: { ...EMPLOYMENT } },
        status: { uri: "https://status.contoso.example/1", index: 99_999_999 },
        subject: new PairwiseSecret(crypto, new Uint8Array(32).fill(2)).did(at("bank.example")),
      }),
      [["role"]],
      testKey(82),
    );
    const alike = shared(bank, shop);
    // The request's own values are in here too, because all three answered one and the same.
    assert.deepEqual(alike, shared(bank, stranger));
    assert.ok(!alike.some((mark) => mark.startsWith("did:")));
  });

  it("of two personas, or before and after a theft, find no identifier in common", () => {
    const dids = [
      alice.did(at("bank.example")),
      alice.did({ ...at("bank.example"), persona: "personal" }),
      alice.did(at("bank.example", 1)),
    ];
    assert.equal(new Set(dids).size, 3);
  });

  it("find nothing in the number of digests: decoys make small and large alike", async () => {
    const digests = async (claims: Record<string, JsonValue>) => {
      const { jwt } = splitSdJwt(crypto, await issue({ type: CREDENTIAL_TYPES.age, claims }));
      const payload = decode(jwt.split(".")[1]!) as { _sd: JsonValue[] };
      return payload._sd.length;
    };
    assert.equal(await digests({ age_over_18: true }), 8);
    const all = [12, 14, 16, 18, 21, 65].map((age) => [`age_over_${age}`, true] as const);
    assert.equal(await digests(Object.fromEntries(all)), 8);
  });
});
