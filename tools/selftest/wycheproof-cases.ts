import type { PrimitiveCase } from "../../protocol/crypto/primitive-case.ts";
import { concat } from "../../protocol/encoding/bytes.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";

/** A case with what must come out of it. */
export interface JudgedCase extends PrimitiveCase {
  /** Suite and number. */
  readonly name: string;
  /** In words, where it is one certain result. */
  readonly expected?: string;
  right(result: Uint8Array | undefined): boolean;
}

type Vector = Readonly<Record<string, string | number>>;
interface Group {
  readonly publicKey?: { readonly pk: string };
  readonly keySize?: number;
  readonly ivSize?: number;
  readonly tagSize?: number;
  readonly tests: readonly Vector[];
}

/** The suites of Wycheproof that are about primitives of ours, by file name. */
export const SUITES = Object.freeze([
  "aes_gcm",
  "aes_cmac",
  "aes_cbc_pkcs5",
  "hmac_sha256",
  "hkdf_sha256",
  "ed25519",
  "x25519",
] as const);
export type Suite = (typeof SUITES)[number];

/** Every case of one file, as calls of our primitives, without sizes that the protocol has not. */
export function wycheproofCases(suite: Suite, json: string): readonly JudgedCase[] {
  const { testGroups } = JSON.parse(json) as { testGroups: readonly Group[] };
  return testGroups.flatMap((group) =>
    group.tests.flatMap((vector) => {
      const name = `${suite} ${vector["tcId"]}`;
      return CASES[suite](vector, group).map((made) => ({ ...made, name }));
    }),
  );
}

type Unnamed = Omit<JudgedCase, "name">;
type Maker = (vector: Vector, group: Group) => readonly Unnamed[];

const CASES: Readonly<Record<Suite, Maker>> = Object.freeze({
  aes_gcm: (vector, { keySize, ivSize, tagSize }) => {
    if (keySize === 192 || ivSize !== 96 || tagSize !== 128) return [];
    const [key, iv, aad, msg] = hex(vector, "key", "iv", "aad", "msg");
    const sealed = concat(...hex(vector, "ct", "tag"));
    const open = exactly(
      "aes-gcm-open",
      [key!, iv!, aad!, sealed],
      isValid(vector) ? msg : undefined,
    );
    if (!isValid(vector)) return [open];
    return [open, exactly("aes-gcm-seal", [key!, iv!, aad!, msg!], sealed)];
  },
  aes_cmac: (vector, { keySize }) =>
    keySize === 128 || keySize === 256 ? [tagged("aes-cmac", vector)] : [],
  aes_cbc_pkcs5: (vector, { keySize }) => {
    const [key, iv, msg, ct] = hex(vector, "key", "iv", "msg", "ct");
    if (keySize === 192 || ct!.length === 0 || ct!.length % 16 !== 0) return [];
    const decrypt = { primitive: "aes-cbc-decrypt", args: [key!, iv!, ct!] } as const;
    if (!isValid(vector)) return [{ ...decrypt, right: (result) => !isPadded(result) }];
    const size = 16 - (msg!.length % 16);
    const padded = concat(msg!, new Uint8Array(size).fill(size));
    return [
      exactly("aes-cbc-decrypt", decrypt.args, padded),
      exactly("aes-cbc-encrypt", [key!, iv!, padded], ct),
    ];
  },
  hmac_sha256: (vector) => [tagged("hmac-sha256", vector)],
  hkdf_sha256: (vector) => {
    const [ikm, salt, info, okm] = hex(vector, "ikm", "salt", "info", "okm");
    const size = Number(vector["size"]);
    const length = Uint8Array.of(size >>> 24, size >>> 16, size >>> 8, size);
    const args = [ikm!, salt!, info!, length];
    return [exactly("hkdf-sha256", args, isValid(vector) ? okm : undefined)];
  },
  ed25519: (vector, { publicKey }) => {
    const [msg, sig] = hex(vector, "msg", "sig");
    const verdict = Uint8Array.of(isValid(vector) ? 1 : 0);
    return [exactly("ed25519-verify", [fromHex(publicKey!.pk), msg!, sig!], verdict)];
  },
  x25519: (vector) => {
    const [privateKey, publicKey, shared] = hex(vector, "private", "public", "shared");
    // "acceptable" there are results of all zeros, which we refuse (RFC 7748 §6.1).
    const zero = shared!.every((byte) => byte === 0);
    return [exactly("x25519", [privateKey!, publicKey!], zero ? undefined : shared)];
  },
});

function hex(vector: Vector, ...names: readonly string[]): readonly Uint8Array[] {
  return names.map((name) => fromHex(String(vector[name])));
}

function isValid({ result }: Vector): boolean {
  return result === "valid";
}

/** A certain result. */
export function exactly(
  primitive: PrimitiveCase["primitive"],
  args: readonly Uint8Array[],
  expected: Uint8Array | undefined,
): Unnamed {
  const text = resultText(expected);
  return { primitive, args, expected: text, right: (result) => resultText(result) === text };
}

/** A code whose tag is shortened; of a bad one it is only known what it must not be. */
function tagged(primitive: "aes-cmac" | "hmac-sha256", vector: Vector): Unnamed {
  const [key, msg, tag] = hex(vector, "key", "msg", "tag");
  const fits = (result: Uint8Array | undefined): boolean =>
    result !== undefined && toHex(result.slice(0, tag!.length)) === toHex(tag!);
  const right = isValid(vector)
    ? fits
    : (result?: Uint8Array) => result !== undefined && !fits(result);
  return { primitive, args: [key!, msg!], right };
}

/** PKCS #7 (RFC 5652 §6.3). */
function isPadded(result: Uint8Array | undefined): boolean {
  const size = result?.at(-1) ?? 0;
  return size >= 1 && size <= 16 && result!.slice(-size).every((byte) => byte === size);
}

export function resultText(result: Uint8Array | undefined): string {
  return result === undefined ? "refused" : toHex(result);
}
