import { concat } from "../encoding/bytes.ts";
import { aesCmac } from "./cmac.ts";
import { hkdf } from "./hkdf.ts";
import type { CryptoProvider } from "./provider.ts";

type Arguments = readonly [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
type Run = (crypto: CryptoProvider, args: Arguments) => Uint8Array | boolean | undefined;

/** What can be asked of a provider, by a name that is the same on every engine. */
const RUN = Object.freeze({
  sha256: (crypto, [message]) => crypto.sha256(message),
  "hmac-sha256": (crypto, [key, message]) => crypto.hmacSha256(key, message),
  "hkdf-sha256": (crypto, [ikm, salt, info, length]) =>
    hkdf(crypto, ikm, salt, info, numberIn(length)),
  "aes-block": (crypto, [key, block]) => crypto.aesEncryptBlock(key, block),
  "aes-cmac": (crypto, [key, message]) => aesCmac(crypto, key, message),
  "aes-cbc-encrypt": (crypto, [key, iv, plain]) => crypto.aesCbcEncrypt(key, iv, plain),
  "aes-cbc-decrypt": (crypto, [key, iv, cipher]) => crypto.aesCbcDecrypt(key, iv, cipher),
  "aes-gcm-seal": (crypto, [key, nonce, aad, plain]) => crypto.aesGcmSeal(key, nonce, aad, plain),
  "aes-gcm-open": (crypto, [key, nonce, aad, sealed]) => crypto.aesGcmOpen(key, nonce, aad, sealed),
  "ed25519-public": (crypto, [seed]) => crypto.ed25519PublicKey(seed),
  "ed25519-sign": (crypto, [seed, message]) => crypto.ed25519Sign(seed, message),
  "ed25519-verify": (crypto, [key, message, signature]) =>
    crypto.ed25519Verify(key, message, signature),
  "x25519-public": (crypto, [privateKey]) => crypto.x25519PublicKey(privateKey),
  x25519: (crypto, [privateKey, publicKey]) => crypto.x25519(privateKey, publicKey),
} satisfies Record<string, Run>);

export type Primitive = keyof typeof RUN;

export const PRIMITIVES = Object.freeze(Object.keys(RUN) as Primitive[]);

export function isPrimitive(word: string): word is Primitive {
  return Object.hasOwn(RUN, word);
}

/** One call of a primitive. What is absent is empty; `hkdf-sha256` takes its length in 4 bytes. */
export interface PrimitiveCase {
  readonly primitive: Primitive;
  readonly args: readonly Uint8Array[];
}

/**
 * What comes out: bytes, one byte for a verdict, `undefined` where the primitive refuses (a tag
 * that does not fit, an all-zero secret, a length that cannot be). A function of its arguments
 * alone: no key but what is in them.
 */
export function runPrimitive(
  crypto: CryptoProvider,
  { primitive, args }: PrimitiveCase,
): Uint8Array | undefined {
  const empty = new Uint8Array(0);
  const [a = empty, b = empty, c = empty, d = empty] = args;
  try {
    const run: Run = RUN[primitive];
    const result = run(crypto, [a, b, c, d]);
    return typeof result === "boolean" ? Uint8Array.of(result ? 1 : 0) : result;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Each with its length before it, in two bytes, big-endian. */
export function encodeArguments(args: readonly Uint8Array[]): Uint8Array {
  const parts = args.flatMap((arg) => [Uint8Array.of(arg.length >> 8, arg.length & 0xff), arg]);
  return concat(...parts);
}

/** `undefined` when it is cut off. */
export function decodeArguments(bytes: Uint8Array): readonly Uint8Array[] | undefined {
  const args: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const end = at + 2 + ((bytes[at]! << 8) | (bytes[at + 1] ?? 0));
    if (end > bytes.length) return undefined;
    args.push(bytes.slice(at + 2, end));
    at = end;
  }
  return args;
}

function numberIn(bytes: Uint8Array): number {
  return bytes.reduce((value, byte) => value * 256 + byte, 0);
}
