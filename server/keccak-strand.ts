import { COMPLEMENTED, rowOfChi } from "./keccak-complements.ts";
import { type Code, get, i32, inTurn, set, type Words } from "./wasm-code.ts";

/** Words of a digest. */
export const DIGEST = 4;
const LANES = 25;
export const RATE = 136;
/** What follows a digest that is hashed: FIPS 202 6.1 and B.2. The other words are zero. */
const PADDING: ReadonlyMap<number, bigint> = new Map([
  [DIGEST, 6n],
  [RATE / 8 - 1, -(1n << 63n)],
]);

/** What of a state is there before a round, and wanted after it. */
export type RoundKind =
  /** All of it. */
  | "whole"
  /** There is a digest with its padding. */
  | "first"
  /** A digest is wanted. */
  | "last";

export interface Round {
  readonly kind: RoundKind;
  /** Whether it begins with the second set of locals, and ends with the first. */
  readonly odd: boolean;
  /** Pushes an address, and how far from there iota's constant lies. */
  readonly constant: { readonly from: Code; readonly offset: number };
}

/** Rho's rotations (FIPS 202 §3.2.2), by lane. */
function rotations(): number[] {
  const counts = new Array<number>(LANES).fill(0);
  let [x, y] = [1, 0];
  for (let t = 0; t < 24; t++) {
    counts[x + 5 * y] = (((t + 1) * (t + 2)) / 2) % 64;
    [x, y] = [y, (2 * x + 3 * y) % 5];
  }
  return counts;
}

export const each = <Item>(count: number, make: (i: number) => Item): Item[] =>
  Array.from({ length: count }, (_, i) => make(i));

/** One state that a function works on, in words of one kind. Code comes in pieces to be mixed. */
export class Strand {
  static readonly locals = 71;
  readonly words: Words;
  readonly #state: number;
  readonly #base: number;
  readonly #turn = rotations();
  /** Of each lane, whether it is kept as its complement. */
  readonly #kept: readonly boolean[];

  /** @param state where in memory @param base its first local */
  constructor(words: Words, state: number, base: number) {
    this.words = words;
    this.#state = state;
    this.#base = base;
    this.#kept = each(LANES, (lane) => words.andNot === undefined && COMPLEMENTED.includes(lane));
  }

  #a = (lane: number, odd: boolean) => this.#base + (odd ? 25 : 0) + lane;
  #b = (x: number) => this.#base + 50 + x;
  #c = (x: number) => this.#base + 55 + x;
  #d = (x: number) => this.#base + 60 + x;
  #notB = (x: number) => this.#base + 65 + x;

  /** Words from memory; with a block of a message there, if any, in the first of them. */
  load(count: number, block?: number): Code {
    const { size, load, xor } = this.words;
    const word = (at: number, i: number) => [...i32(0), ...load(at + size * i)];
    return each(count, (i) => [
      ...word(this.#state, i),
      ...(block !== undefined && i < RATE / 8 ? [...word(block, i), ...xor] : []),
      ...[...this.#turned(i), ...set(this.#a(i, false))],
    ]).flat();
  }

  store(count: number): Code {
    const { size, store } = this.words;
    const word = (i: number) => [...get(this.#a(i, false)), ...this.#turned(i)];
    return each(count, (i) => [...i32(0), ...word(i), ...store(this.#state + size * i)]).flat();
  }

  #turned(lane: number): Code {
    return this.#kept[lane] ? this.words.not : [];
  }

  padding(): Code {
    return [...PADDING].flatMap(([lane, word]) => [
      ...this.words.constant(word),
      ...set(this.#a(lane, false)),
    ]);
  }

  /** Row by row, so that few words are alive at once. */
  round(round: Round): Code[] {
    const { kind, odd } = round;
    const isThere = (lane: number) => kind !== "first" || lane < DIGEST || PADDING.has(lane);
    const isTurned = (lane: number) => this.#kept[lane]! && (kind !== "first" || lane < DIGEST);
    const columns = each(5, (x) => each(5, (y) => x + 5 * y));
    const parities = columns.map((lanes) => lanes.filter(isTurned).length % 2 === 1);
    const row = (y: number) => {
      // The word that comes to (x, y) is that of ((x + 3y) mod 5, x), FIPS 202 §3.2.3.
      const lanes = each(5, (x) => ((x + 3 * y) % 5) + 5 * x);
      const turned = lanes.map((lane) => {
        const [left, right] = [parities[(lane + 4) % 5], parities[(lane + 1) % 5]];
        return isTurned(lane) !== (left !== right);
      });
      const moved = lanes.map((lane, x) => this.#rhoAndPi(x, lane, isThere(lane), odd));
      return [...moved, ...this.#chi(y, turned, round)];
    };
    return [
      ...columns.map((lanes, x) => this.#parity(x, lanes.filter(isThere), odd)),
      ...each(5, (x) => this.#neighbours(x)),
      ...each(kind === "last" ? 1 : 5, row).flat(),
    ];
  }

  #parity(x: number, lanes: readonly number[], odd: boolean): Code {
    const { xor } = this.words;
    const words = lanes.map((lane, i) => inTurn(get(this.#a(lane, odd)), i > 0 ? xor : []));
    return inTurn(...words, set(this.#c(x)));
  }

  #neighbours(x: number): Code {
    const { xor, rotated } = this.words;
    const right = rotated(this.#c((x + 1) % 5), 1);
    return inTurn(get(this.#c((x + 4) % 5)), right, xor, set(this.#d(x)));
  }

  #rhoAndPi(x: number, lane: number, isThere: boolean, odd: boolean): Code {
    const { xor, rotated } = this.words;
    const [count, neighbours] = [this.#turn[lane]!, this.#d(lane % 5)];
    if (!isThere) return inTurn(rotated(neighbours, count), set(this.#b(x)));
    const turning = this.#base + Strand.locals - 1;
    const word = inTurn(get(this.#a(lane, odd)), get(neighbours), xor, set(turning));
    return inTurn(word, rotated(turning, count), set(this.#b(x)));
  }

  /** @param turned which of the row's words are complements */
  #chi(y: number, turned: readonly boolean[], { kind, odd, constant }: Round): Code[] {
    const { xor, and, or, not, andNot, load } = this.words;
    const word = (x: number, isTurned = false) => get((isTurned ? this.#notB : this.#b)(x % 5));
    const iota = inTurn(constant.from, load(constant.offset), xor);
    const put = (x: number, own: Code, term: Code) =>
      inTurn(own, term, xor, x + y === 0 ? iota : [], set(this.#a(x + 5 * y, !odd)));
    const count = kind === "last" ? DIGEST : 5;
    if (andNot !== undefined)
      return each(count, (x) => put(x, word(x), inTurn(word(x + 2), word(x + 1), andNot)));
    const row = rowOfChi(turned, this.#kept.slice(5 * y, 5 * y + count));
    return [
      ...row.complements.map((x) => inTurn(word(x), not, set(this.#notB(x)))),
      ...row.terms.map(({ complements: [own, first, second], isOr }, x) => {
        const term = inTurn(word(x + 1, first), word(x + 2, second), isOr ? or : and);
        return put(x, word(x, own), term);
      }),
    ];
  }
}
