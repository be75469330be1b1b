import type { CryptoProvider } from "../../protocol/crypto/provider.ts";
import { transcript } from "../../protocol/encoding/transcript.ts";
import { uuidFromRandom } from "../../protocol/encoding/uuid.ts";
import { VISIT_TEXT_MAX, type VisitAnswer } from "../../protocol/visit/visit.ts";
import type { ServiceContext } from "../context.ts";
import type { Node } from "../store/records.ts";
import { unixSeconds } from "../wall-clock.ts";

/** Crockford's base 32: no I, L, O or U, which people and cameras take for others. */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const CODE_CHARS = 12;
/** The one on the display, its successor, and some of a reader that was restarted. */
const PER_NODE = 6;

/** Names a request on a display: 60 random bits, of which a stranger learns nothing anyway. */
function newCode({ random }: Pick<ServiceContext, "random">): string {
  return Array.from(random.bytes(CODE_CHARS), (byte) => ALPHABET[byte & 31]).join("");
}

/** By what the reader knows the request: of its nonce, which is the visitor's to sign. */
export function requestIdOf(crypto: Pick<CryptoProvider, "sha256">, nonce: Uint8Array): string {
  return uuidFromRandom(crypto.sha256(transcript("latchkey/v1/visit-id", nonce)).slice(0, 16));
}

/** What the display shows: a link, if it fits, or else the code for who knows the server. */
export function visitText(host: string, code: string): string {
  const link = `HTTPS://${host.toUpperCase()}/V/${code}`;
  return link.length <= VISIT_TEXT_MAX && /^[0-9A-Z.:/-]+$/.test(link)
    ? link
    : `LATCHKEY:V/${code}`;
}

/** A new request for this reader, to be answered by one visitor. @throws unavailable */
export async function openVisit(
  context: ServiceContext,
  { tenantId, nodeUid }: Node,
): Promise<VisitAnswer> {
  const { random, clock, crypto, ephemera, limits, badgeHost } = context;
  const code = newCode(context);
  const nonce = random.bytes(32);
  const expiresIn = limits.badgeChallengeSeconds;
  const stored = {
    ...{ challengeId: code, kind: "visit" as const, tenantId, nodeUid, nonce },
    ...{ badgeUid: undefined, ephemeral: undefined },
    expiresAt: unixSeconds(clock) + expiresIn,
  };
  await ephemera.putChallenge(stored, PER_NODE);
  const text = visitText(badgeHost, code);
  return { state: "open", requestId: requestIdOf(crypto, nonce), text, expiresIn };
}
