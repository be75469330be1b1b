/**
 * Keccak-f[1600] as a WebAssembly module, put together from the description in FIPS 202 §3 when the
 * program starts, because a binary in the repository could not be read.
 *
 * Chains of hashes run three at a time: two in the halves of 128-bit words, a third in 64-bit words
 * between the instructions of those. A processor has other units for each, and either kind waits
 * for its own often enough that the third costs a fifth of what it costs alone.
 */
import {
  BR_IF,
  type Code,
  EMPTY,
  END,
  get,
  I32,
  I32_ADD,
  I32_LT_U,
  I32_SUB,
  i32,
  LOCAL_TEE,
  LOOP,
  PAIR,
  SINGLE,
  set,
  unsigned,
  type WasmFunction,
  type Words,
  wasmModule,
} from "./wasm-code.ts";

export const RATE = 136;
export const ROUNDS = 24;
/** Where in the module's memory: a state of single words, the first words of a pair of states. */
export const STATE = 0;
export const PAIR_STATE = 256;
/** The rounds' constants, each twice. */
export const CONSTANTS = 512;
/** Words of a digest. */
const DIGEST = 4;

/** Rho's rotations (FIPS 202 §3.2.2), by lane. */
function rotations(): number[] {
  const counts = new Array<number>(25).fill(0);
  let [x, y] = [1, 0];
  for (let t = 0; t < 24; t++) {
    counts[x + 5 * y] = (((t + 1) * (t + 2)) / 2) % 64;
    [x, y] = [y, (2 * x + 3 * y) % 5];
  }
  return counts;
}

/** Iota's constants (FIPS 202 §3.2.5): bits of a shift register. */
export function roundConstants(): bigint[] {
  let register = 1;
  return Array.from({ length: ROUNDS }, () => {
    let value = 0n;
    for (let j = 0; j < 7; j++) {
      if ((register & 1) === 1) value |= 1n << BigInt(2 ** j - 1);
      register = (register << 1) ^ ((register >> 7) * 0x171);
    }
    return value;
  });
}

// Locals of a function: the parameter, the place of the round's constant; then those of strands.
const STEPS = 0;
const AT = 1;
const FIRST = 2;
const STRAND_LOCALS = 66;

const each = <Item>(count: number, make: (i: number) => Item): Item[] =>
  Array.from({ length: count }, (_, i) => make(i));

/** One state that a function works on, in words of one kind. Code comes in pieces to be mixed. */
class Strand {
  readonly #words: Words;
  readonly #state: number;
  readonly #base: number;
  readonly #turn = rotations();

  /** @param state where in memory @param base its first local */
  constructor(words: Words, state: number, base: number) {
    this.#words = words;
    this.#state = state;
    this.#base = base;
  }

  get locals() {
    return { count: STRAND_LOCALS, type: this.#words.type };
  }

  /** A round begins with the words `a` and leaves `a2`, or the other way round. */
  #a = (lane: number, odd: boolean) => this.#base + (odd ? 25 : 0) + lane;
  #b = (x: number) => this.#base + 50 + x;
  #c = (x: number) => this.#base + 55 + x;
  #d = (x: number) => this.#base + 60 + x;

  load(count: number): Code {
    const { size, load } = this.#words;
    const word = (i: number) => [...i32(0), ...load(this.#state + size * i)];
    return each(count, (i) => [...word(i), ...set(this.#a(i, false))]).flat();
  }

  store(count: number): Code {
    const { size, store } = this.#words;
    const word = (i: number) => get(this.#a(i, false));
    return each(count, (i) => [...i32(0), ...word(i), ...store(this.#state + size * i)]).flat();
  }

  /** What follows a digest that is hashed: FIPS 202 6.1 and B.2. */
  padding(): Code {
    const word = (lane: number) => (lane === 4 ? 6n : lane === RATE / 8 - 1 ? -(1n << 63n) : 0n);
    const padded = (lane: number) => [
      ...this.#words.constant(word(lane)),
      ...set(this.#a(lane, false)),
    ];
    return each(25 - DIGEST, (i) => padded(DIGEST + i)).flat();
  }

  /** One round, row by row, so that few words are alive at once; of row 0 alone in the last. */
  round(odd: boolean, rows: 5 | 1): Code[] {
    return [
      ...each(5, (x) => this.#parity(x, odd)),
      ...each(5, (x) => this.#neighbours(x)),
      ...each(rows, (y) => [
        ...each(5, (x) => this.#rhoAndPi(x, y, odd)),
        ...each(5, (x) => this.#chi(x, y, odd)),
      ]).flat(),
    ];
  }

  #parity(x: number, odd: boolean): Code {
    const { xor } = this.#words;
    const others = [5, 10, 15, 20].flatMap((y) => [...get(this.#a(x + y, odd)), ...xor]);
    return [...get(this.#a(x, odd)), ...others, ...set(this.#c(x))];
  }

  #neighbours(x: number): Code {
    const { xor, rotated } = this.#words;
    const right = rotated(this.#c((x + 1) % 5), 1);
    return [...get(this.#c((x + 4) % 5)), ...right, ...xor, ...set(this.#d(x))];
  }

  /** The word that comes to (x, y) is that of ((x + 3y) mod 5, x), FIPS 202 §3.2.3. */
  #rhoAndPi(x: number, y: number, odd: boolean): Code {
    const { xor, rotated } = this.#words;
    const column = (x + 3 * y) % 5;
    const lane = column + 5 * x;
    const turning = this.#base + STRAND_LOCALS - 1;
    const word = [...get(this.#a(lane, odd)), ...get(this.#d(column)), ...xor, ...set(turning)];
    return [...word, ...rotated(turning, this.#turn[lane]!), ...set(this.#b(x))];
  }

  #chi(x: number, y: number, odd: boolean): Code {
    const { xor, keepWithout, load } = this.#words;
    const other = [...get(this.#b((x + 2) % 5)), ...get(this.#b((x + 1) % 5)), ...keepWithout];
    const constant = CONSTANTS + (odd ? 16 : 0);
    const iota = x + y === 0 ? [...get(AT), ...load(constant), ...xor] : [];
    return [...get(this.#b(x)), ...other, ...xor, ...iota, ...set(this.#a(x + 5 * y, !odd))];
  }
}

/** A piece of each in turn. */
function mixed(pieces: readonly Code[][]): Code {
  return each(pieces[0]!.length, (i) => pieces.flatMap((one) => one[i]!)).flat();
}

/** The rounds, two in one turn; `rows` of the last are wanted. */
function permutation(strands: readonly Strand[], rows: 5 | 1): Code {
  const both = (last: 5 | 1) => [
    ...mixed(strands.map((strand) => strand.round(false, 5))),
    ...mixed(strands.map((strand) => strand.round(true, last))),
  ];
  const looped = rows === 5 ? ROUNDS : ROUNDS - 2;
  const next = [...get(AT), ...i32(32), I32_ADD, LOCAL_TEE, ...unsigned(AT)];
  const again = [...next, ...i32(16 * looped), I32_LT_U, BR_IF, 0];
  const loop = [...i32(0), ...set(AT), LOOP, EMPTY, ...both(5), ...again, END];
  return rows === 5 ? loop : [...loop, ...both(1)];
}

function functionOf(name: string, strands: readonly Strand[], body: Code): WasmFunction {
  return { name, locals: [{ count: 1, type: I32 }, ...strands.map(({ locals }) => locals)], body };
}

/** Hashes digests so often as the parameter says; at least once. */
function chain(name: string, strands: readonly Strand[]): WasmFunction {
  const all = (make: (strand: Strand) => Code) => strands.flatMap((strand) => make(strand));
  const again = [...get(STEPS), ...i32(1), I32_SUB, LOCAL_TEE, ...unsigned(STEPS), BR_IF, 0];
  const hash = [...all((strand) => strand.padding()), ...permutation(strands, 1)];
  return functionOf(name, strands, [
    ...all((strand) => strand.load(DIGEST)),
    ...[LOOP, EMPTY, ...hash, ...again, END],
    ...all((strand) => strand.store(DIGEST)),
  ]);
}

/** `permute` and `chain` on the single state, `chainThree` on that and the pair. */
export function keccakModule(): Uint8Array {
  const single = new Strand(SINGLE, STATE, FIRST);
  const pair = new Strand(PAIR, PAIR_STATE, FIRST + STRAND_LOCALS);
  const permute = [...single.load(25), ...permutation([single], 5), ...single.store(25)];
  return wasmModule([
    functionOf("permute", [single], permute),
    chain("chain", [single]),
    chain("chainThree", [single, pair]),
  ]);
}
