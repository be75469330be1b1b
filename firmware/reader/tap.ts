import { signBadgeAuth } from "../../protocol/badge/auth.ts";
import type { BadgeChallenge } from "../../protocol/badge/challenge.ts";
import { type BadgeKey, badgeKeyFor } from "../../protocol/badge/key-id.ts";
import type { BadgeLink } from "../../protocol/badge/link.ts";
import { openPayload } from "../../protocol/badge/payload.ts";
import {
  type OpenBadgeLink,
  parseTapFile,
  type SealedBadgeLink,
} from "../../protocol/badge/sealed-link.ts";
import { type VerifyBadgeRequest, writeVerifyBadgeRequest } from "../../protocol/badge/verify.ts";
import type { CryptoProvider } from "../../protocol/crypto/provider.ts";
import type { JsonObject } from "../../protocol/json/reader.ts";
import type { Transceive } from "../../protocol/nfc/apdu.ts";
import { NDEF_FILE, readNdefFile } from "../../protocol/nfc/ntag424-read.ts";

/** What a reader of the badge needs of a card in the field. */
export interface TapCard {
  readonly uid: Uint8Array;
  transceive: Transceive;
}

/** May draw while the card works; must not while bytes are to be moved. */
export interface Brush {
  hold(): void;
  release(): void;
}

export interface ReadBadge {
  readonly link: OpenBadgeLink | SealedBadgeLink;
  readonly uid: Uint8Array;
  readonly apdus: number;
  /** Length of the file, which the next badge's will have, too. */
  readonly fileBytes: number;
}

const INS_READ_BINARY = 0xb0;

/**
 * Reads the badge: SELECT and READ. The longest wait, while the chip makes its MAC and sends its
 * file, is used to draw; it is longer than a slice of the display.
 * @throws what the card, its file and its link can be wrong with
 */
export async function readBadge(
  card: TapCard,
  brush: Brush,
  fileBytes?: number,
): Promise<ReadBadge> {
  const drawDuring = async (answer: Promise<Uint8Array>): Promise<Uint8Array> => {
    brush.release();
    try {
      return await answer;
    } finally {
      brush.hold();
    }
  };
  const transceive: Transceive = (apdu) => {
    const answer = card.transceive(apdu);
    return apdu[1] === INS_READ_BINARY ? drawDuring(answer) : answer;
  };
  brush.hold();
  try {
    const { file, apdus } = await readNdefFile(transceive, {
      lengthHint: fileBytes ?? NDEF_FILE.size,
    });
    return { link: parseTapFile(file), uid: card.uid, apdus, fileBytes: file.length };
  } finally {
    brush.release();
  }
}

export interface SignerKeys {
  readonly crypto: CryptoProvider;
  /** All that the reader holds; the badge says which is its own. */
  readonly badgeKeys: readonly BadgeKey[];
  readonly tenantId: string;
  readonly nodeUid: string;
  readonly nodePk: Uint8Array;
}

/**
 * The question to the server: whether this open badge, which answers this challenge, may pass. The
 * badge's seed exists from the first to the last line of this function, whatever happens in it.
 * @throws tenant-mismatch, badge-payload-invalid, mode-mismatch, unsupported-version
 */
export function verifyRequest(
  badge: { readonly link: BadgeLink; readonly uid: Uint8Array },
  challenge: BadgeChallenge,
  keys: SignerKeys,
): JsonObject {
  const { crypto, badgeKeys, tenantId, nodeUid, nodePk } = keys;
  const { link, uid } = badge;
  const { challengeId, nonce } = challenge;
  const { df1 } = badgeKeyFor(badgeKeys, link.keyId);
  const seed = openPayload(crypto, link.payload, { df1: df1.bytes, uid, nodePk });
  let request: VerifyBadgeRequest;
  try {
    const fields = { tenantId, nodeUid, badgeUid: uid, challengeId, nonce };
    const signature = signBadgeAuth(crypto, seed, fields);
    request = { challengeId, badgeUid: uid, signature, picc: link.picc, cmac: link.cmac };
  } finally {
    seed.wipe();
  }
  return writeVerifyBadgeRequest(request);
}
