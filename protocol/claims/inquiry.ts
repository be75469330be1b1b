import type { Sha3 } from "../crypto/sha3.ts";
import { concat, equalBytes } from "../encoding/bytes.ts";
import { toHex } from "../encoding/hex.ts";
import {
  digitsOfMessage,
  WOTS_CHAINS,
  WOTS_STEPS,
  type WotsQuestion,
  wotsVerifyAll,
} from "./wots.ts";

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

/** Shared signatures that are remembered: of a tree there are two, and few trees sign a graph. */
const REMEMBERED = 32;
/** Hashes between two pauses: 17 ms of the C on an RP2350. */
export const HASHES_PER_TURN = 128;

/**
 * Signatures that were found to fit within one inquiry, by the hash of all that was asked: another
 * message, key or signature has another name. What did not fit is not remembered.
 */
class KnownSignatures {
  readonly #sha3: Sha3;
  readonly #names: string[] = [];

  constructor(sha3: Sha3) {
    this.#sha3 = sha3;
  }

  /** All three have fixed lengths, so that one sequence of bytes is one question. */
  nameOf({ publicKey, message, signature }: SignatureQuestion): string {
    return toHex(this.#sha3.sha3_256(concat(publicKey, message, signature)));
  }

  has(name: string): boolean {
    return this.#names.includes(name);
  }

  add(name: string): void {
    if (this.has(name)) return;
    if (this.#names.push(name) > REMEMBERED) this.#names.shift();
  }
}

/** Runs an inquiry to its end. Throws what it throws. */
export function answerAtOnce<Result>(inquiry: Inquiry<Result>, sha3: Sha3): Result {
  const answers = new BatchedAnswers(sha3);
  let step = inquiry.next(false);
  while (step.done !== true)
    step = inquiry.next(step.value !== undefined && answers.to(step.value));
  return step.value;
}

/** The most signatures that are computed at a time. */
const MOST_AT_ONCE = 128;

/**
 * Answers with those to what comes next, where several at a time are faster. There are never more
 * of these than answers that were wanted since one did not fit: who forges makes no work with them.
 */
class BatchedAnswers {
  readonly #sha3: Sha3;
  readonly #known: KnownSignatures;
  /** By the array that holds the signature. */
  readonly #ahead = new Map<Uint8Array, boolean>();
  #wanted = 0;

  constructor(sha3: Sha3) {
    this.#sha3 = sha3;
    this.#known = new KnownSignatures(sha3);
  }

  to(question: SignatureQuestion): boolean {
    const { isShared, signature } = question;
    const fits = this.#isKnown(question) || (this.#ahead.get(signature) ?? this.#compute(question));
    this.#ahead.delete(signature);
    if (fits && isShared) this.#known.add(this.#known.nameOf(question));
    this.#wanted = fits ? this.#wanted + 1 : 0;
    return fits;
  }

  #isKnown(question: SignatureQuestion): boolean {
    return question.isShared && this.#known.has(this.#known.nameOf(question));
  }

  #compute(question: SignatureQuestion): boolean {
    const room = Math.min(this.#wanted, MOST_AT_ONCE - 1);
    const batches = room > 0 && this.#sha3.sha3_256Chains !== undefined;
    const batch = [question];
    // One more, for it is among them itself.
    for (const next of (batches && question.ahead?.(room + 1)) || []) {
      if (batch.length > room) break;
      if (!this.#isTaken(next, batch)) batch.push(next);
    }
    const fits = wotsVerifyAll(this.#sha3, batch);
    for (const [i, { signature }] of batch.entries()) this.#ahead.set(signature, fits[i]!);
    return fits[0]!;
  }

  /** Of a tree all claims bring the upper signatures with them; one is enough. */
  #isTaken(next: SignatureQuestion, batch: readonly SignatureQuestion[]): boolean {
    if (this.#ahead.has(next.signature) || this.#isKnown(next)) return true;
    if (!next.isShared) return next.signature === batch[0]!.signature;
    const name = this.#known.nameOf(next);
    return batch.some((one) => one.isShared && this.#known.nameOf(one) === name);
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
