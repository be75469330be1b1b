import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeAddress, encodeAddress } from "../../protocol/claims/address.ts";
import { verifyManifestIdentity } from "../../protocol/claims/bind-manifest.ts";
import { canonicalJson } from "../../protocol/claims/canonical-json.ts";
import { checkIdentityDocument } from "../../protocol/claims/document.ts";
import { checkFirmwareFacts } from "../../protocol/claims/firmware-manifest.ts";
import { decodeManifest } from "../../protocol/claims/manifest-wire.ts";
import { resolveIdentityGraph } from "../../protocol/claims/resolve.ts";
import { decodeTreeSignature } from "../../protocol/claims/tree-proof.ts";
import { verifyIdentityClaim } from "../../protocol/claims/verify-claim.ts";
import { verifyManifest } from "../../protocol/claims/verify-manifest.ts";
import { portableSha3 as sha3 } from "../../protocol/crypto/portable-sha3.ts";
import { concat } from "../../protocol/encoding/bytes.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { NOW } from "./claims-world.ts";
import { parses } from "./error-code.ts";

const ROOT = encodeAddress(sha3, new Uint8Array(32).fill(1));
const at = { sha3, nowMs: NOW };

/** Things that look like what is expected, and things that do not. */
const leaf = fc.oneof(
  fc.constantFrom(ROOT, "delegates_to", "revokes", "*", "0x00", "", "totem:id:service:00"),
  fc.constantFrom(NOW, -1, 0.5, 2 ** 60, null, true, undefined, Number.NaN),
  fc.string({ maxLength: 8 }),
);
const names = [
  ...["id", "type", "issuer", "subject", "object", "issuedAt", "expiresAt", "payload", "scopes"],
  ...["claim", "proof", "address", "publicKey", "signature", "latchkey", "domain", "document"],
  ...["claims", "kind", "version", "rootAddress", "controllerAddress", "createdAt", "manifest"],
  ...["authorAddress", "signerPublicKey", "signedAt", "firmware", "__proto__"],
];
const { soup } = fc.letrec<{ soup: unknown }>((tie) => ({
  soup: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    leaf,
    fc.array(tie("soup"), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...names), tie("soup"), { maxKeys: 6 }),
  ),
}));

describe("anything at all", () => {
  it("is a coded refusal to whoever verifies, and never an exception", () => {
    fc.assert(
      fc.property(soup, soup, (value, other) => {
        assert.equal(verifyIdentityClaim(value, at).valid, false);
        assert.equal(verifyManifest(value, at).valid, false);
        assert.equal(verifyManifestIdentity(value, other, at).valid, false);
        const { resolved, errors } = resolveIdentityGraph(value, at);
        assert.equal(resolved, null);
        assert.equal(errors.length, 1);
        parses(() => checkIdentityDocument(value, sha3), "malformed", "id-mismatch");
        parses(() => checkFirmwareFacts(value), "malformed");
      }),
      { numRuns: 200 },
    );
  });

  it("in the form of bytes is decoded or refused", () => {
    const bytes = fc.uint8Array({ maxLength: 200 });
    const wire = fc.tuple(fc.constantFrom(0, 1, 2, 4), fc.string()).map(([type, text]) => {
      const json = toUtf8(`{"manifest":${JSON.stringify(text)}}`);
      return Uint8Array.of(1, type, 0, 0, 0, json.length, ...json);
    });
    fc.assert(
      fc.property(fc.oneof(bytes, wire), (value) => {
        parses(() => decodeManifest(value), "malformed", "unsupported-version");
        assert.equal(decodeTreeSignature(value), undefined);
      }),
    );
  });

  it("nested 100,000 deep is refused at the edge", () => {
    const brackets = toUtf8(`${"[".repeat(50_000)}${"]".repeat(50_000)}`);
    const header = Uint8Array.of(1, 4, 0, 1, 0x86, 0xa0);
    assert.equal(
      parses(() => decodeManifest(concat(header, brackets)), "malformed"),
      false,
    );
    let nested: unknown = 0;
    for (let i = 0; i < 100_000; i++) nested = { payload: nested };
    assert.equal(verifyIdentityClaim(nested, at).code, "malformed");
    assert.equal(resolveIdentityGraph({ document: nested, claims: [nested] }, at).resolved, null);
  });
});

describe("an address", () => {
  it("is decoded to the root that it was made of", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (root) => {
        const text = encodeAddress(sha3, root);
        assert.equal(text.length, 63);
        assert.deepEqual(decodeAddress(sha3, text), root);
      }),
      { numRuns: 30 },
    );
  });

  it("with any other character somewhere is none", () => {
    const place = fc.nat({ max: 62 });
    const character = fc.constantFrom(..."0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZmx ");
    fc.assert(
      fc.property(place, character, (i, c) => {
        const text = ROOT.slice(0, i) + c + ROOT.slice(i + 1);
        assert.equal(
          parses(() => decodeAddress(sha3, text), "malformed"),
          text === ROOT,
        );
      }),
      { numRuns: 100 },
    );
  });
});

describe("canonical JSON", () => {
  it("is one text for one value, whatever the order of its names, and parses to it", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
        const plain = JSON.parse(JSON.stringify(value));
        if (!parses(() => canonicalJson(plain), "malformed")) return;
        const text = canonicalJson(plain);
        assert.equal(canonicalJson(JSON.parse(text)), text);
        assert.equal(canonicalJson(reversed(plain)), text);
      }),
    );
  });
});

/** The same value with the names of its objects in another order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).reverse();
  return Object.fromEntries(entries.map(([name, member]) => [name, reversed(member)]));
}
