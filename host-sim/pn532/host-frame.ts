/**
 * Frames between host and PN532 as the chip sees them (UM0701-02 §6.2.1). Written from the manual
 * and apart from the driver's codec: one misreading must not hide the other.
 */

/** Packet data with TFI that the firmware's buffer takes (§6.2.1.2). */
export const PACKET_MAX = 265;

export const ACK_FRAME: readonly number[] = Object.freeze([0x00, 0x00, 0xff, 0x00, 0xff, 0x00]);
export const NACK_FRAME: readonly number[] = Object.freeze([0x00, 0x00, 0xff, 0xff, 0x00, 0x00]);

const HOST_TO_CHIP = 0xd4;
const CHIP_TO_HOST = 0xd5;
/** "Syntax error at application level": a packet that is this one byte. */
const ERROR_TFI = 0x7f;

export type HostFrame =
  | { readonly kind: "ack" }
  | { readonly kind: "nack" }
  /** Command code and parameters, without TFI. */
  | { readonly kind: "command"; readonly command: Uint8Array }
  /** A checksum, a length or the TFI is wrong. */
  | { readonly kind: "damaged"; readonly why: "lcs" | "dcs" | "length" | "tfi" };

type Wanted = "start" | "len" | "lcs" | "lenm" | "lenl" | "lcs-extended" | "packet" | "dcs";

/**
 * Takes the host's bytes one by one and says when they make a frame. Any number of bytes may stand
 * before the start code 00 FF and after the frame: pre- and postamble are not counted (§6.2.1.6).
 */
export class HostFrameReader {
  #wanted: Wanted = "start";
  #previous = -1;
  #length = 0;
  #high = 0;
  #packet: number[] = [];

  /** Forgets what it had of an unfinished frame. */
  reset(): void {
    this.#wanted = "start";
    this.#previous = -1;
    this.#packet = [];
  }

  push(byte: number): HostFrame | undefined {
    switch (this.#wanted) {
      case "start":
        if (this.#previous === 0x00 && byte === 0xff) this.#wanted = "len";
        this.#previous = byte;
        return undefined;
      case "len":
        this.#length = byte;
        this.#wanted = "lcs";
        return undefined;
      case "lcs":
        return this.#onLcs(byte);
      case "lenm":
        this.#high = byte;
        this.#wanted = "lenl";
        return undefined;
      case "lenl":
        this.#length = this.#high * 256 + byte;
        this.#wanted = "lcs-extended";
        return undefined;
      case "lcs-extended":
        if (((this.#length >> 8) + this.#length + byte) & 0xff) return this.#damaged("lcs");
        return this.#expectPacket();
      case "packet":
        this.#packet.push(byte);
        if (this.#packet.length === this.#length) this.#wanted = "dcs";
        return undefined;
      case "dcs":
        return this.#onDcs(byte);
    }
  }

  #onLcs(lcs: number): HostFrame | undefined {
    const length = this.#length;
    if (length === 0x00 && lcs === 0xff) return this.#done({ kind: "ack" });
    if (length === 0xff && lcs === 0x00) return this.#done({ kind: "nack" });
    if (length === 0xff && lcs === 0xff) {
      this.#wanted = "lenm";
      return undefined;
    }
    if ((length + lcs) & 0xff) return this.#damaged("lcs");
    return this.#expectPacket();
  }

  #expectPacket(): HostFrame | undefined {
    if (this.#length < 1 || this.#length > PACKET_MAX) return this.#damaged("length");
    this.#packet = [];
    this.#wanted = "packet";
    return undefined;
  }

  #onDcs(dcs: number): HostFrame {
    const packet = this.#packet;
    const sum = packet.reduce((total, byte) => total + byte, dcs);
    if (sum & 0xff) return this.#damaged("dcs");
    if (packet[0] !== HOST_TO_CHIP || packet.length < 2) return this.#damaged("tfi");
    return this.#done({ kind: "command", command: Uint8Array.from(packet.slice(1)) });
  }

  #damaged(why: "lcs" | "dcs" | "length" | "tfi"): HostFrame {
    return this.#done({ kind: "damaged", why });
  }

  #done(frame: HostFrame): HostFrame {
    this.reset();
    return frame;
  }
}

/**
 * The frame of a response: code and data. Normal up to 255 bytes of packet, extended above: the
 * chip always takes the one that fits (§6.2.1.2).
 * @param bare leaves pre- and postamble away (SetParameters, fRemovePrePostAmble).
 */
export function responseFrame(response: Uint8Array, bare: boolean): Uint8Array {
  return frame([CHIP_TO_HOST, ...response], bare);
}

/** `00 00 FF 01 FF 7F 81 00` (§6.2.1.5). */
export function errorFrame(bare: boolean): Uint8Array {
  return frame([ERROR_TFI], bare);
}

function frame(packet: readonly number[], bare: boolean): Uint8Array {
  const length = packet.length;
  const head =
    length <= 255
      ? [0x00, 0xff, length, -length & 0xff]
      : [0x00, 0xff, 0xff, 0xff, length >> 8, length & 0xff, -((length >> 8) + length) & 0xff];
  const dcs = -packet.reduce((sum, byte) => sum + byte, 0) & 0xff;
  const inner = [...head, ...packet, dcs];
  return Uint8Array.from(bare ? inner : [0x00, ...inner, 0x00]);
}
