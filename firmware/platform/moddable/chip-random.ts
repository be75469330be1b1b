import type { NativeRandom } from "../../../hal/native/natives.ts";
import { LatchkeyError } from "../../../protocol/errors.ts";
import type { Random } from "../../../protocol/platform.ts";

const PIECE_BYTES = 1024;

/** The chip's true random generator; refuses for good once its health test has failed. */
export function chipRandom(natives: NativeRandom): Random {
  return Object.freeze({
    bytes(length: number) {
      const out = new Uint8Array(length);
      for (let at = 0; at < length; at += PIECE_BYTES) {
        const piece = natives.bytes(Math.min(PIECE_BYTES, length - at));
        if (piece === undefined) throw new LatchkeyError("random-unhealthy");
        out.set(new Uint8Array(piece), at);
      }
      return out;
    },
  });
}
