import type { Received } from "./channel.ts";
import { ACK_BYTES, FRAME_BYTES_MAX, frameSize, tryParseFrame } from "./frame.ts";

/** More than this is not waited for: bytes that nobody wanted, or a line full of noise. */
const BUFFER_MAX = 4 * FRAME_BYTES_MAX;
/** Where the length of an extended frame is known. */
const EXTENDED_HEADER_BYTES = 8;

/**
 * Finds frames in a stream of bytes, cut anywhere, with anything between them. The start code is
 * 00 FF; zeros before it and behind a frame are padding (UM0701-02 §6.2.1.6).
 *
 * A frame whose header holds is one unit, good or damaged: what looks like a frame *inside* a
 * damaged one may be data that a card chose.
 */
export class FrameStream {
  #bytes: number[] = [];
  #noise = false;

  /** A frame has begun and not ended. */
  get unfinished(): boolean {
    return this.#bytes.length >= 2;
  }

  /** Since {@link clear} there was something that belongs to no frame. */
  get noisy(): boolean {
    return this.#noise || this.unfinished;
  }

  clear(): void {
    this.#bytes = [];
    this.#noise = false;
  }

  push(bytes: Uint8Array): void {
    // No more at once than is kept: a port may hand over what piled up for minutes.
    for (const byte of bytes.subarray(-BUFFER_MAX)) this.#bytes.push(byte);
    const tooMany = this.#bytes.length - BUFFER_MAX;
    if (tooMany <= 0) return;
    this.#bytes.splice(0, tooMany);
    this.#noise = true;
  }

  /** The next whole frame, or `undefined` until more bytes come. */
  next(): Received | undefined {
    while (this.#skipToStart()) {
      const bytes = this.#fromPreamble(EXTENDED_HEADER_BYTES);
      if (bytes.length < ACK_BYTES) return undefined;
      const size = frameSize(bytes);
      if (size === undefined) {
        const isExtended = bytes[3] === 0xff && bytes[4] === 0xff;
        if (isExtended && bytes.length < EXTENDED_HEADER_BYTES) return undefined;
        this.#skipStart();
      } else if (this.#bytes.length + 1 < size) {
        return undefined;
      } else {
        const frame = tryParseFrame(this.#fromPreamble(size));
        // The postamble stays: if it was lost, this is the next frame's preamble.
        this.#bytes.splice(0, size - 2);
        return frame ?? "damaged";
      }
    }
    return undefined;
  }

  /** No byte will follow: what that makes of an unfinished frame. */
  giveUp(): Received | undefined {
    const isFrame = frameSize(this.#fromPreamble(EXTENDED_HEADER_BYTES)) !== undefined;
    if (!isFrame) {
      this.#skipStart();
      return this.next();
    }
    this.#bytes = [];
    return "damaged";
  }

  /** Whether the buffer begins with a start code now; all before it is gone. */
  #skipToStart(): boolean {
    let at = 0;
    for (; at < this.#bytes.length; at++) {
      const isStart = this.#bytes[at] === 0x00 && this.#bytes[at + 1] === 0xff;
      const isLast = this.#bytes[at] === 0x00 && at === this.#bytes.length - 1;
      if (isStart || isLast) break;
      if (this.#bytes[at] !== 0x00) this.#noise = true;
    }
    this.#bytes.splice(0, at);
    return this.#bytes.length >= 2;
  }

  #skipStart(): void {
    this.#bytes.shift();
    this.#noise = true;
  }

  /** The first bytes with the preamble put before them, which may have been lost or not sent. */
  #fromPreamble(length: number): Uint8Array {
    return Uint8Array.from([0x00, ...this.#bytes.slice(0, length - 1)]);
  }
}
