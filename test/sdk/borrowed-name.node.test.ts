import assert from "node:assert/strict";
import { APP_CHALLENGE_PATH, APP_VERIFY_PATH } from "../../protocol/application/endpoints.ts";
import { identityHash, subjectUid } from "../../protocol/application/identity.ts";
import {
  appAuthTranscript,
  writeAppChallengeRequest,
  writeAppVerifyRequest,
} from "../../protocol/application/verification.ts";
import { openSession, type Prover } from "../../protocol/node/handshake.ts";
import { NodeClock } from "../../protocol/node/node-clock.ts";
import { ServerLink } from "../../protocol/node/server-link.ts";
import { Waits } from "../../protocol/node/waits.ts";
import { keyFile } from "../../sdk/node/key-file.ts";
import { webPlatform } from "../../sdk/web-platform.ts";
import { rejectsCode } from "../protocol/error-code.ts";
import { AppDesk } from "./app-desk.ts";

describe("a handshake in another's name", () => {
  it("is refused, though the key that proves it is registered and its signature is good", async () => {
    const desk = await AppDesk.open();
    const tenant = await desk.tenant();
    const { tenantId, serverKeys } = tenant;
    const ada = await desk.application(tenant, "ada").identity.whoAmI();
    const mallory = desk.application(tenant, "mallory");
    await mallory.identity.ensureJwt();
    const key = (await keyFile({ path: mallory.path }).load())!;
    const { crypto, random, clock, http, timer } = webPlatform;
    const link = new ServerLink(desk.url, http, new Waits(timer));
    const nodeClock = new NodeClock(clock);
    const context = {
      crypto,
      random,
      clock,
      nodeClock,
      link,
      tenantId,
      serverKeys,
      timeoutMs: 5000,
    };

    /** Asks for a challenge by one key's name and answers it with Mallory's key. */
    const proverNamed = (named: Uint8Array): Prover => ({
      challengePath: APP_CHALLENGE_PATH,
      verifyPath: APP_VERIFY_PATH,
      uid: subjectUid(identityHash(crypto, named)),
      commKey: new Uint8Array(0),
      writeChallengeRequest: (request) => writeAppChallengeRequest(crypto, named, request),
      async prove(exchange) {
        const audience = "notes";
        const { publicKey, assurance } = key;
        const auth = { ...exchange, tenantId, audience, assurance, publicKey };
        const transcript = appAuthTranscript(auth);
        const proof = await key.prove(transcript);
        const { challengeId, nodeEpk: appEpk } = exchange;
        const verify = { challengeId, appEpk, audience, publicKey, proof };
        return { transcript, body: writeAppVerifyRequest(verify) };
      },
    });
    const own = await openSession(context, proverNamed(key.publicKey), () => {});
    assert.ok(own.session.sid);
    const borrowed = openSession(context, proverNamed(ada.publicKey), () => {});
    await rejectsCode(borrowed, "signature-invalid");
    await desk.close();
  });
});
