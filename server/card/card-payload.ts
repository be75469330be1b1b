import { badgeKeyId } from "../../protocol/badge/key-id.ts";
import {
  type BadgeFile,
  type BadgeLink,
  badgeFileLength,
  buildBadgeFile,
  NDEF_FILE_SIZE,
  parseBadgeFile,
} from "../../protocol/badge/link.ts";
import { type BadgeMode, openPayload, PAYLOAD_LENGTH } from "../../protocol/badge/payload.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import { isLatchkeyError, LatchkeyError } from "../../protocol/errors.ts";
import { writeBadgeFile } from "../badge-writer.ts";
import type { ServiceContext } from "../context.ts";
import { openTenantKey } from "../tenant-keys.ts";

/** What a badge's payload is sealed for. */
export interface PayloadFor {
  readonly tenantId: string;
  readonly badgeUid: Uint8Array;
  readonly mode: BadgeMode;
  readonly nodeUid: string | undefined;
}

/**
 * Public key of an HS badge's reader. A revoked one is good enough to finish a badge that has it.
 * @throws node-unknown when it is none, or `revoked` and a new badge is to be made for it
 */
export async function readerKey(
  { records }: ServiceContext,
  { tenantId, mode, nodeUid }: PayloadFor,
  purpose: "new badge" | "badge as it is",
): Promise<Uint8Array | undefined> {
  if (mode === "STD") return undefined;
  const node = nodeUid === undefined ? undefined : await records.node(tenantId, nodeUid);
  if (node === undefined || (node.status === "revoked" && purpose === "new badge"))
    throw new LatchkeyError("node-unknown");
  return node.nodePk;
}

/** Where SDM writes in the file: the same for every badge of this server. */
export function badgePlaces({ badgeHost }: ServiceContext): BadgeFile {
  const payload = new Uint8Array(PAYLOAD_LENGTH);
  return buildBadgeFile({ host: badgeHost, keyId: new Uint8Array(3), payload });
}

/** A badge's own key, born here and on its way to the card: nothing keeps it but the card. */
export async function freshContent(
  context: ServiceContext,
  order: PayloadFor,
): Promise<{ readonly content: Uint8Array; readonly badgePk: Uint8Array }> {
  const { crypto, random, badgeHost: host } = context;
  const { tenantId, badgeUid, mode } = order;
  const nodePk = await readerKey(context, order, "new badge");
  const df1 = await openTenantKey(context, tenantId, "df1");
  const seed = new Secret(random.bytes(32));
  try {
    const answer = { badgeUid, mode, host, df1: df1.bytes, chipKeys: [] };
    const { file } = writeBadgeFile(context, seed, { ...answer, ...(nodePk && { nodePk }) });
    const content = new Uint8Array(NDEF_FILE_SIZE);
    content.set(file);
    return { content, badgePk: crypto.ed25519PublicKey(seed.bytes) };
  } finally {
    seed.wipe();
    df1.wipe();
  }
}

/**
 * The public key of the badge whose payload this is.
 * @throws badge-payload-invalid, mode-mismatch, tenant-mismatch, node-unknown
 */
export async function payloadKey(
  context: ServiceContext,
  order: PayloadFor,
  { keyId, payload }: Pick<BadgeLink, "keyId" | "payload">,
): Promise<Uint8Array> {
  const { crypto } = context;
  const nodePk = await readerKey(context, order, "badge as it is");
  const df1 = await openTenantKey(context, order.tenantId, "df1");
  try {
    const named = badgeKeyId(crypto, df1.bytes);
    if (named.some((byte, i) => byte !== keyId[i])) throw new LatchkeyError("tenant-mismatch");
    const input = { df1: df1.bytes, uid: order.badgeUid, ...(nodePk && { nodePk }) };
    const seed = openPayload(crypto, payload, input);
    const publicKey = crypto.ed25519PublicKey(seed.bytes);
    seed.wipe();
    return publicKey;
  } finally {
    df1.wipe();
  }
}

/**
 * The public key behind the content of a file, or `undefined` when it is no such payload, or has
 * another length than this server's badges: SDM would write to the wrong places.
 */
export async function contentKey(
  context: ServiceContext,
  order: PayloadFor,
  content: Uint8Array,
): Promise<Uint8Array | undefined> {
  try {
    const length = 2 + ((content[0]! << 8) | content[1]!);
    if (length !== badgeFileLength(context.badgeHost)) return undefined;
    const { payload, keyId } = parseBadgeFile(content.subarray(0, length));
    return await payloadKey(context, order, { payload, keyId });
  } catch (error) {
    if (isLatchkeyError(error) && error.code !== "node-unknown") return undefined;
    throw error;
  }
}
