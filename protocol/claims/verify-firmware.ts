import { constantTimeEqual } from "../crypto/constant-time.ts";
import type { ErrorCode } from "../error-codes.ts";
import { LatchkeyError } from "../errors.ts";
import { type BindOptions, checkManifestIdentity } from "./bind-manifest.ts";
import { type FirmwareFacts, firmwareFactsOf, imageHash } from "./firmware-manifest.ts";
import { decodeManifest } from "./manifest-wire.ts";
import { refusal } from "./verify-claim.ts";

/** The board that an image is offered to. */
export interface InstalledFirmware {
  readonly product: string;
  /** The highest that was ever confirmed here, not only of the image that runs now. */
  readonly securityVersion: number;
  readonly bootloader: number;
}

/** What was received. */
export interface ReceivedImage {
  /** Bytes. */
  readonly size: number;
  /** 32 bytes, computed from what lies in flash. */
  readonly sha256: Uint8Array;
}

export interface FirmwareOptions extends Omit<BindOptions, "domains"> {
  /** The identity whose images are taken: its id is known to the node, not told by the sender. */
  readonly identityId: string;
  readonly installed: InstalledFirmware;
}

export type FirmwareDecision =
  | { readonly decision: "accept"; readonly facts: FirmwareFacts }
  | { readonly decision: "refuse"; readonly code: ErrorCode; readonly reason: string };

function checkSuitable(facts: FirmwareFacts, installed: InstalledFirmware): void {
  if (facts.product !== installed.product)
    throw new LatchkeyError("firmware-unsuitable", { message: "it is for another product" });
  if (facts.minBootloader > installed.bootloader)
    throw new LatchkeyError("firmware-unsuitable", { message: "it needs a newer bootloader" });
  if (facts.securityVersion < installed.securityVersion)
    throw new LatchkeyError("firmware-rollback", {
      detail: { offered: facts.securityVersion, installed: installed.securityVersion },
    });
}

function checkImage(facts: FirmwareFacts, { size, sha256 }: ReceivedImage): void {
  if (size !== facts.size || !constantTimeEqual(sha256, imageHash(facts)))
    throw new LatchkeyError("firmware-mismatch");
}

/**
 * Decides whether an image may be installed: before the download by its manifest (`image` absent),
 * and after it by both. The cheap questions come first, the signatures after them. The manifest
 * must be tagged as firmware, so that no other manifest of the same signer will do. Never throws
 * on foreign input.
 */
export function verifyFirmware(
  wire: Uint8Array,
  graph: unknown,
  image: ReceivedImage | undefined,
  options: FirmwareOptions,
): FirmwareDecision {
  const { identityId, installed } = options;
  try {
    const signed = decodeManifest(wire);
    const facts = firmwareFactsOf(signed);
    checkSuitable(facts, installed);
    if (image !== undefined) checkImage(facts, image);
    const { identity } = checkManifestIdentity(signed, graph, {
      ...options,
      domains: ["latchkey/v1/firmware"],
    });
    if (identity.document.id !== identityId)
      throw new LatchkeyError("subject-mismatch", { message: "another identity stands behind it" });
    return { decision: "accept", facts };
  } catch (error) {
    return { decision: "refuse", ...refusal(error) };
  }
}
