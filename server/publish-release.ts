import { firmwareFactsOf } from "../protocol/claims/firmware-manifest.ts";
import { decodeManifest } from "../protocol/claims/manifest-wire.ts";
import { verifyFirmware } from "../protocol/claims/verify-firmware.ts";
import { uuidFromRandom } from "../protocol/encoding/uuid.ts";
import { LatchkeyError, malformed } from "../protocol/errors.ts";
import { FIRMWARE_PARTS } from "../protocol/node/firmware-part.ts";
import type { ServiceContext } from "./context.ts";
import { firmwareGraph } from "./publish-authority.ts";
import type { StoredRelease } from "./store/releases.ts";
import { unixSeconds } from "./wall-clock.ts";

export interface ReleaseOrder {
  readonly tenantId: string;
  /** The signed manifest in its wire form. */
  readonly manifest: Uint8Array;
  readonly image: Uint8Array;
  /** The operator who says so, by the network. */
  readonly by?: string;
}

/**
 * Takes an image for the nodes of its product, in place of the last one. It is checked as a node
 * would check it: what no node will take is not offered to any.
 * @throws not-found without an authority, malformed, the code of a refusal
 */
export async function publishRelease(
  context: ServiceContext,
  { tenantId, manifest, image, by }: ReleaseOrder,
): Promise<StoredRelease> {
  const { records, clock, crypto, sha3, random } = context;
  const authority = await records.authority(tenantId);
  if (authority === undefined)
    throw new LatchkeyError("not-found", {
      message: "no identity stands behind this tenant: `latchkey authority publish` first",
    });
  const graph = firmwareGraph(authority.graph);
  if (JSON.stringify(graph).length > FIRMWARE_PARTS.graph)
    throw malformed("graph", "too many delegates for a node; it reads 64 KiB");
  if (manifest.length > FIRMWARE_PARTS.manifest) throw malformed("manifest", "too long for a node");
  const { product, version, securityVersion } = firmwareFactsOf(decodeManifest(manifest));
  const last = await records.release(tenantId, product);
  const received = { size: image.length, sha256: crypto.sha256(image) };
  const decision = verifyFirmware(manifest, graph, received, {
    ...{ sha3, nowMs: clock.unixMs(), identityId: authority.identityId },
    // Each node looks at its own bootloader.
    installed: {
      ...{ product, securityVersion: last?.securityVersion ?? 0 },
      bootloader: Number.MAX_SAFE_INTEGER,
    },
  });
  if (decision.decision === "refuse")
    throw new LatchkeyError(decision.code, { message: decision.reason });
  const publishedAt = unixSeconds(clock);
  const releaseId = uuidFromRandom(random.bytes(16));
  const release = { tenantId, product, releaseId, version, securityVersion, publishedAt };
  const said = { product, version, security: securityVersion, release_id: releaseId };
  const data = { ...said, ...(by !== undefined && { by }) };
  const entry = { tenantId, at: publishedAt, kind: "release-published", data };
  await records.saveRelease({ ...release, manifest, image, entry });
  return release;
}
