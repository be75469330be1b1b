import {
  checksum,
  IMPROV_HEADER,
  type ImprovPacket,
  PACKET_DATA_MAX,
  PACKET_HEAD_BYTES,
} from "./packet.ts";

export type Scanned =
  /** Bytes that belong to no packet. */
  | { readonly type: "text"; readonly bytes: Uint8Array }
  | { readonly type: "packet"; readonly packet: ImprovPacket }
  /** A packet whose checksum is wrong, or whose end did not come. Its bytes are not text. */
  | { readonly type: "damaged" };

/**
 * Takes the Improv packets out of a serial stream that carries text as well. What begins like a
 * packet is held back until it is one or is not; memory is bounded by one packet.
 *
 * The bytes of a packet never come out as text, also when it is damaged: it may hold a password,
 * and text is echoed.
 */
export class PacketScanner {
  readonly #buffer = new Uint8Array(PACKET_HEAD_BYTES + PACKET_DATA_MAX + 1);
  #held = 0;

  /** Whether a packet has begun and not ended: after a while, {@link abandon} it. */
  get waiting(): boolean {
    return this.#held > 0;
  }

  push(bytes: Uint8Array): Scanned[] {
    const out: Scanned[] = [];
    let text: number[] = [];
    const endText = () => {
      if (text.length > 0) out.push({ type: "text", bytes: Uint8Array.from(text) });
      text = [];
    };
    for (let i = 0; i < bytes.length; i++) {
      const found = this.#byte(bytes[i]!, text);
      if (found === undefined) continue;
      endText();
      out.push(found);
    }
    endText();
    return out;
  }

  /** Gives up what is held back: the rest of it did not come in time. */
  abandon(): Scanned[] {
    const held = this.#held;
    if (held === 0) return [];
    const bytes = this.#buffer.slice(0, held);
    this.#clear();
    return [held >= IMPROV_HEADER.length ? { type: "damaged" } : { type: "text", bytes }];
  }

  #byte(byte: number, text: number[]): Scanned | undefined {
    const at = this.#held;
    if (at < IMPROV_HEADER.length && byte !== IMPROV_HEADER[at]) {
      for (let i = 0; i < at; i++) text.push(this.#buffer[i]!);
      this.#held = 0;
      // "I" stands in the header once, at its front: nothing of what was held can begin one.
      if (byte === IMPROV_HEADER[0]) this.#hold(byte);
      else text.push(byte);
      return undefined;
    }
    this.#hold(byte);
    return this.#complete() ? this.#end() : undefined;
  }

  #hold(byte: number): void {
    this.#buffer[this.#held++] = byte;
  }

  #complete(): boolean {
    if (this.#held < PACKET_HEAD_BYTES) return false;
    return this.#held === PACKET_HEAD_BYTES + this.#buffer[PACKET_HEAD_BYTES - 1]! + 1;
  }

  #end(): Scanned {
    const end = this.#held - 1;
    const whole = checksum(this.#buffer.subarray(0, end)) === this.#buffer[end];
    const type = this.#buffer[IMPROV_HEADER.length]!;
    const data = this.#buffer.slice(PACKET_HEAD_BYTES, end);
    this.#clear();
    return whole ? { type: "packet", packet: { type, data } } : { type: "damaged" };
  }

  /** Overwritten as well: what passed here may have been a password. */
  #clear(): void {
    this.#buffer.fill(0, 0, this.#held);
    this.#held = 0;
  }
}
