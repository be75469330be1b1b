import { toBase64Url } from "../encoding/base64.ts";
import { malformed } from "../errors.ts";
import type { JsonObject, JsonReader } from "../json/reader.ts";
import { BADGE_UID_BYTES } from "./endpoints.ts";
import type { BadgeMode } from "./payload.ts";

const NAME_LENGTH_MAX = 64;
const HOST_LENGTH_MAX = 64;
/** Application keys of the chip, 0 to 4 (NT4H2421Gx §8.2.4). */
const KEY_COUNT = 5;

interface Registration {
  readonly tenantId: string;
  readonly badgeUid: Uint8Array;
  /** Ed25519, 32 bytes; the seed stays with whoever writes the badge, and on the badge. */
  readonly badgePk: Uint8Array;
  readonly holder: string;
  readonly label?: string;
}

/** it_register_badge: a manager asks. An HS badge names its one reader, an STD badge none. */
export type RegisterBadgeRequest =
  | (Registration & { readonly mode: "STD" })
  | (Registration & { readonly mode: "HS"; readonly nodeUid: string });

/** it_register_badge: all that is needed to write the badge. Secret, but for host and nodePk. */
export interface RegisterBadgeAnswer {
  readonly badgeUid: Uint8Array;
  readonly mode: BadgeMode;
  /** Host of the badge's link. */
  readonly host: string;
  /** The tenant's share of the payload's key, 32 bytes. */
  readonly df1: Uint8Array;
  /** Application keys 0 to 4 for the chip, 16 bytes each. */
  readonly chipKeys: readonly Uint8Array[];
  /** Public key of the one reader, for HS. */
  readonly nodePk?: Uint8Array;
}

export function writeRegisterBadgeRequest(request: RegisterBadgeRequest): JsonObject {
  return {
    tenant_id: request.tenantId,
    badge_uid: toBase64Url(request.badgeUid),
    badge_pk: toBase64Url(request.badgePk),
    mode: request.mode,
    ...(request.mode === "HS" && { node_uid: request.nodeUid }),
    holder: request.holder,
    ...(request.label !== undefined && { label: request.label }),
  };
}

/** @throws malformed */
export function parseRegisterBadgeRequest(body: JsonReader): RegisterBadgeRequest {
  const label = body.optionalString("label", { max: NAME_LENGTH_MAX });
  const mode = body.oneOf("mode", ["STD", "HS"]);
  const registration = {
    tenantId: body.uuid("tenant_id"),
    badgeUid: body.bytes("badge_uid", BADGE_UID_BYTES),
    badgePk: body.bytes("badge_pk", 32),
    holder: body.string("holder", { max: NAME_LENGTH_MAX }),
    ...(label !== undefined && { label }),
  };
  if (mode === "HS") return { ...registration, mode, nodeUid: body.uuid("node_uid") };
  // A badge meant for one reader must not silently become one for all.
  if (body.has("node_uid")) throw malformed("node_uid", "only an HS badge has a reader");
  return { ...registration, mode };
}

export function writeRegisterBadgeAnswer(answer: RegisterBadgeAnswer): JsonObject {
  const { badgeUid, mode, host, df1, chipKeys, nodePk } = answer;
  return {
    badge_uid: toBase64Url(badgeUid),
    mode,
    host,
    df1: toBase64Url(df1),
    chip_keys: chipKeys.map((key) => ({ key: toBase64Url(key) })),
    ...(nodePk && { node_pk: toBase64Url(nodePk) }),
  };
}

/** @throws malformed */
export function parseRegisterBadgeAnswer(body: JsonReader): RegisterBadgeAnswer {
  const mode = body.oneOf("mode", ["STD", "HS"]);
  const chipKeys = body.objects("chip_keys", { max: KEY_COUNT });
  if (chipKeys.length !== KEY_COUNT) throw malformed("chip_keys", `needs ${KEY_COUNT} keys`);
  return {
    badgeUid: body.bytes("badge_uid", BADGE_UID_BYTES),
    mode,
    host: body.string("host", { max: HOST_LENGTH_MAX }),
    df1: body.bytes("df1", 32),
    chipKeys: chipKeys.map((reader) => reader.bytes("key", 16)),
    ...(mode === "HS" && { nodePk: body.bytes("node_pk", 32) }),
  };
}
