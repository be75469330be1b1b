/**
 * The few parts of WebAssembly's binary format that `keccak-wasm.ts` needs, each as the bytes that
 * it is. Source: WebAssembly Core 2.0, §5.
 */
export type Code = readonly number[];

export const LOOP = 0x03;
export const END = 0x0b;
export const BR_IF = 0x0d;
export const LOCAL_TEE = 0x22;
export const I32_LT_U = 0x49;
export const I32_ADD = 0x6a;
export const I32_SUB = 0x6b;
export const I32 = 0x7f;
export const EMPTY = 0x40;

export function unsigned(value: number): number[] {
  const low = value & 127;
  return value < 128 ? [low] : [low | 128].concat(unsigned(value >>> 7));
}

function signed(value: bigint): number[] {
  const low = Number(value & 127n);
  const rest = value >> 7n;
  const last = (rest === 0n && low < 64) || (rest === -1n && low >= 64);
  return last ? [low] : [low | 128, ...signed(rest)];
}

/** One after the other. Not with spreads, which take an untried engine ten times as long. */
export const inTurn = (...parts: readonly Code[]): Code => ([] as number[]).concat(...parts);

export const get = (local: number): Code => [0x20].concat(unsigned(local));
export const set = (local: number): Code => [0x21].concat(unsigned(local));
export const i32 = (value: number): Code => [0x41, ...signed(BigInt(value))];
const i64 = (value: bigint): Code => [0x42, ...signed(value)];
const simd = (operation: number): Code => [0xfd].concat(unsigned(operation));

/** How one kind of word is computed with. */
export interface Words {
  readonly type: number;
  /** Bytes from one word of a state to the next. */
  readonly size: number;
  readonly xor: Code;
  readonly and: Code;
  readonly or: Code;
  readonly not: Code;
  /** Takes `a` and `b` from the stack: a AND NOT b. Only where one instruction does it. */
  readonly andNot?: Code;
  load(offset: number): Code;
  store(offset: number): Code;
  /** That 64-bit number, in each half of a pair. */
  constant(value: bigint): Code;
  /** Of the word in a local. */
  rotated(local: number, count: number): Code;
}

/** 64-bit words. */
export const SINGLE: Words = {
  type: 0x7e,
  size: 8,
  xor: [0x85],
  and: [0x83],
  or: [0x84],
  not: [...i64(-1n), 0x85],
  load: (offset) => [0x29, 3, ...unsigned(offset)],
  store: (offset) => [0x37, 3, ...unsigned(offset)],
  constant: i64,
  rotated: (local, count) => inTurn(get(local), i64(BigInt(count)), [0x89]),
};

/** Two of them side by side: 128-bit SIMD. */
export const PAIR: Words = {
  type: 0x7b,
  size: 16,
  xor: simd(0x51),
  and: simd(0x4e),
  or: simd(0x50),
  not: simd(0x4d),
  andNot: simd(0x4f),
  load: (offset) => [...simd(0x00), 4, ...unsigned(offset)],
  store: (offset) => [...simd(0x0b), 4, ...unsigned(offset)],
  constant: (value) => [...i64(value), ...simd(0x12)],
  rotated: (local, count) => {
    if (count === 0) return get(local);
    const [left, right] = [inTurn(i32(count), simd(0xcb)), inTurn(i32(64 - count), simd(0xcd))];
    return inTurn(get(local), left, get(local), right, simd(0x50));
  },
};

const vector = (items: readonly Code[]): Code => inTurn(unsigned(items.length), ...items);
const section = (id: number, body: Code): Code => inTurn([id], unsigned(body.length), body);

/** A function with one `i32` parameter, no result, and further locals in groups of one type. */
export interface WasmFunction {
  readonly name: string;
  readonly locals: readonly { readonly count: number; readonly type: number }[];
  readonly body: Code;
}

/** A module of such functions over one page of memory, all of it exported. */
export function wasmModule(functions: readonly WasmFunction[]): Uint8Array {
  const named = (text: string) => vector([...text].map((letter) => [letter.charCodeAt(0)]));
  const codeOf = ({ locals, body }: WasmFunction) => {
    const groups = locals.map(({ count, type }) => [...unsigned(count), type]);
    const whole = inTurn(vector(groups), body, [END]);
    return inTurn(unsigned(whole.length), whole);
  };
  const exported = functions.map(({ name }, i) => inTurn(named(name), [0], unsigned(i)));
  return Uint8Array.from(
    inTurn(
      [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      section(1, vector([[0x60, 1, I32, 0]])),
      section(3, vector(functions.map(() => [0]))),
      section(5, vector([[0, 1]])),
      section(7, vector([inTurn(named("memory"), [2, 0]), ...exported])),
      section(10, vector(functions.map(codeOf))),
    ),
  );
}
