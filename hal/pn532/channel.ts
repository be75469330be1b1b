import type { Deadline } from "../timing.ts";
import type { Frame } from "./frame.ts";

/**
 * What came from the chip: a frame; `damaged`, when the chip sent one that did not arrive whole,
 * so that a NACK gets it again; or `noise`, when bytes came that say nothing about what was sent.
 */
export type Received = Frame | "damaged" | "noise";

export interface ReadRequest {
  /** Length of the frame that is expected, where that must be known beforehand. */
  readonly frameBytes: number;
  readonly deadline: Deadline;
  /** The chip is known to be quick: do not ask first whether there is something. */
  readonly direct: boolean;
}

/**
 * One way on which frames travel between host and PN532. What is in the frames, and which follows
 * which, is the same on all of them and lives in `link.ts`.
 */
export interface FrameChannel {
  /** How much later than on a wire things arrive here; belongs to every limit. */
  readonly latencyMs: number;
  /** Whether a line of the chip announces frames. */
  readonly usesIrq: boolean;
  /**
   * Sends a frame; `limitMs` for the chip or the port to take it. `undefined` when it is sent
   * already: a promise for nothing costs a device more than the frame.
   * @throws bus-nack, serial-lost
   */
  write(frame: Uint8Array, limitMs?: number): Promise<void> | undefined;
  /**
   * Sends the host's ACK, which ends whatever the chip is doing and wakes it if it sleeps. What
   * it had still to say is not read any more.
   * @throws bus-nack, serial-lost
   */
  abort(limitMs?: number): Promise<void> | undefined;
  /** The next thing that comes; `undefined` once the deadline passes or {@link interrupt}. */
  read(request: ReadRequest): Promise<Received | undefined>;
  /** Ends the read under way. */
  interrupt(): void;
  /**
   * Frees lines that somebody holds, if it can; `holdChip` first keeps the chip itself off them.
   * @throws bus-stuck
   */
  recover(holdChip: () => void): void;
  close(): void;
}
