import { checkChain, type Sha3 } from "../protocol/crypto/sha3.ts";

/**
 * SHA3-256 as WebAssembly, for hosts: chains of thousands of hashes are what signatures cost, and
 * JavaScript has no 64-bit words. The module is put together here from the same description of
 * Keccak (FIPS 202 §3) as any implementation, because a binary in the repository could not be read.
 */
const RATE = 136;
/** Where in the module's memory: the state, the constants. */
const STATE = 0;
const CONSTANTS = 256;
const ROUNDS = 24;

// WebAssembly 1.0 §5: the few instructions that are needed.
const OP = Object.freeze({
  ...{ loop: 0x03, end: 0x0b, brIf: 0x0d, get: 0x20, set: 0x21, tee: 0x22 },
  ...{ load: 0x29, store: 0x37, i32const: 0x41, i64const: 0x42, i32ltU: 0x49 },
  ...{ i32add: 0x6a, i32sub: 0x6b, and: 0x83, xor: 0x85, rotl: 0x89 },
});
const I32 = 0x7f;
const I64 = 0x7e;
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

const vector = (items: readonly (readonly number[])[]) => [
  ...unsigned(items.length),
  ...items.flat(),
];
const section = (id: number, body: readonly number[]) => [id, ...unsigned(body.length), ...body];

// Locals: 0 = steps (a parameter) or unused, 1 = place of the round's constant, then i64 words.
const STEPS = 0;
const AT = 1;
const a = (lane: number) => 2 + lane;
const b = (lane: number) => 27 + lane;
const c = (column: number) => 52 + column;
const d = (column: number) => 57 + column;

const get = (local: number) => [OP.get, ...unsigned(local)];
const set = (local: number) => [OP.set, ...unsigned(local)];
const i32 = (value: number) => [OP.i32const, ...signed(BigInt(value))];
const i64 = (value: bigint) => [OP.i64const, ...signed(value)];
const load = (offset: number) => [OP.load, 3, ...unsigned(offset)];
const store = (offset: number) => [OP.store, 3, ...unsigned(offset)];
const rotate = (count: number) => [...i64(BigInt(count)), OP.rotl];
const lanes = <T>(make: (lane: number) => T[]) =>
  Array.from({ length: 25 }, (_, lane) => make(lane)).flat();
const columns = <T>(make: (column: number) => T[]) =>
  Array.from({ length: 5 }, (_, column) => make(column)).flat();

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
function roundConstants(): bigint[] {
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

/** The 24 rounds on the locals `a`. */
function permutation(): number[] {
  const turn = rotations();
  const theta = [
    ...columns((x) => [
      ...get(a(x)),
      ...[5, 10, 15, 20].flatMap((y) => [...get(a(x + y)), OP.xor]),
      ...set(c(x)),
    ]),
    ...columns((x) => [
      ...[...get(c((x + 4) % 5)), ...get(c((x + 1) % 5)), ...rotate(1), OP.xor],
      ...set(d(x)),
    ]),
  ];
  const rhoAndPi = lanes((lane) => {
    const [x, y] = [lane % 5, Math.floor(lane / 5)];
    const moved = y + 5 * ((2 * x + 3 * y) % 5);
    const word = [...get(a(lane)), ...get(d(x)), OP.xor];
    return [...word, ...rotate(turn[lane]!), ...set(b(moved))];
  });
  const chi = lanes((lane) => {
    const row = 5 * Math.floor(lane / 5);
    const [one, two] = [row + ((lane + 1) % 5), row + ((lane + 2) % 5)];
    const inverted = [...get(b(one)), ...i64(-1n), OP.xor];
    const word = [...get(b(lane)), ...inverted, ...get(b(two)), OP.and, OP.xor];
    const iota = lane === 0 ? [...get(AT), ...load(CONSTANTS), OP.xor] : [];
    return [...word, ...iota, ...set(a(lane))];
  });
  const next = [...get(AT), ...i32(8), OP.i32add, OP.tee, ...unsigned(AT)];
  const again = [...next, ...i32(8 * ROUNDS), OP.i32ltU, OP.brIf, 0];
  return [...i32(0), ...set(AT), OP.loop, EMPTY, ...theta, ...rhoAndPi, ...chi, ...again, OP.end];
}

const loadLanes = (count: number) =>
  Array.from({ length: count }, (_, lane) => [
    ...i32(0),
    ...load(STATE + 8 * lane),
    ...set(a(lane)),
  ]);
const storeLanes = (count: number) =>
  Array.from({ length: count }, (_, lane) => [
    ...i32(0),
    ...get(a(lane)),
    ...store(STATE + 8 * lane),
  ]);

/** `chain(steps)`: the first four lanes are hashed so often; at least once. */
function chainBody(): number[] {
  const padded = Array.from({ length: 21 }, (_, i) => {
    const lane = i + 4;
    const word = lane === 4 ? 6n : lane === RATE / 8 - 1 ? -(1n << 63n) : 0n;
    return [...i64(word), ...set(a(lane))];
  }).flat();
  const count = [...get(STEPS), ...i32(1), OP.i32sub, OP.tee, ...unsigned(STEPS), OP.brIf, 0];
  const body = [...padded, ...permutation(), ...count];
  return [...loadLanes(4).flat(), OP.loop, EMPTY, ...body, OP.end, ...storeLanes(4).flat()];
}

function permuteBody(): number[] {
  return [...loadLanes(25).flat(), ...permutation(), ...storeLanes(25).flat()];
}

function moduleBytes(): Uint8Array {
  const locals = vector([
    [1, I32],
    [60, I64],
  ]);
  const code = (body: readonly number[]) => {
    const whole = [...locals, ...body, OP.end];
    return [...unsigned(whole.length), ...whole];
  };
  const name = (text: string) => vector([...text].map((letter) => [letter.charCodeAt(0)]));
  const exported = [
    [...name("memory"), 2, 0],
    [...name("chain"), 0, 0],
    [...name("permute"), 0, 1],
  ];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector([[0x60, 1, I32, 0]])),
    ...section(3, vector([[0], [0]])),
    ...section(5, vector([[0, 1]])),
    ...section(7, vector(exported)),
    ...section(10, vector([code(chainBody()), code(permuteBody())])),
  ]);
}

interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  chain(steps: number): void;
  permute(unused: number): void;
}

// The types of Node name WebAssembly without its classes.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** SHA3-256 in WebAssembly; one memory, so one hash at a time, which is all that is synchronous. */
export function wasmSha3(): Sha3 {
  const module = new WebAssembly.Module(moduleBytes());
  const exports = new WebAssembly.Instance(module).exports as Exports;
  const state = new Uint8Array(exports.memory.buffer, STATE, 200);
  const constants = new BigUint64Array(exports.memory.buffer, CONSTANTS, ROUNDS);
  constants.set(roundConstants());
  return Object.freeze({
    name: "wasm",
    sha3_256: (message: Uint8Array) => {
      state.fill(0);
      let at = 0;
      for (let i = 0; i < message.length; i++) {
        state[at] = state[at]! ^ message[i]!;
        if (++at < RATE) continue;
        exports.permute(0);
        at = 0;
      }
      state[at] = state[at]! ^ 0x06;
      state[RATE - 1] = state[RATE - 1]! ^ 0x80;
      exports.permute(0);
      return state.slice(0, 32);
    },
    sha3_256Chain: (start: Uint8Array, times: number) => {
      checkChain(start, times);
      if (times === 0) return start.slice();
      state.set(start);
      exports.chain(times);
      const end = state.slice(0, 32);
      state.fill(0); // what passes through may be a secret
      return end;
    },
  });
}
