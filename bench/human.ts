/** Presentations verified, beside @sd-jwt/sd-jwt-vc on the same primitives in the same run. */
import { createHash, webcrypto } from "node:crypto";
import { SDJwtVcInstance } from "@sd-jwt/sd-jwt-vc";
import { toBase64 } from "../protocol/encoding/base64.ts";
import { toUtf8 } from "../protocol/encoding/utf8.ts";
import { IssuerTrust } from "../protocol/human/credential/issuer-trust.ts";
import type { StatusReference } from "../protocol/human/credential/status-reference.ts";
import { CREDENTIAL_TYPES } from "../protocol/human/credential/types.ts";
import { verifyCredential } from "../protocol/human/credential/verify.ts";
import { p256Jwk, parseP256Jwk } from "../protocol/human/jose/p256-jwk.ts";
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
const ROUNDS = 600;
const TURNS = 9;
/** Until the engine has compiled what is used a lot, as in a server that runs. */
const WARM_UP = 6;
/** More than keys are kept. */
const HOLDERS = 300;

type Work = (round: number) => unknown;

/** Microseconds that this process had a core for, one time for each round. */
async function microseconds(work: Work): Promise<number> {
  const before = process.cpuUsage();
  for (let i = 0; i < ROUNDS; i++) await work(i);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / ROUNDS;
}

/**
 * What each does per second: the median of turns, which they take one after the other, so that what
 * else the machine does falls on all of them. Each round has another holder: a visitor comes once,
 * and a key that is imported already would flatter the figure.
 */
async function perSecond(works: readonly Work[]): Promise<number[]> {
  const times: number[][] = works.map(() => []);
  for (let turn = -WARM_UP; turn < TURNS; turn++)
    for (const [i, work] of works.entries()) {
      const time = await microseconds(work);
      if (turn >= 0) times[i]!.push(time);
    }
  return times.map((all) => 1e6 / all.sort((a, b) => a - b)[TURNS >> 1]!);
}

interface Shown {
  readonly presentation: string;
  readonly holderKey: Uint8Array;
}

/** A presentation by each of many holders. */
async function presentations(status?: StatusReference): Promise<Shown[]> {
  const claims = Object.fromEntries(SHOWN.map((name) => [name, true]));
  const queries = SHOWN.map((name) => [name]);
  const type = CREDENTIAL_TYPES.age;
  return Promise.all(
    Array.from({ length: HOLDERS }, async (_, number) => {
      const privateKey = crypto.sha256(toUtf8(`holder ${number}`));
      const holderKey = crypto.p256PublicKey(privateKey);
      const sign = (message: Uint8Array) => crypto.p256Sign(privateKey, message);
      const sdJwt = await issue({ type, claims, holderKey, ...(status && { status }) });
      const presentation = await present(sdJwt, queries, {
        privateKey,
        publicKey: holderKey,
        sign,
      });
      return { presentation, holderKey };
    }),
  );
}

const nth = (all: readonly Shown[], round: number): Shown => all[round % all.length]!;

/** The chain and the status list are known from the first round on. */
async function ours(all: readonly Shown[]): Promise<Work> {
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
  return (round) =>
    checker.check(verifyCredential(crypto, nth(all, round).presentation, expected), NOW);
}

type Good = (key: JsonObject, data: string, signature: string) => boolean | Promise<boolean>;

/** On our primitives. */
const byOurs: Good = (jwk, data, signature) =>
  crypto.p256Verify(
    parseP256Jwk(crypto, new JsonReader(jwk)),
    crypto.encodeText!(data),
    crypto.decodeBytes!(signature)!,
  );

/** As the library's own package for Node does it: WebCrypto, a key imported for each signature. */
const byWebCrypto: Good = async (jwk, data, signature) => {
  const ecdsa = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const key = await webcrypto.subtle.importKey("jwk", jwk as webcrypto.JsonWebKey, ecdsa, false, [
    "verify",
  ]);
  const bytes = Buffer.from(signature, "base64url");
  return webcrypto.subtle.verify(ecdsa, key, bytes, Buffer.from(data));
};

function theirs(all: readonly Shown[], good: Good): Work {
  const issuerJwk = p256Jwk(contoso.key.publicKey);
  const library = new SDJwtVcInstance({
    hasher: (data, alg) =>
      createHash(alg.replace("-", ""))
        .update(data as string)
        .digest(),
    verifier: (data, signature) => good(issuerJwk, data, signature),
    kbVerifier: (data, signature, { cnf }) => good(cnf!.jwk as JsonObject, data, signature),
  });
  const options = { keyBindingNonce: NONCE, currentDate: NOW };
  return (round) => library.verify(nth(all, round).presentation, options);
}

/** What nobody can do without: two signatures of such a length, one by a key that is new. */
function floor(all: readonly Shown[]): Work {
  const message = new Uint8Array(1500);
  const own = crypto.p256PublicKey(crypto.sha256(message));
  const signature = crypto.p256Sign(crypto.sha256(message), message);
  return (round) => {
    crypto.p256Verify(own, message, signature);
    crypto.p256Verify(nth(all, round).holderKey, message.subarray(0, 300), signature);
  };
}

/** Prints the figures. Theirs checks no chain and no status: it has none given. */
export async function benchHuman(): Promise<void> {
  const listed = await presentations({ uri: URI, index: 7 });
  const plain = await presentations();
  const [least, own, other, same] = (await perSecond([
    ...[floor(listed), await ours(listed)],
    ...[theirs(plain, byWebCrypto), theirs(plain, byOurs)],
  ])) as [number, number, number, number];
  const shown = (rate: number): string => Math.round(rate).toLocaleString("en-US").padStart(7);
  console.log("\nPresentations of 5 disclosures with key binding, per second of one core");
  console.log(`  two ES256 verifications alone         ${shown(least)}`);
  console.log(`  ours, with chain and status (cached)  ${shown(own)}`);
  console.log(`  @sd-jwt/sd-jwt-vc, without either     ${shown(other)}`);
  console.log(`    the same on our primitives          ${shown(same)}`);
  const ratio = (rate: number): string => `${(own / rate).toFixed(1)} ×`;
  console.log(`  ratio                                 ${ratio(other)}, ${ratio(same)}`);
}
