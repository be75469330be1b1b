import type { World } from "../world/world.ts";
import type { AirFrame } from "./air-frame.ts";
import { withoutCrcA } from "./crc-a.ts";
import type { AirReply, NfcField } from "./field.ts";

/** Why a procedure of the reader failed, in the terms that a reader chip reports. */
export interface AirFailure {
  readonly failed: "timeout" | "collision" | "crc" | "protocol";
  readonly why: string;
}

export function hasFailed(result: object): result is AirFailure {
  return "failed" in result;
}

/** One step of a procedure: a frame to send and how long to wait, or a pause. */
export type AirStep =
  | { readonly frame: AirFrame; readonly waitUs: number }
  | { readonly pauseUs: number };

/**
 * The reader's side of the protocol as a generator: it yields frames and is resumed with what
 * was heard. It knows no time and no field, so that it can be tested against a bare `Picc`.
 */
export type AirProcedure<T> = Generator<AirStep, T, AirReply>;

const SILENCE: AirReply = Object.freeze({ kind: "silence" });

/**
 * Runs a procedure in the field; `done` is called by an event of the world, never at once.
 * Returns a function that calls it off.
 */
export function runInField<T>(
  world: World,
  field: NfcField,
  procedure: AirProcedure<T>,
  done: (result: T) => void,
): () => void {
  let cancel = (): void => {};
  const resume = (reply: AirReply): void => {
    const step = procedure.next(reply);
    if (step.done) {
      done(step.value);
    } else if ("frame" in step.value) {
      cancel = field.transmit(step.value.frame, step.value.waitUs, resume);
    } else {
      field.stats.delayUs += step.value.pauseUs;
      const event = world.after(step.value.pauseUs, () => resume(SILENCE));
      cancel = () => world.cancel(event);
    }
  };
  const first = world.after(0, () => resume(SILENCE));
  cancel = () => world.cancel(first);
  return () => cancel();
}

/** The bytes of a frame with good CRC, or why there are none. */
export function bodyOf(reply: AirReply): Uint8Array | AirFailure {
  if (reply.kind === "silence") return { failed: "timeout", why: "no answer" };
  if (reply.kind === "collision") return { failed: "collision", why: "several cards answered" };
  if (reply.kind === "garbled") return { failed: "crc", why: "frame cut off" };
  const body = reply.frame.bits % 8 === 0 ? withoutCrcA(reply.frame.bytes) : undefined;
  return body ?? { failed: "crc", why: "CRC_A does not fit" };
}
