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
import {
  type BadgeProfile,
  buildSealedFile,
  sealedTenantMark,
} from "../../protocol/badge/sealed-link.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import { equalBytes } from "../../protocol/encoding/bytes.ts";
import { isLatchkeyError, LatchkeyError } from "../../protocol/errors.ts";
import { writeBadgeFile, writeSealedBadge } from "../badge-writer.ts";
import type { ServiceContext } from "../context.ts";
import { sealedShare } from "../sealed-share.ts";
import { openTenantKey } from "../tenant-keys.ts";
import { SEALED_FILE_SIZE } from "./card-sealed-file.ts";

/** What a badge's payload is sealed for. */
export interface PayloadFor {
  readonly tenantId: string;
  readonly badgeUid: Uint8Array;
  readonly mode: BadgeMode;
  readonly profile: BadgeProfile;
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

/**
 * The link of a badge, and where SDM writes in it: the same for every badge of this tenant, but
 * for the payload that an open one's holds.
 */
export function badgePlaces(
  { crypto, badgeHost: host }: ServiceContext,
  { tenantId, profile }: Pick<PayloadFor, "tenantId" | "profile">,
): BadgeFile {
  if (profile === "sealed")
    return buildSealedFile({ host, tenantMark: sealedTenantMark(crypto, tenantId) });
  const payload = new Uint8Array(PAYLOAD_LENGTH);
  return buildBadgeFile({ host, keyId: new Uint8Array(3), payload });
}

/** File 02 of a sealed badge: nothing in it is secret, or of this one badge. */
export function sealedLinkContent(context: ServiceContext, order: PayloadFor): Uint8Array {
  return padded(badgePlaces(context, order).file, NDEF_FILE_SIZE);
}

function padded(bytes: Uint8Array, length: number): Uint8Array {
  const out = new Uint8Array(length);
  out.set(bytes);
  return out;
}

/**
 * A badge's own key, born here and on its way to the card: nothing keeps it but the card. The
 * content is that of the whole file which holds the payload: 02 in an open badge, 03 in a sealed.
 */
export async function freshContent(
  context: ServiceContext,
  order: PayloadFor,
): Promise<{ readonly content: Uint8Array; readonly badgePk: Uint8Array }> {
  const nodePk = await readerKey(context, order, "new badge");
  const seed = new Secret(context.random.bytes(32));
  try {
    const sealed = order.profile === "sealed";
    const content = await (sealed ? sealedContent : openContent)(context, order, seed, nodePk);
    return { content, badgePk: context.crypto.ed25519PublicKey(seed.bytes) };
  } finally {
    seed.wipe();
  }
}

async function sealedContent(
  context: ServiceContext,
  { tenantId, badgeUid, mode }: PayloadFor,
  seed: Secret,
  nodePk: Uint8Array | undefined,
): Promise<Uint8Array> {
  const answer = { badgeUid, mode, host: context.badgeHost, ...(nodePk && { nodePk }) };
  const { sealedPayload } = await writeSealedBadge(context, tenantId, seed, answer);
  return padded(sealedPayload, SEALED_FILE_SIZE);
}

async function openContent(
  context: ServiceContext,
  { tenantId, badgeUid, mode }: PayloadFor,
  seed: Secret,
  nodePk: Uint8Array | undefined,
): Promise<Uint8Array> {
  const df1 = await openTenantKey(context, tenantId, "df1");
  try {
    const answer = { badgeUid, mode, host: context.badgeHost, df1: df1.bytes, chipKeys: [] };
    const { file } = writeBadgeFile(context, seed, { ...answer, ...(nodePk && { nodePk }) });
    return padded(file, NDEF_FILE_SIZE);
  } finally {
    df1.wipe();
  }
}

/**
 * The public key of the badge whose payload this is, of the profile that the order names.
 * @throws badge-payload-invalid, mode-mismatch, unsupported-version, node-unknown
 */
export async function payloadKey(
  context: ServiceContext,
  order: PayloadFor,
  payload: Uint8Array,
): Promise<Uint8Array> {
  const { crypto } = context;
  const { tenantId, profile, badgeUid: uid } = order;
  const nodePk = await readerKey(context, order, "badge as it is");
  const share =
    profile === "sealed"
      ? await sealedShare(context, tenantId)
      : await openTenantKey(context, tenantId, "df1");
  try {
    const seed = openPayload(crypto, payload, { df1: share.bytes, uid, ...(nodePk && { nodePk }) });
    const publicKey = crypto.ed25519PublicKey(seed.bytes);
    seed.wipe();
    return publicKey;
  } finally {
    share.wipe();
  }
}

/** @throws tenant-mismatch when an open badge's link names another key than the tenant's `df1` */
export async function requireKeyId(
  context: ServiceContext,
  tenantId: string,
  { keyId }: Pick<BadgeLink, "keyId">,
): Promise<void> {
  const df1 = await openTenantKey(context, tenantId, "df1");
  const named = badgeKeyId(context.crypto, df1.bytes);
  df1.wipe();
  if (!equalBytes(named, keyId)) throw new LatchkeyError("tenant-mismatch");
}

/**
 * The public key behind the content of an open badge's file, or `undefined` when it is no such
 * payload, or has another length than this server's badges: SDM would write to the wrong places.
 */
export async function contentKey(
  context: ServiceContext,
  order: PayloadFor,
  content: Uint8Array,
): Promise<Uint8Array | undefined> {
  try {
    const length = 2 + ((content[0]! << 8) | content[1]!);
    if (length !== badgeFileLength(context.badgeHost)) return undefined;
    const link = parseBadgeFile(content.subarray(0, length));
    await requireKeyId(context, order.tenantId, link);
    return await payloadKey(context, order, link.payload);
  } catch (error) {
    if (isLatchkeyError(error) && error.code !== "node-unknown") return undefined;
    throw error;
  }
}
