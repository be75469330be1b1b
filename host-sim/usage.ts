import type { ReaderBoard } from "./reader-board.ts";

/**
 * Where virtual time went, in µs, since the board was made. The parts overlap where hardware
 * works side by side (a picture is drawn while a request is under way), so they need not add up.
 */
export interface Usage {
  /** Bytes on the PN532's bus, and while SCL is held. */
  readonly nfcBusUs: number;
  /** Bytes on the display's bus. */
  readonly displayBusUs: number;
  /** Frames on the air, with the delays that ISO 14443-3 makes both sides wait. */
  readonly airUs: number;
  /** The card's own computing time. */
  readonly cardUs: number;
  /** The PN532's own computing time. */
  readonly pn532Us: number;
  /** Waiting on the air for answers that did not come. */
  readonly silenceUs: number;
  /** The node's cryptography. */
  readonly cryptoUs: number;
  /** Requests under way. */
  readonly networkUs: number;
  readonly networkRequests: number;
}

/** What tells how much time the network and the cryptography have taken so far. */
export interface Meters {
  readonly cryptoUs: () => number;
  readonly networkUs: () => number;
  readonly networkRequests: () => number;
}

export function usageOf(board: ReaderBoard, meters: Meters): Usage {
  const { airUs, delayUs, cardUs, firmwareUs, silenceUs } = board.pn532.stats;
  return {
    nfcBusUs: board.nfcBus.stats.busyUs,
    displayBusUs: board.displayBus?.stats.busyUs ?? 0,
    airUs: airUs + delayUs,
    cardUs,
    pn532Us: firmwareUs,
    silenceUs,
    cryptoUs: meters.cryptoUs(),
    networkUs: meters.networkUs(),
    networkRequests: meters.networkRequests(),
  };
}

/** `after - before`, part by part. */
export function usageBetween(before: Usage, after: Usage): Usage {
  const difference: Record<string, number> = {};
  for (const [part, value] of Object.entries(after))
    difference[part] = value - before[part as keyof Usage];
  return difference as unknown as Usage;
}
