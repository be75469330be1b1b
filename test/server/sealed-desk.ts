import { carrySealedTap } from "../../firmware/reader/sealed-tap.ts";
import type { Card } from "../../host-sim/nfc/card.ts";
import type { Ntag424 } from "../../host-sim/nfc/ntag424.ts";
import { sealChip } from "../../host-sim/nfc/sealed-chip.ts";
import { parseTapFile, type SealedBadgeLink } from "../../protocol/badge/sealed-link.ts";
import { parseSealedAnswer, type SealedAnswer } from "../../protocol/badge/sealed-tap.ts";
import type { BadgeDecision } from "../../protocol/badge/verify.ts";
import { type JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import { readNdefFile } from "../../protocol/nfc/ntag424-read.ts";
import type { BadgeOrder } from "../../server/admin.ts";
import type { Service } from "../../server/service.ts";
import { chipOf, nextUid, type TestNode } from "./desk.ts";

const BRUSH = { hold: () => undefined, release: () => undefined };

/** A sealed badge, issued and written. */
export async function sealedBadge(
  service: Service,
  tenantId: string,
  order: Partial<BadgeOrder> = {},
): Promise<Ntag424> {
  const badgeUid = nextUid();
  const issued = await service.admin.issueBadge({
    ...{ tenantId, badgeUid, mode: "STD", holder: "Ada Lovelace", profile: "sealed" },
    ...order,
  });
  const chip = chipOf(issued);
  sealChip(chip, issued.sealedPayload!);
  return chip;
}

export async function readSealedLink(card: Card): Promise<SealedBadgeLink> {
  const { file } = await readNdefFile(async (apdu) => card.apdu(apdu).response);
  const link = parseTapFile(file);
  if (link.profile !== "sealed") throw new Error("an open badge");
  return link;
}

export interface SealedOptions {
  /** Changes what the chip answers to the n-th command, from 0 on. */
  readonly alter?: (response: Uint8Array, step: number) => Uint8Array;
  /** Changes what is asked, or looks at it. */
  readonly meddle?: (path: string, body: JsonObject) => JsonObject | Promise<JsonObject>;
  /** Shows another chip's message. */
  readonly link?: SealedBadgeLink;
}

/** One question to the server about a sealed badge. */
export async function ask(node: TestNode, path: string, body: JsonObject): Promise<SealedAnswer> {
  return parseSealedAnswer(new JsonReader(await node.identity.call(path, body)));
}

/** A tap of a sealed badge, with the reader's own code, from beginning to end. */
export async function sealedTap(
  node: TestNode,
  card: Card,
  options: SealedOptions = {},
): Promise<BadgeDecision> {
  const { alter = (response) => response, meddle = (_, body) => body } = options;
  card.fieldOn();
  const own = await readSealedLink(card);
  const { challengeId } = await node.challenge();
  let step = 0;
  try {
    return await carrySealedTap({
      card: {
        uid: card.uid,
        transceive: async (apdu) => alter(card.apdu(apdu).response, step++),
      },
      link: options.link ?? own,
      challengeId,
      brush: BRUSH,
      isOver: () => false,
      ask: async (path, body) => ask(node, path, await meddle(path, body)),
    });
  } finally {
    card.fieldOff();
  }
}
