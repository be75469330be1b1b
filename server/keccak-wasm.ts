/**
 * Keccak-f[1600] as a WebAssembly module, put together from the description in FIPS 202 §3 when the
 * program starts, because a binary in the repository could not be read. Once over 64-bit words, and
 * once over pairs of them (128-bit SIMD): two hashes then cost little more than one.
 *
 * Sources: WebAssembly Core 2.0, §5 (binary format).
 */
export const RATE = 136;
export const ROUNDS = 24;
/** Where in the module's memory: the state, 25 words or pairs of words; constants, in pairs. */
export const STATE = 0;
export const CONSTANTS = 512;

type Code = readonly number[];

// §5.4: the few instructions that are needed.
const LOOP = 0x03;
const END = 0x0b;
const BR_IF = 0x0d;
const LOCAL_TEE = 0x22;
const I32_LT_U = 0x49;
const I32_ADD = 0x6a;
const I32_SUB = 0x6b;
const I32 = 0x7f;
const EMPTY = 0x40;

function unsigned(value: number): number[] {
  const low = value & 127;
  return value < 128 ? [low] : [low | 128, ...unsigned(value >>> 7)];
}

function signed(value: bigint): number[] {
  const low = Number(value & 127n);
  const rest = value >> 7n;
  const last = (rest === 0n && low < 64) || (rest === -1n && low >= 64);
  return last ? [low] : [low | 128, ...signed(rest)];
}

const vector = (items: readonly Code[]): Code => [...unsigned(items.length), ...items.flat()];
const section = (id: number, body: Code): Code => [id, ...unsigned(body.length), ...body];
const get = (local: number): Code => [0x20, ...unsigned(local)];
const set = (local: number): Code => [0x21, ...unsigned(local)];
const i32 = (value: number): Code => [0x41, ...signed(BigInt(value))];
const i64 = (value: bigint): Code => [0x42, ...signed(value)];
const simd = (operation: number): Code => [0xfd, ...unsigned(operation)];

/** How one kind of word is computed with. */
interface Words {
  readonly type: number;
  /** Bytes from one word of the state to the next. */
  readonly size: number;
  readonly xor: Code;
  /** Takes `keep` and `drop` from the stack: keep AND NOT drop. */
  readonly keepWithout: Code;
  load(offset: number): Code;
  store(offset: number): Code;
  constant(value: bigint): Code;
  /** Of the word in a local. */
  rotated(local: number, count: number): Code;
}

const SINGLE: Words = {
  type: 0x7e,
  size: 8,
  xor: [0x85],
  keepWithout: [...i64(-1n), 0x85, 0x83],
  load: (offset) => [0x29, 3, ...unsigned(offset)],
  store: (offset) => [0x37, 3, ...unsigned(offset)],
  constant: i64,
  rotated: (local, count) => [...get(local), ...i64(BigInt(count)), 0x89],
};

const PAIR: Words = {
  type: 0x7b,
  size: 16,
  xor: simd(0x51),
  keepWithout: simd(0x4f),
  load: (offset) => [...simd(0x00), 4, ...unsigned(offset)],
  store: (offset) => [...simd(0x0b), 4, ...unsigned(offset)],
  constant: (value) => [...i64(value), ...simd(0x12)],
  rotated: (local, count) =>
    count === 0
      ? get(local)
      : [
          ...[...get(local), ...i32(count), ...simd(0xcb)],
          ...[...get(local), ...i32(64 - count), ...simd(0xcd)],
          ...simd(0x50),
        ],
};

// Locals: 0 is the parameter, 1 the place of the round's constant; then the words.
const STEPS = 0;
const AT = 1;
const a = (lane: number) => 2 + lane;
const b = (lane: number) => 27 + lane;
const c = (column: number) => 52 + column;
const d = (column: number) => 57 + column;
const WORDS = 61; // one more than the above, to turn a lane in

const each = (count: number, make: (i: number) => Code): Code =>
  Array.from({ length: count }, (_, i) => make(i)).flat();

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

/**
 * The 24 rounds on the locals `a`, of which `lanes` are wanted afterwards: all, or the four of a
 * hash, for which the last round computes no others.
 */
function permutation(words: Words, lanes: 25 | 4): Code {
  const { xor, keepWithout, load, rotated } = words;
  const turn = rotations();
  const turning = 62;
  const parity = (x: number) => [
    ...get(a(x)),
    ...[5, 10, 15, 20].flatMap((y) => [...get(a(x + y)), ...xor]),
    ...set(c(x)),
  ];
  const neighbours = (x: number) => [
    ...[...get(c((x + 4) % 5)), ...rotated(c((x + 1) % 5), 1), ...xor],
    ...set(d(x)),
  ];
  const rhoAndPi = (lane: number) => {
    const [x, y] = [lane % 5, Math.floor(lane / 5)];
    const moved = y + 5 * ((2 * x + 3 * y) % 5);
    const word = [...get(a(lane)), ...get(d(x)), ...xor, ...set(turning)];
    return [...word, ...rotated(turning, turn[lane]!), ...set(b(moved))];
  };
  const chi = (lane: number) => {
    const row = 5 * Math.floor(lane / 5);
    const [one, two] = [row + ((lane + 1) % 5), row + ((lane + 2) % 5)];
    const other = [...get(b(two)), ...get(b(one))];
    const iota = lane === 0 ? [...get(AT), ...load(CONSTANTS), ...xor] : [];
    return [...get(b(lane)), ...other, ...keepWithout, ...xor, ...iota, ...set(a(lane))];
  };
  const theta = [...each(5, parity), ...each(5, neighbours)];
  const round = [...theta, ...each(25, rhoAndPi), ...each(25, chi)];
  // Row 0 comes from the diagonal.
  const last = [...theta, ...each(5, (x) => rhoAndPi(6 * x)), ...each(4, chi)];
  const looped = lanes === 4 ? ROUNDS - 1 : ROUNDS;
  const next = [...get(AT), ...i32(16), I32_ADD, LOCAL_TEE, ...unsigned(AT)];
  const again = [...next, ...i32(16 * looped), I32_LT_U, BR_IF, 0];
  const rounds = [...i32(0), ...set(AT), LOOP, EMPTY, ...round, ...again, END];
  return lanes === 4 ? [...rounds, ...last] : rounds;
}

const loadLanes = ({ size, load }: Words, count: number) =>
  each(count, (lane) => [...i32(0), ...load(STATE + size * lane), ...set(a(lane))]);
const storeLanes = ({ size, store }: Words, count: number) =>
  each(count, (lane) => [...i32(0), ...get(a(lane)), ...store(STATE + size * lane)]);

/** Hashes the first four lanes so often as the parameter says; at least once. */
function chain(words: Words): Code {
  const padding = each(21, (i) => {
    const lane = i + 4;
    const word = lane === 4 ? 6n : lane === RATE / 8 - 1 ? -(1n << 63n) : 0n;
    return [...words.constant(word), ...set(a(lane))];
  });
  const count = [...get(STEPS), ...i32(1), I32_SUB, LOCAL_TEE, ...unsigned(STEPS), BR_IF, 0];
  const body = [...padding, ...permutation(words, 4), ...count];
  return [...loadLanes(words, 4), LOOP, EMPTY, ...body, END, ...storeLanes(words, 4)];
}

function code(words: Words, body: Code): Code {
  const locals = vector([
    [1, I32],
    [WORDS, words.type],
  ]);
  const whole = [...locals, ...body, END];
  return [...unsigned(whole.length), ...whole];
}

/** `permute`, `chain` and `chainPair` over one memory. */
export function keccakModule(): Uint8Array {
  const name = (text: string) => vector([...text].map((letter) => [letter.charCodeAt(0)]));
  const exported = ["permute", "chain", "chainPair"].map((text, i) => [...name(text), 0, i]);
  const permute = [...loadLanes(SINGLE, 25), ...permutation(SINGLE, 25), ...storeLanes(SINGLE, 25)];
  const bodies = [code(SINGLE, permute), code(SINGLE, chain(SINGLE)), code(PAIR, chain(PAIR))];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector([[0x60, 1, I32, 0]])),
    ...section(3, vector([[0], [0], [0]])),
    ...section(5, vector([[0, 1]])),
    ...section(7, vector([[...name("memory"), 2, 0], ...exported])),
    ...section(10, vector(bodies)),
  ]);
}
