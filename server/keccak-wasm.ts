/**
 * Keccak-f[1600] as a WebAssembly module, put together from the description in FIPS 202 §3 when the
 * program starts, because a binary in the repository could not be read.
 *
 * Chains of hashes run seven at a time: six in the halves of 128-bit words, the seventh in 64-bit
 * words between the instructions of those. A processor has other units for each, and is kept from
 * more by the number of instructions alone.
 */
import { DIGEST, each, type Round, Strand } from "./keccak-strand.ts";
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
  inTurn,
  LOCAL_TEE,
  LOOP,
  PAIR,
  SINGLE,
  set,
  unsigned,
  type WasmFunction,
  wasmModule,
} from "./wasm-code.ts";

const ROUNDS = 24;
export const PAIRS = 3;
/** Where in the module's memory: a state of single words, a block of a message, pairs of states. */
export const STATE = 0;
export const BLOCK = 256;
export const pairState = (pair: number): number => 512 + 512 * pair;
/** The rounds' constants, each twice. */
export const CONSTANTS: number = pairState(PAIRS);

/** Iota's constants (FIPS 202 §3.2.5): bits of a shift register. */
export function roundConstants(): bigint[] {
  let register = 1;
  return each(ROUNDS, () => {
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

/**
 * The rounds of several strands, mixed: the 64-bit one's spread over those of the pairs, which
 * follow each other, because a pair alone has more words than there are registers.
 */
function mixed(strands: readonly Strand[], rounds: readonly Round[]): Code {
  const [thin, ...pairs] = strands.map((strand) => rounds.flatMap((round) => strand.round(round)));
  const thick = pairs.flat();
  if (thick.length === 0) return inTurn(...thin!);
  const code: Code[] = [];
  let at = 0;
  thick.forEach((piece, i) => {
    code.push(piece);
    while (at * thick.length < (i + 1) * thin!.length) code.push(thin![at++]!);
  });
  return inTurn(...code);
}

/** That round, of the constant at an address that is known. */
const fixed = (kind: Round["kind"], round: number): Round => ({
  ...{ kind, odd: round % 2 === 1 },
  constant: { from: i32(0), offset: CONSTANTS + 16 * round },
});

/** Whole rounds from one that begins with a set of locals up to another, two in each turn. */
function looped(strands: readonly Strand[], from: number, to: number): Code {
  const round = (next: number): Round => ({
    ...{ kind: "whole", odd: (from + next) % 2 === 1 },
    constant: { from: get(AT), offset: CONSTANTS + 16 * next },
  });
  const next = [...get(AT), ...i32(32), I32_ADD, LOCAL_TEE, ...unsigned(AT)];
  const again = [...next, ...i32(16 * to), I32_LT_U, BR_IF, 0];
  const both = mixed(strands, [round(0), round(1)]);
  return inTurn(i32(16 * from), set(AT), [LOOP, EMPTY], both, again, [END]);
}

function functionOf(name: string, strands: readonly Strand[], body: Code): WasmFunction {
  const groups = strands.map(({ words }) => ({ count: Strand.locals, type: words.type }));
  return { name, locals: [{ count: 1, type: I32 }, ...groups], body };
}

/** Hashes digests so often as the parameter says; at least once. */
function chain(name: string, strands: readonly Strand[]): WasmFunction {
  const all = (make: (strand: Strand) => Code) => inTurn(...strands.map(make));
  const again = [...get(STEPS), ...i32(1), I32_SUB, LOCAL_TEE, ...unsigned(STEPS), BR_IF, 0];
  const hash = inTurn(
    all((strand) => strand.padding()),
    mixed(strands, [fixed("first", 0)]),
    looped(strands, 1, ROUNDS - 1),
    mixed(strands, [fixed("last", ROUNDS - 1)]),
  );
  const body = inTurn(
    all((strand) => strand.load(DIGEST)),
    [LOOP, EMPTY],
    ...[hash, again, [END]],
    all((strand) => strand.store(DIGEST)),
  );
  return functionOf(name, strands, body);
}

/** `absorb` and `chain` on the single state, `chainSeven` on that and the pairs. */
export function keccakModule(): Uint8Array {
  const single = new Strand(SINGLE, STATE, FIRST);
  const pairs = each(PAIRS, (n) => new Strand(PAIR, pairState(n), FIRST + (n + 1) * Strand.locals));
  const absorb = inTurn(single.load(25, BLOCK), looped([single], 0, ROUNDS), single.store(25));
  return wasmModule([
    functionOf("absorb", [single], absorb),
    chain("chain", [single]),
    chain("chainSeven", [single, ...pairs]),
  ]);
}
