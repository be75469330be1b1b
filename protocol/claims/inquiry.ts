import type { Sha3 } from "../crypto/sha3.ts";
import { equalBytes } from "../encoding/bytes.ts";
import { BatchedAnswers } from "./batched-answers.ts";
import { KnownSignatures } from "./known-signatures.ts";
import { digitsOfMessage, WOTS_CHAINS, WOTS_STEPS, type WotsQuestion } from "./wots.ts";

/** Whether a one-time signature fits: thousands of hashes, left to whoever runs the decision. */
export interface SignatureQuestion extends WotsQuestion {
  /** Whether other signatures of the same tree contain this one. */
  readonly isShared: boolean;
  /**
   * What will probably be asked next, at most so many: whoever computes faster several at a time
   * may answer those as well. Nothing follows from them that is not asked in its turn.
   */
  readonly ahead?: (count: number) => readonly SignatureQuestion[];
}

/**
 * A decision that depends on signatures: it asks for each that matters when it matters, and
 * yields `undefined` where it may rest. {@link answerAtOnce} runs it on a host,
 * {@link answerInTurns} on a device whose other work must go on.
 */
export type Inquiry<Result> = Generator<SignatureQuestion | undefined, Result, boolean>;

/** Asks for each until one does not fit. */
export function* allFit(questions: readonly SignatureQuestion[]): Inquiry<boolean> {
  for (const question of questions) if (!(yield question)) return false;
  return true;
}

/** Work that rests now and then, and asks nothing: a part of an {@link Inquiry}. */
export type RestingWork<Result> = Generator<undefined, Result, unknown>;

/** Runs it to its end without a rest. Throws what it throws. */
export function withoutRests<Result>(work: RestingWork<Result>): Result {
  let step = work.next();
  while (step.done !== true) step = work.next();
  return step.value;
}

/** Hashes between two pauses: 17 ms of the C on an RP2350. */
export const HASHES_PER_TURN = 128;

/** Runs an inquiry to its end. Throws what it throws. */
export function answerAtOnce<Result>(inquiry: Inquiry<Result>, sha3: Sha3): Result {
  const answers = new BatchedAnswers(sha3);
  try {
    let step = inquiry.next(false);
    while (step.done !== true)
      step = inquiry.next(step.value !== undefined && answers.to(step.value));
    return step.value;
  } finally {
    answers.end();
  }
}

/**
 * Runs an inquiry with a pause wherever it may rest and after every {@link HASHES_PER_TURN} hashes.
 * Throws what it or `pause` throws.
 */
export async function answerInTurns<Result>(
  inquiry: Inquiry<Result>,
  sha3: Sha3,
  pause: () => Promise<void>,
): Promise<Result> {
  const known = new KnownSignatures(sha3);
  let step = inquiry.next(false);
  while (step.done !== true) {
    const question = step.value;
    const name = question?.isShared === true ? known.nameOf(question) : undefined;
    let fits = false;
    await pause();
    if (name !== undefined && known.has(name)) fits = true;
    else if (question !== undefined) {
      fits = await verifyInTurns(sha3, question, pause);
      if (fits && name !== undefined) known.add(name);
    }
    step = inquiry.next(fits);
  }
  return step.value;
}

/** `wotsVerify`, chain by chain: 1.2 kB beside the question. */
async function verifyInTurns(
  sha3: Sha3,
  { publicKey, message, signature }: SignatureQuestion,
  pause: () => Promise<void>,
): Promise<boolean> {
  const digits = digitsOfMessage(sha3, message);
  const tops = signature.slice();
  let done = 0;
  for (let chain = 0; chain < WOTS_CHAINS; chain++) {
    const value = tops.subarray(32 * chain, 32 * chain + 32);
    for (let left = WOTS_STEPS - digits[chain]!; left > 0; ) {
      const steps = Math.min(left, HASHES_PER_TURN - done);
      value.set(sha3.sha3_256Chain(value, steps));
      left -= steps;
      done += steps;
      if (done < HASHES_PER_TURN) continue;
      done = 0;
      await pause();
    }
  }
  return equalBytes(sha3.sha3_256(tops), publicKey);
}
