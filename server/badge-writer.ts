import { badgeKeyId } from "../protocol/badge/key-id.ts";
import { type BadgeFile, buildBadgeFile } from "../protocol/badge/link.ts";
import { sealPayload } from "../protocol/badge/payload.ts";
import type { RegisterBadgeAnswer } from "../protocol/badge/register-badge.ts";
import { buildSealedFile, sealedTenantMark } from "../protocol/badge/sealed-link.ts";
import type { CryptoProvider } from "../protocol/crypto/provider.ts";
import type { Secret } from "../protocol/crypto/secret.ts";
import type { Random } from "../protocol/platform.ts";
import type { ServiceContext } from "./context.ts";
import { sealedShare } from "./sealed-share.ts";

/**
 * The NDEF file of a new badge, from what `it_register_badge` answered and the seed whose public
 * key was registered. The same whether the server's own tools write the badge or somebody else's.
 * @throws config-invalid when the host does not fit the file
 */
export function writeBadgeFile(
  { crypto, random }: { readonly crypto: CryptoProvider; readonly random: Random },
  seed: Secret,
  answer: RegisterBadgeAnswer,
): BadgeFile {
  const { mode, df1, host, badgeUid: uid, nodePk } = answer;
  const payload = sealPayload(crypto, {
    mode,
    seed: seed.bytes,
    df1,
    df2: random.bytes(32),
    iv: random.bytes(16),
    uid,
    ...(nodePk && { nodePk }),
  });
  return buildBadgeFile({ host, keyId: badgeKeyId(crypto, df1), payload });
}

/** What a sealed badge's chip holds: a link without a payload, and the payload in file 03. */
export interface SealedBadgeFiles extends BadgeFile {
  /** For file 03, from offset 0; 114 bytes. See `SEALED_FILE_SETTINGS`. */
  readonly sealedPayload: Uint8Array;
}

/**
 * Both files of a sealed badge. Only the server can make them, because only it has the share that
 * the payload is sealed with; so a sealed badge is written by the server's own hand.
 * @param answer what `registerBadge` said; its `df1` plays no part here
 * @throws tenant-unknown, config-invalid
 */
export async function writeSealedBadge(
  context: Pick<ServiceContext, "records" | "vault" | "crypto" | "random">,
  tenantId: string,
  seed: Secret,
  answer: Pick<RegisterBadgeAnswer, "mode" | "host" | "badgeUid" | "nodePk">,
): Promise<SealedBadgeFiles> {
  const { crypto, random } = context;
  const { mode, host, badgeUid: uid, nodePk } = answer;
  const tenantMark = sealedTenantMark(crypto, tenantId);
  const file = buildSealedFile({ host, tenantMark });
  const share = await sealedShare(context, tenantId);
  const sealedPayload = sealPayload(crypto, {
    mode,
    seed: seed.bytes,
    df1: share.bytes,
    df2: random.bytes(32),
    iv: random.bytes(16),
    uid,
    ...(nodePk && { nodePk }),
  });
  share.wipe();
  return { ...file, sealedPayload };
}
