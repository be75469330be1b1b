import { toBase64Url } from "../../protocol/encoding/base64.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { JsonReader } from "../../protocol/json/reader.ts";
import type { ServiceContext } from "../context.ts";
import { unixSeconds } from "../wall-clock.ts";
import { requestIdOf } from "./open-visit.ts";
import { audienceOf, findVisit, todayAt, visitPolicy } from "./visit-request.ts";
import { checkInvitation, invitationOf, writeInvitation } from "./visit-status.ts";

/** The reader asks again within this time; longer, and the visitor has gone. */
const SHOWN_SECONDS = 15;

/**
 * Verifies a visitor's presentation and keeps it for the reader, which decides on it when it asks
 * next. A bad one leaves the request as it is, so that nobody can shut a door with a photograph of
 * its display; of two good ones the first counts.
 * @throws challenge-used, challenge-expired and what `PersonaPolicy.evaluate` throws
 */
export async function acceptPresentation(
  context: ServiceContext,
  code: string,
  vpToken: JsonReader,
): Promise<void> {
  const { humans, human, crypto, clock, ephemera } = context;
  const { stored, node } = await findVisit(context, code);
  const { tenantId, nodeUid } = node;
  const believed = await humans.trustOf(tenantId);
  const door = believed.door(node.zone ?? "");
  const day = await todayAt(context, node);
  const nowUnix = unixSeconds(clock);
  const keyBinding = { audience: audienceOf(node), nonce: toBase64Url(stored.nonce) };
  const text = JSON.stringify(vpToken.value);
  const verifier = { trust: door.trust, keyBinding: { ...keyBinding, maxAgeSeconds: 60 }, nowUnix };
  const { credentials } = await visitPolicy(node, day, door).evaluate(human, text, verifier);
  const invitation = invitationOf(context, tenantId, believed, credentials[0]!);
  await checkInvitation(context, node, invitation);
  const taken = await ephemera.takeChallenge(code, "visit", nodeUid);
  if (taken === undefined) throw new LatchkeyError("challenge-used");
  const shown = {
    ...{
      challengeId: requestIdOf(crypto, stored.nonce),
      kind: "visit" as const,
      tenantId,
      nodeUid,
    },
    ...{ badgeUid: undefined, ephemeral: undefined },
    nonce: toUtf8(JSON.stringify({ ...writeInvitation(invitation), zone: node.zone, day })),
    expiresAt: nowUnix + SHOWN_SECONDS,
  };
  await ephemera.putChallenge(shown, 1_000);
}
