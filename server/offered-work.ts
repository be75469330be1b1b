import type { CheckInRequest } from "../protocol/badge/check-in.ts";
import { UPDATE_WORK } from "../protocol/node/firmware-part.ts";
import type { ServiceContext } from "./context.ts";
import type { Node } from "./store/records.ts";
import { unixSeconds } from "./wall-clock.ts";

/** What a node that checks in has to do: an update, if there is an image that it has not tried. */
export async function offeredWork(
  { records, clock }: ServiceContext,
  { tenantId, nodeUid }: Node,
  { firmware, image }: Pick<CheckInRequest, "firmware" | "image">,
): Promise<readonly string[]> {
  if (image === undefined) return [];
  const { product, securityVersion, reverted } = image;
  const release = await records.release(tenantId, product);
  if (reverted !== undefined) {
    const { version, code } = reverted;
    // What went wrong with an older release is noted under no release.
    const releaseId = release?.version === version ? release.releaseId : `${product} ${version}`;
    const data = { node_uid: nodeUid, product, version, code };
    const entry = { tenantId, at: unixSeconds(clock), kind: "firmware-reverted", data };
    await records.saveReversal(nodeUid, releaseId, entry);
  }
  if (release === undefined || release.version === firmware) return [];
  if (release.securityVersion < securityVersion) return [];
  const tried = await records.hasReversal(tenantId, nodeUid, release.releaseId);
  return tried ? [] : [UPDATE_WORK];
}
