import type { CheckInRequest } from "../protocol/badge/check-in.ts";
import { UPDATE_WORK } from "../protocol/node/firmware-part.ts";
import { ROTATE_WORK } from "../protocol/node/rotation.ts";
import type { ServiceContext } from "./context.ts";
import type { Node } from "./store/records.ts";
import { unixSeconds } from "./wall-clock.ts";

/**
 * What a node that checks in has to do: take another key, or an update, if there is an image that
 * it has not tried.
 */
export async function offeredWork(
  { records, clock }: ServiceContext,
  { tenantId, nodeUid, rotationWanted }: Node,
  { firmware, image }: Pick<CheckInRequest, "firmware" | "image">,
): Promise<readonly string[]> {
  // One thing at a time: an image that is on trial must find the key that it knows.
  if (rotationWanted) return [ROTATE_WORK];
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
