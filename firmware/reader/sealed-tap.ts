import { SEALED_BEGIN_PATH, SEALED_CONTINUE_PATH } from "../../protocol/badge/endpoints.ts";
import type { SealedBadgeLink } from "../../protocol/badge/sealed-link.ts";
import {
  checkSealedAnswer,
  SEALED_STEPS_MAX,
  type SealedAnswer,
  sealedPart1,
  writeSealedBegin,
  writeSealedContinue,
} from "../../protocol/badge/sealed-tap.ts";
import type { BadgeDecision } from "../../protocol/badge/verify.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { JsonObject } from "../../protocol/json/reader.ts";
import type { Brush, TapCard } from "./tap.ts";

/** AUTHENTICATION_DELAY: the same command again, until the chip is ready (NT4H2421Gx §9). */
const SW_AUTHENTICATION_DELAY = 0x91ad;

export interface SealedTap {
  readonly card: TapCard;
  readonly link: SealedBadgeLink;
  readonly challengeId: string;
  readonly brush: Brush;
  /** Sends to the server and gives its parsed answer. */
  readonly ask: (path: string, request: JsonObject) => Promise<SealedAnswer>;
  /** Whether the tap was given up meanwhile: then the card is somebody else's. */
  readonly isOver: () => boolean;
}

/**
 * The tap of a sealed badge, of which the reader is the messenger: it sends part 1 of the
 * authentication, then carries the server's commands to the chip and the answers back, a bounded
 * number of times, until the server decides. It understands none of them and keeps nothing.
 * @throws badge-moved, card-…; decision-mismatch; cancelled; what `ask` throws
 */
export async function carrySealedTap(tap: SealedTap): Promise<BadgeDecision> {
  const { card, link, challengeId, ask } = tap;
  const badgeUid = card.uid;
  const { picc, cmac } = link;
  let response = await part1(tap);
  const begin = writeSealedBegin({ challengeId, badgeUid, picc, cmac, response });
  let answer = await ask(SEALED_BEGIN_PATH, begin);
  for (let step = 1; ; step++) {
    checkSealedAnswer(answer, challengeId, step);
    if (answer.kind === "decision") return answer.decision;
    if (step > SEALED_STEPS_MAX) throw new LatchkeyError("decision-mismatch");
    response = await transmit(tap, answer.command);
    const next = writeSealedContinue({ challengeId, badgeUid, step, response });
    answer = await ask(SEALED_CONTINUE_PATH, next);
  }
}

/** The chip's delay ends by asking again; the limit of the tap ends us, if it is longer. */
async function part1(tap: SealedTap): Promise<Uint8Array> {
  for (;;) {
    const response = await transmit(tap, sealedPart1());
    const sw = ((response.at(-2) ?? 0) << 8) | (response.at(-1) ?? 0);
    if (sw !== SW_AUTHENTICATION_DELAY) return response;
  }
}

/** One APDU; nothing is drawn while its bytes move. */
async function transmit({ card, brush, isOver }: SealedTap, command: Uint8Array) {
  if (isOver()) throw new LatchkeyError("cancelled");
  brush.hold();
  try {
    return await card.transceive(command);
  } finally {
    brush.release();
  }
}
