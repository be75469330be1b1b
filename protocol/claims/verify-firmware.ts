import { constantTimeEqual } from "../crypto/constant-time.ts";
import type { ErrorCode } from "../error-codes.ts";
import { LatchkeyError, malformed } from "../errors.ts";
import { type BindOptions, checkManifestIdentity } from "./bind-manifest.ts";
import { MAX_CLAIMS, ownValue } from "./claim-reader.ts";
import { type FirmwareFacts, firmwareFactsOf, imageHash } from "./firmware-manifest.ts";
import { answerAtOnce, type Inquiry } from "./inquiry.ts";
import type { SignedManifest } from "./manifest-types.ts";
import { readManifest } from "./manifest-wire.ts";
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
 * The longest text of a manifest or a claim, in UTF-16 units: it is hashed in one turn of a node,
 * which has 50 ms. Six times what either needs.
 */
const STATEMENT_MAX = 2048;

function checkLength(statement: unknown, field: string): void {
  const text = JSON.stringify(statement) as string | undefined;
  if (text !== undefined && text.length > STATEMENT_MAX)
    throw malformed(field, `longer than ${STATEMENT_MAX}, which a node reads`);
}

/** Of what was parsed from JSON, before anything of it is hashed. */
function checkLengths({ manifest }: SignedManifest, graph: unknown): void {
  checkLength(manifest, "manifest");
  checkLength(ownValue(graph, "document"), "document");
  const claims = ownValue(graph, "claims");
  if (!Array.isArray(claims)) return; // refused by whoever resolves it
  for (const signed of claims.slice(0, MAX_CLAIMS)) checkLength(ownValue(signed, "claim"), "claim");
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
  return answerAtOnce(inquireFirmware(wire, graph, image, options), options.sha3);
}

/** {@link verifyFirmware} as an inquiry: for a node, whose door must go on. */
export function* inquireFirmware(
  wire: Uint8Array,
  graph: unknown,
  image: ReceivedImage | undefined,
  options: FirmwareOptions,
): Inquiry<FirmwareDecision> {
  const { identityId, installed } = options;
  try {
    const signed = yield* readManifest(wire);
    checkLengths(signed, graph);
    const facts = firmwareFactsOf(signed);
    checkSuitable(facts, installed);
    if (image !== undefined) checkImage(facts, image);
    const { identity } = yield* checkManifestIdentity(signed, graph, {
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
