import { badgeKeyId } from "../protocol/badge/key-id.ts";
import { type BadgeFile, buildBadgeFile } from "../protocol/badge/link.ts";
import { sealPayload } from "../protocol/badge/payload.ts";
import type { RegisterBadgeAnswer } from "../protocol/badge/register-badge.ts";
import type { CryptoProvider } from "../protocol/crypto/provider.ts";
import type { Secret } from "../protocol/crypto/secret.ts";
import type { Random } from "../protocol/platform.ts";

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
