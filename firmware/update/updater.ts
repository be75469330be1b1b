import { type FirmwareFacts, imageHash } from "../../protocol/claims/firmware-manifest.ts";
import { answerInTurns, type Inquiry } from "../../protocol/claims/inquiry.ts";
import { refusal } from "../../protocol/claims/verify-claim.ts";
import {
  type FirmwareDecision,
  type FirmwareOptions,
  inquireFirmware,
  type ReceivedImage,
} from "../../protocol/claims/verify-firmware.ts";
import type { RunningHash } from "../../protocol/crypto/running-sha256.ts";
import type { Sha3 } from "../../protocol/crypto/sha3.ts";
import { LatchkeyError, malformed } from "../../protocol/errors.ts";
import { parseBytes } from "../../protocol/json/reader.ts";
import { FIRMWARE_CHUNK, FIRMWARE_PARTS } from "../../protocol/node/firmware-part.ts";
import { type FirmwareSource, wholePart } from "./firmware-source.ts";
import type { UpdateStore } from "./update-store.ts";

export interface UpdaterOptions {
  readonly store: UpdateStore;
  readonly source: FirmwareSource;
  readonly sha3: Sha3;
  readonly sha256: () => RunningHash;
  /** The identity whose images are taken. */
  readonly identityId: string;
  readonly product: string;
  /** Version of the boot code. */
  readonly bootloader: number;
  /** Unix milliseconds, once the time is known. */
  readonly nowMs: () => number | undefined;
  /** Lets others work; may take as long as they need. */
  readonly pause: () => Promise<void>;
}

/** Hashed at a time: some milliseconds. */
const SLICE_BYTES = 1024;
/** A graph's claims are nested in it. */
const GRAPH_DEPTH = 24;

/**
 * Brings the server's image into the slot that does not run. Nothing of it is believed because the
 * server sent it: the manifest must be signed for the identity that this node was told to trust,
 * before the download and, with what then lies in flash and the graph of that moment, after it.
 */
export class Updater {
  readonly #options: UpdaterOptions;

  constructor(options: UpdaterOptions) {
    this.#options = options;
  }

  /**
   * Takes an update from where it was left. `accept`: the next start is its trial.
   * @throws network errors, clock-untrusted, conflict, storage-failed: it goes on the next time
   */
  async run(): Promise<FirmwareDecision> {
    const { source, store } = this.#options;
    const { release, bytes: wire } = await wholePart(source, "manifest");
    const offered = await this.#decide(wire, release, undefined);
    if (offered.decision === "refuse") return offered;
    const { facts } = offered;
    const begun = store.begin(imageOf(facts));
    await this.#download(facts, release, begun);
    const sha256 = await this.#hash(facts.size);
    // By the graph of now: whoever signed may have been revoked since.
    const received = await this.#decide(wire, release, { size: facts.size, sha256 });
    if (received.decision === "accept") store.arm();
    else if (received.code === "firmware-mismatch") store.discard();
    return received;
  }

  async #decide(
    wire: Uint8Array,
    release: string,
    image: ReceivedImage | undefined,
  ): Promise<FirmwareDecision> {
    const { source, store, sha3, identityId, product, bootloader, nowMs, pause } = this.#options;
    const { bytes } = await wholePart(source, "graph", release);
    const now = nowMs();
    if (now === undefined) throw new LatchkeyError("clock-untrusted");
    const installed = { product, bootloader, securityVersion: store.floor };
    const options = { sha3, nowMs: now, identityId, installed };
    return answerInTurns(decisionOf(wire, bytes, image, options), sha3, pause);
  }

  async #download({ size }: FirmwareFacts, release: string, begun: number): Promise<void> {
    const { source, store, pause } = this.#options;
    const { sectorBytes } = store;
    for (let sector = begun; sector * sectorBytes < size; sector++) {
      const data = new Uint8Array(Math.min(sectorBytes, size - sector * sectorBytes));
      for (let at = 0; at < data.length; at += FIRMWARE_CHUNK) {
        const piece = await source.piece("image", sector * sectorBytes + at, release);
        if (piece.total !== size) throw malformed("image", "not as long as its manifest says");
        data.set(piece.data, at);
      }
      await pause();
      store.append(sector, data);
    }
  }

  /** Of what lies in flash, not of what came over the wire. */
  async #hash(size: number): Promise<Uint8Array> {
    const { store, sha256, pause } = this.#options;
    const hash = sha256();
    for (let at = 0; at < size; at += SLICE_BYTES) {
      hash.update(store.read(at, Math.min(SLICE_BYTES, size - at)));
      await pause();
    }
    return hash.digest();
  }
}

function* decisionOf(
  wire: Uint8Array,
  graphBytes: Uint8Array,
  image: ReceivedImage | undefined,
  options: FirmwareOptions,
): Inquiry<FirmwareDecision> {
  const limits = { length: FIRMWARE_PARTS.graph, depth: GRAPH_DEPTH };
  try {
    const { value: graph } = yield* parseBytes(graphBytes, "graph", limits);
    return yield* inquireFirmware(wire, graph, image, options);
  } catch (error) {
    return { decision: "refuse", ...refusal(error) };
  }
}

function imageOf(facts: FirmwareFacts) {
  const { version, securityVersion, size } = facts;
  return { version, securityVersion, size, sha256: imageHash(facts) };
}
