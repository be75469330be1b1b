import assert from "node:assert/strict";
import { checkAudience, sealedTarget } from "../../protocol/application/back-end-request.ts";
import {
  assuranceOf,
  identityHash,
  isReservedType,
  subjectUid,
} from "../../protocol/application/identity.ts";
import {
  type AppRegisterRequest,
  appRegisterTranscript,
  checkAppRegistration,
  parseAppRegisterRequest,
  writeAppRegisterRequest,
} from "../../protocol/application/registration.ts";
import {
  type AppAuth,
  appAuthTranscript,
  checkAppAuth,
  parseAppChallengeRequest,
  parseAppVerifyRequest,
  writeAppChallengeRequest,
  writeAppVerifyRequest,
} from "../../protocol/application/verification.ts";
import { nobleCrypto as crypto } from "../../protocol/crypto/noble.ts";
import { JsonReader } from "../../protocol/json/reader.ts";
import { throwsCode } from "./error-code.ts";

const TENANT = "6f1c1a52-0000-4000-8000-000000000001";
const CHALLENGE = "6f1c1a52-0000-4000-8000-000000000002";
const bytes = (length: number, value: number) => new Uint8Array(length).fill(value);
const seed = bytes(32, 7);
const publicKey = crypto.ed25519PublicKey(seed);
const registration = { tenantId: TENANT, clientNonce: bytes(16, 1), enrolToken: "lke_x" };

const auth: AppAuth = {
  tenantId: TENANT,
  audience: "shop",
  assurance: "STD",
  challengeId: CHALLENGE,
  nonce: bytes(32, 2),
  serverEpk: bytes(32, 3),
  nodeEpk: bytes(32, 4),
  publicKey,
  serverPk: bytes(32, 5),
};

describe("the messages of applications", () => {
  const registering = (): AppRegisterRequest => {
    const message = appRegisterTranscript(registration, "STD", publicKey);
    const signature = crypto.ed25519Sign(seed, message);
    return { ...registration, publicKey, proof: { assurance: "STD", signature } };
  };

  it("come back as they were written", () => {
    const request = registering();
    const read = parseAppRegisterRequest(new JsonReader(writeAppRegisterRequest(request)));
    assert.deepEqual(read, request);
    const passkey = {
      credentialId: bytes(20, 1),
      clientData: bytes(100, 2),
      authenticatorData: bytes(37, 3),
      signature: bytes(70, 4),
    };
    const proof = { assurance: "HS", passkey } as const;
    const appEpk = bytes(32, 4);
    const verify = { challengeId: CHALLENGE, appEpk, audience: "shop", publicKey, proof };
    const written = new JsonReader(writeAppVerifyRequest(verify));
    assert.deepEqual(parseAppVerifyRequest(written), verify);
  });

  it("ask for a challenge under the UID that the key's hash gives", () => {
    const asked = { tenantId: TENANT, nodeUid: "", clientNonce: bytes(16, 1) };
    const read = parseAppChallengeRequest(
      new JsonReader(writeAppChallengeRequest(crypto, publicKey, asked)),
    );
    assert.equal(read.nodeUid, subjectUid(identityHash(crypto, publicKey)));
    const shouted = { ...writeAppChallengeRequest(crypto, publicKey, asked) };
    const upper = { ...shouted, identity_hash: "A".repeat(64) };
    throwsCode(() => parseAppChallengeRequest(new JsonReader(upper)), "malformed");
  });

  it("prove a registration for its tenant, token, nonce and key only", () => {
    const { proof, ...request } = registering();
    assert.ok(proof.assurance === "STD");
    checkAppRegistration(crypto, request, proof.signature);
    const others = [
      { tenantId: CHALLENGE },
      { enrolToken: "lke_y" },
      { clientNonce: bytes(16, 9) },
      { publicKey: crypto.ed25519PublicKey(bytes(32, 8)) },
      { publicKey: bytes(33, 7) },
    ];
    for (const other of others) {
      const forged = { ...request, ...other };
      const check = () => checkAppRegistration(crypto, forged, proof.signature);
      throwsCode(check, "signature-invalid");
    }
  });

  it("bind a handshake to every one of its parts", () => {
    const signature = crypto.ed25519Sign(seed, appAuthTranscript(auth));
    checkAppAuth(crypto, auth, signature);
    const others: Partial<AppAuth>[] = [
      { tenantId: CHALLENGE },
      { audience: "bank" },
      { assurance: "HS" },
      { challengeId: TENANT },
      { nonce: bytes(32, 9) },
      { serverEpk: bytes(32, 9) },
      { nodeEpk: bytes(32, 9) },
      { serverPk: bytes(32, 9) },
    ];
    for (const other of others) {
      const check = () => checkAppAuth(crypto, { ...auth, ...other }, signature);
      throwsCode(check, "signature-invalid");
    }
  });

  it("name types that no node may have", () => {
    assert.equal(assuranceOf("application-hs"), "HS");
    assert.equal(assuranceOf("reader"), undefined);
    for (const reserved of ["application", "application-hs", "back-end"])
      assert.ok(isReservedType(reserved));
    assert.ok(!isReservedType("reader"));
  });

  it("have one spelling for what a request is sent to", () => {
    assert.equal(sealedTarget("shop", "POST", "/a?b=1"), "shop POST /a?b=1");
    for (const [method, target] of [
      ["post", "/a"],
      ["POST", "a"],
      ["POST", "/a b"],
      ["POST", "/\n"],
      ["POST", `/${"a".repeat(512)}`],
    ] as const)
      throwsCode(() => sealedTarget("shop", method, target), "malformed");
    throwsCode(() => checkAudience("shop bank"), "config-invalid");
  });
});
