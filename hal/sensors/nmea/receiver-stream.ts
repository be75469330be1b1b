import {
  UBX_OVERHEAD_BYTES,
  UBX_SYNC_1,
  UBX_SYNC_2,
  type UbxMessage,
  ubxChecksum,
} from "../ubx.ts";
import { nmeaChecksum } from "./sentence.ts";

/** What was wrong with something that began like a sentence or a message. */
export type Damage =
  /** The checksum does not fit, of a sentence or of a UBX message. */
  | "checksum"
  /** A sentence without a checksum. */
  | "no-checksum"
  /** Another byte came where the sentence had to go on. */
  | "cut"
  | "too-long";

export type ReceiverFrame =
  /** What stands between `$` and `*` of a sentence whose checksum fits. */
  | { readonly kind: "nmea"; readonly text: string }
  | ({ readonly kind: "ubx" } & UbxMessage)
  | { readonly kind: "damaged"; readonly damage: Damage };

/**
 * NMEA 0183 allows 82 characters with `$` and CR LF. PMTK commands and receivers of several
 * systems go beyond; nothing that is used here comes near this.
 */
export const SENTENCE_CHARS_MAX = 120;
/**
 * The longest UBX payload that is passed over as one. More would let one damaged length hide a
 * minute of sentences.
 */
const UBX_PAYLOAD_MAX = 256;
const BUFFER_BYTES = UBX_PAYLOAD_MAX + UBX_OVERHEAD_BYTES;

const DOLLAR = 36;
const ASTERISK = 42;
const CR = 13;
const LF = 10;

/** How many bytes at the front are done with, and what they were; 0: more bytes are needed. */
interface Verdict {
  readonly bytes: number;
  readonly frame?: ReceiverFrame;
}
const MORE: Verdict = Object.freeze({ bytes: 0 });

/**
 * Finds sentences and UBX messages in what a receiver sends, cut anywhere, with anything between
 * them. What comes out depends on the bytes alone, never on how they were cut; memory is bounded.
 *
 * A sentence is complete with the second digit of its checksum: CR and LF may be missing. Where a
 * UBX message proves to be none, the search goes on behind its first byte, so that a damaged
 * length hides no sentence.
 */
export class ReceiverStream {
  readonly #onFrame: (frame: ReceiverFrame) => void;
  readonly #held = new Uint8Array(BUFFER_BYTES);
  #length = 0;
  /** How far the frame at the front has been looked at. */
  #seen = 0;
  /** Bytes that belonged to nothing. */
  noiseBytes = 0;

  constructor(onFrame: (frame: ReceiverFrame) => void) {
    this.#onFrame = onFrame;
  }

  push(bytes: Uint8Array): void {
    for (let i = 0; i < bytes.length; i++) {
      this.#held[this.#length++] = bytes[i]!;
      this.#scan();
    }
  }

  #scan(): void {
    while (this.#length > 0) {
      const verdict = this.#judge();
      if (verdict.bytes === 0) return;
      this.#held.copyWithin(0, verdict.bytes, this.#length);
      this.#length -= verdict.bytes;
      this.#seen = 0;
      if (verdict.frame !== undefined) this.#onFrame(verdict.frame);
    }
  }

  #judge(): Verdict {
    const first = this.#held[0]!;
    if (first === DOLLAR) return this.#judgeSentence();
    if (first === UBX_SYNC_1) return this.#judgeUbx();
    if (first !== CR && first !== LF) this.noiseBytes++;
    return { bytes: 1 };
  }

  #judgeSentence(): Verdict {
    if (this.#seen === 0) this.#seen = 1;
    for (; this.#seen < this.#length; this.#seen++) {
      const byte = this.#held[this.#seen]!;
      const star = this.#seen - 2;
      if (star > 0 && this.#held[star] === ASTERISK) return this.#finish(star);
      if (byte === CR || byte === LF) return damaged("no-checksum", this.#seen + 1);
      // Whatever this is, it may begin something else.
      if (byte === DOLLAR || byte < 32 || byte > 126) return damaged("cut", this.#seen);
      if (this.#seen >= SENTENCE_CHARS_MAX) return damaged("too-long", this.#seen + 1);
    }
    return MORE;
  }

  /** Behind the asterisk stand two characters. */
  #finish(star: number): Verdict {
    const body = this.#held.subarray(1, star);
    const high = hexValue(this.#held[star + 1]!);
    const low = hexValue(this.#held[star + 2]!);
    // Not digits: the second may be the line's end, or the start of something.
    if (high < 0 || low < 0) return damaged("checksum", star + 2);
    if (nmeaChecksum(body) !== high * 16 + low) return damaged("checksum", star + 3);
    return { bytes: star + 3, frame: { kind: "nmea", text: String.fromCharCode(...body) } };
  }

  #judgeUbx(): Verdict {
    const held = this.#held;
    const length = this.#length;
    if (length > 1 && held[1] !== UBX_SYNC_2) return this.#skip();
    if (length < 6) return MORE;
    const payloadBytes = held[4]! | (held[5]! << 8);
    if (payloadBytes > UBX_PAYLOAD_MAX) return this.#skip();
    const bytes = payloadBytes + UBX_OVERHEAD_BYTES;
    if (length < bytes) return MORE;
    const checksum = held[bytes - 2]! | (held[bytes - 1]! << 8);
    if (ubxChecksum(held.subarray(2, bytes - 2)) !== checksum) {
      this.noiseBytes++;
      return damaged("checksum", 1);
    }
    const payload = held.slice(6, bytes - 2);
    const frame = { kind: "ubx", messageClass: held[2]!, messageId: held[3]!, payload } as const;
    return { bytes, frame };
  }

  #skip(): Verdict {
    this.noiseBytes++;
    return { bytes: 1 };
  }
}

function damaged(damage: Damage, bytes: number): Verdict {
  return { bytes, frame: { kind: "damaged", damage } };
}

function hexValue(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48; // 0-9
  const lower = byte | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1; // a-f
}
