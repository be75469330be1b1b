import { concat, uintBE } from "../protocol/encoding/bytes.ts";

/** What is kept of a sealed tap between two requests. Without the chip's key it opens nothing. */
export interface SealedState {
  /** SDMReadCtr of the badge's message. */
  readonly readCounter: number;
  /** Our random number of the authentication, 16 bytes. */
  readonly rndA: Uint8Array;
  /** The chip's R-APDUs, 255 bytes each at most. */
  readonly answers: readonly Uint8Array[];
}

const HEAD = 20;

/** Counter (4) ‖ RndA (16), then each answer behind its length. */
export function encodeSealedState({ readCounter, rndA, answers }: SealedState): Uint8Array {
  const parts = answers.flatMap((answer) => [Uint8Array.of(answer.length), answer]);
  return concat(uintBE(readCounter, 4), rndA, ...parts);
}

export function decodeSealedState(bytes: Uint8Array): SealedState {
  const readCounter = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const answers: Uint8Array[] = [];
  for (let at = HEAD; at < bytes.length; at += 1 + bytes[at]!)
    answers.push(bytes.slice(at + 1, at + 1 + bytes[at]!));
  return { readCounter, rndA: bytes.slice(4, HEAD), answers };
}
