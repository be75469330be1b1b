import type { Sha3 } from "../crypto/sha3.ts";
import type { SignatureQuestion } from "./inquiry.ts";
import { KnownSignatures } from "./known-signatures.ts";
import { beginWotsVerify, type WotsRun } from "./wots.ts";

/** The most signatures that are computed at a time. */
const MOST_AT_ONCE = 128;
/** The most of a batch that others compute, of which there are two at a time. */
const MOST_BEGUN = MOST_AT_ONCE / 2;
/** The fewest that are begun before they are asked for. */
const FEWEST_BEGUN = 16;

interface Batch {
  readonly questions: readonly SignatureQuestion[];
  readonly run: WotsRun;
}

/**
 * Answers with those to what comes next, where several at a time are faster; and where other
 * threads compute, the next of these are begun before the first are looked at. There are never more
 * of them than answers that were wanted since one did not fit: who forges makes no work with them.
 */
export class BatchedAnswers {
  readonly #sha3: Sha3;
  readonly #known: KnownSignatures;
  /** By the array that holds the signature. */
  readonly #answers = new Map<Uint8Array, boolean>();
  /** Begun and not finished, in their order. */
  readonly #batches: Batch[] = [];
  /** Answers since one did not fit. */
  #wanted = 0;
  /** Of what was begun since then, the signatures that nobody has asked for yet. */
  readonly #ahead = new Set<Uint8Array>();

  constructor(sha3: Sha3) {
    this.#sha3 = sha3;
    this.#known = new KnownSignatures(sha3);
  }

  to(question: SignatureQuestion): boolean {
    const { isShared, signature } = question;
    const fits = this.#isKnown(question) || this.#answer(question);
    this.#answers.delete(signature);
    this.#ahead.delete(signature);
    if (fits && isShared) this.#known.add(this.#known.nameOf(question));
    this.#wanted = fits ? this.#wanted + 1 : 0;
    if (!fits) this.#ahead.clear();
    return fits;
  }

  /** Nobody asks any more. */
  end(): void {
    for (const { run } of this.#batches.splice(0)) run.drop();
  }

  #isKnown(question: SignatureQuestion): boolean {
    return question.isShared && this.#known.has(this.#known.nameOf(question));
  }

  #answer(question: SignatureQuestion): boolean {
    const { signature } = question;
    if (!this.#answers.has(signature) && !this.#isInBatch(signature))
      this.#begin([question, ...this.#next(question, this.#room)]);
    if (!this.#answers.has(signature)) this.#beginNext(question);
    while (!this.#answers.has(signature)) this.#finish(this.#batches.shift()!);
    return this.#answers.get(signature)!;
  }

  /** How many may be computed along with one that is asked for. */
  get #room(): number {
    const room = this.#wanted - this.#ahead.size;
    if (this.#sha3.beginPublicChains === undefined) return Math.min(room, MOST_AT_ONCE - 1);
    // Half of them now, half while those are looked at.
    return Math.min(room < 2 * FEWEST_BEGUN ? room : room >> 1, MOST_BEGUN - 1);
  }

  /** What others have to do while this thread computes its part of a batch, and after that. */
  #beginNext(question: SignatureQuestion): void {
    if (this.#sha3.beginPublicChains === undefined || this.#batches.length !== 1) return;
    const room = Math.min(this.#wanted - this.#ahead.size, MOST_BEGUN);
    if (room < FEWEST_BEGUN) return;
    const next = this.#next(question, room);
    if (next.length >= FEWEST_BEGUN) this.#begin(next);
  }

  #begin(questions: readonly SignatureQuestion[]): void {
    this.#batches.push({ questions, run: beginWotsVerify(this.#sha3, questions) });
    for (const { signature } of questions) this.#ahead.add(signature);
  }

  #finish({ questions, run }: Batch): void {
    const fits = run.finish();
    for (const [i, { signature }] of questions.entries()) this.#answers.set(signature, fits[i]!);
  }

  /** What comes after a question, at most `count` that nobody has begun yet. */
  #next(question: SignatureQuestion, count: number): SignatureQuestion[] {
    const next: SignatureQuestion[] = [];
    if (count <= 0 || this.#sha3.sha3_256Chains === undefined) return next;
    const begun = this.#batches.reduce((sum, { questions }) => sum + questions.length, 0);
    // One more, for it is among them itself.
    for (const one of question.ahead?.(count + begun + this.#answers.size + 1) ?? []) {
      if (next.length === count) break;
      if (!this.#isBegun(one, [question, ...next])) next.push(one);
    }
    return next;
  }

  #isInBatch(signature: Uint8Array): boolean {
    return this.#batches.some(({ questions }) =>
      questions.some((one) => one.signature === signature),
    );
  }

  /** Of a tree all claims bring the upper signatures with them; one is enough. */
  #isBegun(one: SignatureQuestion, batch: readonly SignatureQuestion[]): boolean {
    const { signature, isShared } = one;
    if (signature === batch[0]!.signature || this.#answers.has(signature)) return true;
    if (this.#isInBatch(signature) || this.#isKnown(one)) return true;
    if (!isShared) return false;
    const name = this.#known.nameOf(one);
    const all = [...batch, ...this.#batches.flatMap(({ questions }) => questions)];
    return all.some((other) => other.isShared && this.#known.nameOf(other) === name);
  }
}
