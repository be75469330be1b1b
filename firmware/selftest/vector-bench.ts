import {
  decodeArguments,
  isPrimitive,
  runPrimitive,
} from "../../protocol/crypto/primitive-case.ts";
import type { CryptoProvider } from "../../protocol/crypto/provider.ts";
import { crc32 } from "../../protocol/encoding/crc32.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { malformed } from "../../protocol/errors.ts";

/** More than any published case has. */
const CASE_BYTES_MAX = 2_048;
/** A longer result is answered by its hash: a slow port has room for so much. */
const RESULT_BYTES_MAX = 256;

/**
 * Runs published cases that do not fit into flash, as somebody at the console hands them in, piece
 * by piece. It has the primitives and what was handed in, and no key of the node: whoever asks
 * learns what they could have computed themselves.
 */
export class VectorBench {
  readonly #crypto: CryptoProvider;
  #bytes = new Uint8Array(0);

  constructor(crypto: CryptoProvider) {
    this.#crypto = crypto;
  }

  /** Takes a piece of the arguments; how many bytes there are now. @throws malformed */
  add(text: string): { readonly bytes: number } {
    const piece = fromHex(text, "vector");
    const bytes = new Uint8Array(this.#bytes.length + piece.length);
    if (bytes.length > CASE_BYTES_MAX) {
      this.#bytes = new Uint8Array(0);
      throw malformed("vector", `a case has at most ${CASE_BYTES_MAX} bytes`);
    }
    bytes.set(this.#bytes);
    bytes.set(piece, this.#bytes.length);
    this.#bytes = bytes;
    return { bytes: bytes.length };
  }

  /**
   * Runs a primitive on what was handed in, which is forgotten then.
   * @param sum CRC-32 of the pieces, as 8 hexadecimal digits @throws malformed
   */
  run(
    primitive: string,
    sum: string,
  ): { readonly result: string | null } | { readonly length: number; readonly sha256: string } {
    const bytes = this.#bytes;
    this.#bytes = new Uint8Array(0);
    if (!isPrimitive(primitive)) throw malformed("vector", "there is no such primitive");
    if (crc32(bytes).toString(16).padStart(8, "0") !== sum)
      throw malformed("vector", "the case did not arrive whole");
    const args = decodeArguments(bytes);
    if (args === undefined) throw malformed("vector", "an argument is cut off");
    const result = runPrimitive(this.#crypto, { primitive, args });
    if (result === undefined) return { result: null };
    if (result.length <= RESULT_BYTES_MAX) return { result: toHex(result) };
    return { length: result.length, sha256: toHex(this.#crypto.sha256(result)) };
  }
}
