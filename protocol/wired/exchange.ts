import { concat } from "../encoding/bytes.ts";
import { type Frame, PAYLOAD_MAX } from "./frame.ts";

/** Longer than any request or answer of the protocol, and a bound for memory. */
export const MESSAGE_MAX = 40_000;
const QUEUE_MAX = 32;

/** First byte of a payload. */
const FIRST = 1;
const LAST = 2;
const PIECE_BYTES = PAYLOAD_MAX - 1;

/** The piece to send now, and again until it is acknowledged. */
export interface Piece {
  readonly sequence: number;
  readonly payload: Uint8Array;
}

/**
 * One side of a link: messages are cut into pieces, which are sent one at a time until the other
 * side has acknowledged each (stop and wait; on a half-duplex line nothing more would fit). What
 * arrives twice is taken once. Knows neither time nor wire.
 */
export class Exchange {
  #pieces: Uint8Array[] = [];
  #messages = 0;
  #sequence = 0;
  #expected = 0;
  #arrived: Uint8Array[] = [];
  #arrivedBytes = 0;
  /** What arrives is left out until a message begins. */
  #broken = true;

  /** Goes into every frame of this side. */
  get acknowledge(): number {
    return this.#expected;
  }

  /** Whether something waits to be sent. */
  get busy(): boolean {
    return this.#pieces.length > 0;
  }

  /** False when there is no room: too long, or too many wait. */
  send(message: Uint8Array): boolean {
    if (message.length > MESSAGE_MAX || this.#messages >= QUEUE_MAX) return false;
    const count = Math.max(1, Math.ceil(message.length / PIECE_BYTES));
    for (let i = 0; i < count; i++) {
      const flags = (i === 0 ? FIRST : 0) | (i === count - 1 ? LAST : 0);
      const part = message.subarray(i * PIECE_BYTES, (i + 1) * PIECE_BYTES);
      const piece = new Uint8Array(part.length + 1);
      piece[0] = flags;
      piece.set(part, 1);
      this.#pieces.push(piece);
    }
    this.#messages++;
    return true;
  }

  current(): Piece | undefined {
    const payload = this.#pieces[0];
    return payload && { sequence: this.#sequence, payload };
  }

  /** A frame of the other side. Gives the message that it completes, if it does. */
  receive(frame: Pick<Frame, "kind" | "sequence" | "acknowledge" | "payload">) {
    const done = this.#pieces[0];
    if (done !== undefined && frame.acknowledge === ((this.#sequence + 1) & 255)) {
      this.#pieces.shift();
      this.#sequence = frame.acknowledge;
      if ((done[0]! & LAST) !== 0) this.#messages--;
    }
    const carries = frame.kind === "data" || frame.kind === "reply";
    if (!carries || frame.sequence !== this.#expected) return undefined;
    this.#expected = (this.#expected + 1) & 255;
    return this.#collect(frame.payload);
  }

  /** A message that is too long or has no beginning is left out whole. */
  #collect(payload: Uint8Array): Uint8Array | undefined {
    const flags = payload[0];
    if (flags === undefined) return undefined;
    if ((flags & FIRST) !== 0) {
      this.#arrived = [];
      this.#arrivedBytes = 0;
      this.#broken = false;
    }
    this.#arrivedBytes += payload.length - 1;
    if (this.#arrivedBytes > MESSAGE_MAX) this.#broken = true;
    if (this.#broken) this.#arrived = [];
    else this.#arrived.push(payload.subarray(1));
    if ((flags & LAST) === 0 || this.#broken) return undefined;
    const message = concat(...this.#arrived);
    this.#arrived = [];
    this.#broken = true;
    return message;
  }
}
