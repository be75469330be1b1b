/** Presentations verified, beside @sd-jwt/sd-jwt-vc on the same primitives in the same run. */
import { createHash } from "node:crypto";
import { SDJwtVcInstance } from "@sd-jwt/sd-jwt-vc";
import { fromBase64, toBase64 } from "../protocol/encoding/base64.ts";
import { toUtf8 } from "../protocol/encoding/utf8.ts";
import { IssuerTrust } from "../protocol/human/credential/issuer-trust.ts";
import { CREDENTIAL_TYPES } from "../protocol/human/credential/types.ts";
import { verifyCredential } from "../protocol/human/credential/verify.ts";
import { parseP256Jwk } from "../protocol/human/jose/p256-jwk.ts";
import { StatusArray } from "../protocol/human/status/bit-array.ts";
import { StatusChecker } from "../protocol/human/status/status-checker.ts";
import { signStatusList } from "../protocol/human/status/token-status-list.ts";
import { type JsonObject, JsonReader } from "../protocol/json/reader.ts";
import { nodeCompression } from "../server/node-compression.ts";
import { nodeHuman as crypto } from "../server/node-p256.ts";
import { contoso, issue, present } from "../test/protocol/human-agency.ts";
import { NOW } from "../test/protocol/human-family.ts";
import { AUDIENCE, NONCE } from "../test/protocol/human-issuer.ts";

const URI = "https://status.contoso.example/1";
const SHOWN = ["12", "14", "16", "18", "21"].map((age) => `age_over_${age}`);
const ROUNDS = 2000;

async function perSecond(work: () => Promise<unknown>): Promise<number> {
  for (let i = 0; i < ROUNDS / 10; i++) await work();
  const start = performance.now();
  for (let i = 0; i < ROUNDS; i++) await work();
  return (ROUNDS * 1000) / (performance.now() - start);
}

/** The chain and the status list are known from the first round on. */
async function ours(presentation: string): Promise<() => Promise<unknown>> {
  const trust = new IssuerTrust(crypto, [contoso.anchor]);
  const times = { issuedAt: NOW, expiresAt: NOW + 600, ttlSeconds: 600 };
  const list = { uri: URI, statuses: StatusArray.ofSize(1, 2 ** 20), ...times };
  const header = { x5c: contoso.issuer.chain.map(toBase64) };
  const token = await signStatusList(list, header, contoso.key.sign, nodeCompression);
  const checker = new StatusChecker({
    ...{ crypto, trust, compression: nodeCompression },
    hosts: ["status.contoso.example"],
    fetchList: async () => token,
  });
  const expected = {
    ...{ trust, nowUnix: NOW, types: [CREDENTIAL_TYPES.age.vct] },
    keyBinding: { audience: AUDIENCE, nonce: NONCE },
  };
  return () => checker.check(verifyCredential(crypto, presentation, expected), NOW);
}

function theirs(presentation: string): () => Promise<unknown> {
  const good = (key: Uint8Array, data: string, signature: string): boolean =>
    crypto.p256Verify(key, toUtf8(data), fromBase64(signature));
  const library = new SDJwtVcInstance({
    hasher: (data, alg) =>
      createHash(alg.replace("-", ""))
        .update(data as string)
        .digest(),
    verifier: (data, signature) => good(contoso.key.publicKey, data, signature),
    kbVerifier: (data, signature, { cnf }) =>
      good(parseP256Jwk(crypto, new JsonReader(cnf!.jwk as JsonObject)), data, signature),
  });
  return () => library.verify(presentation, { keyBindingNonce: NONCE, currentDate: NOW });
}

/** Prints both figures. Theirs checks no chain and no status: it has none given. */
export async function benchHuman(): Promise<void> {
  const claims = Object.fromEntries(SHOWN.map((name) => [name, true]));
  const input = { type: CREDENTIAL_TYPES.age, claims };
  const queries = SHOWN.map((name) => [name]);
  const plain = await present(await issue(input), queries);
  const listed = await present(await issue({ ...input, status: { uri: URI, index: 7 } }), queries);
  const [own, other] = [await perSecond(await ours(listed)), await perSecond(theirs(plain))];
  console.log("\nPresentations of 5 disclosures with key binding, per second on one core");
  console.log(`  ours, with chain and status (cached)  ${Math.round(own).toLocaleString("en-US")}`);
  console.log(
    `  @sd-jwt/sd-jwt-vc, without either     ${Math.round(other).toLocaleString("en-US")}`,
  );
  console.log(`  ratio                                 ${(own / other).toFixed(1)} ×`);
}
