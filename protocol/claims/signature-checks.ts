import { equalBytes } from "../encoding/bytes.ts";
import { toHex } from "../encoding/hex.ts";
import { LatchkeyError } from "../errors.ts";
import { type Candidate, MAX_SIGNATURES, type ResolveOptions } from "./claim-reader.ts";
import { type Inquiry, type SignatureQuestion, withoutRests } from "./inquiry.ts";
import { questionsOfClaim } from "./verify-claim.ts";
import { contradicts, type WotsQuestion } from "./wots.ts";

/** Claims in one key's name from which on signatures that fit are kept, to tell others by. */
const CROWD = 8;

/** Claims that will probably be asked about next, at most so many. */
type Ahead = (count: number) => Iterable<Candidate>;

/**
 * The signatures of a graph: each is computed once, and no more of them than allowed.
 *
 * A key's name is public as soon as it has signed, so anybody can add claims in it, with signatures
 * that only thousands of hashes show to be wrong. Once **one** that fits is known they cost ten
 * hashes each (see `contradicts`), so those that were seen before come first. Where that is not
 * enough the graph is refused whole: to leave out what was not looked at would let a forger hide a
 * revocation behind his forgeries.
 */
export class SignatureChecks {
  readonly #options: ResolveOptions;
  readonly #byAddress = new Map<string, Candidate[]>();
  /** By one-time key. */
  readonly #fitting = new Map<string, SignatureQuestion>();
  readonly #begun = new Set<string>();
  #left: number;

  constructor(candidates: readonly Candidate[], options: ResolveOptions) {
    this.#options = options;
    this.#left = options.maxSignatures ?? MAX_SIGNATURES;
    for (const one of candidates) {
      const known = this.#byAddress.get(one.addresses.claim);
      if (known === undefined) this.#byAddress.set(one.addresses.claim, [one]);
      else known.push(one);
    }
  }

  /** All claims in the name of a key. */
  inNameOf({ addresses }: Candidate): readonly Candidate[] {
    return this.#byAddress.get(addresses.claim)!;
  }

  /**
   * Whether a claim is signed.
   * @throws signatures-exceeded, for the whole graph
   */
  *fits(candidate: Candidate, ahead?: Ahead): Inquiry<boolean> {
    const { claim: name } = candidate.addresses;
    const isCrowd = this.inNameOf(candidate).length > CROWD;
    if (isCrowd && !this.#begun.has(name)) {
      this.#begun.add(name);
      const seen = this.#seen(candidate);
      for (const [i, one] of seen.entries())
        one.signed ??= yield* this.#compute(one, isCrowd, (count) => seen.slice(i, i + count));
    }
    candidate.signed ??= yield* this.#compute(candidate, isCrowd, ahead);
    return candidate.signed;
  }

  /** What a trusted party saw before, first seen first. */
  #seen(candidate: Candidate): Candidate[] {
    const { firstSeenMs } = this.#options;
    if (firstSeenMs === undefined) return [];
    const moments = this.inNameOf(candidate).flatMap((one) => {
      const atMs = firstSeenMs(one.claim.id);
      return atMs === undefined ? [] : [{ one, atMs }];
    });
    return moments.sort((a, b) => a.atMs - b.atMs).map(({ one }) => one);
  }

  *#compute(candidate: Candidate, isCrowd: boolean, next?: Ahead): Inquiry<boolean> {
    const { sha3 } = this.#options;
    const isFutile = (lowest: WotsQuestion) => isCrowd && this.#isContradicted(lowest);
    candidate.questions ??= yield* questionsOfClaim(sha3, candidate, isFutile);
    const { questions } = candidate;
    const ahead = next && ((count: number) => this.#questionsOf(next(count)));
    const fits = questions !== undefined && (yield* this.#allFit(questions, isCrowd, ahead));
    delete candidate.questions;
    return fits;
  }

  *#allFit(
    questions: readonly SignatureQuestion[],
    isCrowd: boolean,
    ahead: SignatureQuestion["ahead"],
  ): Inquiry<boolean> {
    const { sha3 } = this.#options;
    for (const question of questions) {
      const known = isCrowd ? this.#fitting.get(toHex(question.publicKey)) : undefined;
      if (known !== undefined && isSame(known, question)) continue;
      if (known !== undefined && contradicts(sha3, known, question)) return false;
      if (this.#left-- === 0) throw new LatchkeyError("signatures-exceeded");
      if (!(yield ahead === undefined ? question : { ...question, ahead })) return false;
      if (isCrowd && known === undefined) this.#fitting.set(toHex(question.publicKey), question);
    }
    return true;
  }

  /** Whether one that fits tells that this does not. */
  #isContradicted(question: WotsQuestion): boolean {
    const known = this.#fitting.get(toHex(question.publicKey));
    return known !== undefined && contradicts(this.#options.sha3, known, question);
  }

  /** Of a crowd of which one is known that fits, forgeries are not among them. */
  #questionsOf(candidates: Iterable<Candidate>): SignatureQuestion[] {
    const { sha3 } = this.#options;
    const isFutile = (lowest: WotsQuestion) => this.#isContradicted(lowest);
    return [...candidates].flatMap((one) => {
      if (one.signed !== undefined) return [];
      one.questions ??= withoutRests(questionsOfClaim(sha3, one, isFutile));
      return one.questions ?? [];
    });
  }
}

function isSame(a: SignatureQuestion, b: SignatureQuestion): boolean {
  return equalBytes(a.message, b.message) && equalBytes(a.signature, b.signature);
}
