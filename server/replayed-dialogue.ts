import type { Transceive } from "../protocol/nfc/apdu.ts";
import type { RelayStep } from "../protocol/ntag424/relay.ts";

/**
 * Runs work on a far card up to the first command that has not been answered yet. Called again
 * with that answer, it runs from the beginning: so between two requests nothing has to be kept but
 * the answers, no key and no running code, and any process of the service can go on.
 *
 * The work must do the same with the same answers: its random numbers come from outside.
 * @throws what the work throws
 */
export async function replayDialogue<T>(
  answers: readonly Uint8Array[],
  work: (transceive: Transceive) => Promise<T>,
): Promise<RelayStep<T>> {
  let next: Uint8Array | undefined;
  let at = 0;
  try {
    const result = await work(async (apdu) => {
      const answer = next === undefined ? answers[at++] : undefined;
      if (answer !== undefined) return answer;
      next ??= apdu;
      throw new Error("dialogue: not answered yet");
    });
    return { kind: "done", result };
  } catch (error) {
    if (next === undefined) throw error;
    return { kind: "command", apdu: next };
  }
}
