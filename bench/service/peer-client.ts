import { generateKeyPairSync, type KeyObject, randomUUID, sign } from "node:crypto";
import { startChild } from "./child.ts";
import type { Work } from "./load.ts";
import type { PeerKind, PeerOptions } from "./peer.ts";
import type { Subject } from "./subject.ts";

const FORM = "application/x-www-form-urlencoded";
const ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/** Longer than a bench takes. */
const ASSERTION_SECONDS = 600;

/** How each of them signs; the names are JOSE's, the hashes those that go with them. */
const SIGNING = {
  "same-curves": { alg: "EdDSA", hash: null, pair: () => generateKeyPairSync("ed25519") },
  "as-it-comes": {
    alg: "RS256",
    hash: "sha256",
    pair: () => generateKeyPairSync("rsa", { modulusLength: 2048 }),
  },
} as const;

const segment = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

/** oidc-provider in a process of its own, and a client that gets tokens from it. */
export async function peerSubject(name: string, kind: PeerKind): Promise<Subject> {
  const { alg, hash, pair } = SIGNING[kind];
  const jwk = (key: KeyObject, kid: string) => ({
    ...{ ...key.export({ format: "jwk" }), alg, use: "sig", kid },
  });
  const { privateKey, publicKey } = pair();
  const options: PeerOptions = {
    kind,
    own: jwk(pair().privateKey, "1"),
    client: jwk(publicKey, "c"),
  };
  const child = await startChild<{ url: string }>(["peer", JSON.stringify(options)]);
  const { url } = child.facts;
  const header = segment({ alg, kid: "c" });
  const assertion = (): string => {
    const iat = Math.floor(Date.now() / 1000);
    const exp = iat + ASSERTION_SECONDS;
    const named = { iss: "bench", sub: "bench", aud: url, jti: randomUUID(), iat, exp };
    const signed = `${header}.${segment(named)}`;
    return `${signed}.${sign(hash, Buffer.from(signed), privateKey).toString("base64url")}`;
  };
  // Signed beforehand: RSA would cost the client what is to be measured of the server.
  const stock: string[] = [];
  const work: Work = async (connection) => {
    const form = new URLSearchParams({
      grant_type: "client_credentials",
      scope: "open",
      client_assertion_type: ASSERTION,
      client_assertion: stock.pop() ?? assertion(),
    });
    const { status, body } = await connection.post("/token", FORM, form.toString());
    if (status !== 200) throw new Error(`${name}: ${status} ${body}`);
  };
  const prepare = (count: number): void => {
    while (stock.length < count) stock.push(assertion());
  };
  return { name, child, work, prepare };
}
