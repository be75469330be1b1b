import assert from "node:assert/strict";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import type { Transceive } from "../../protocol/nfc/apdu.ts";
import { type KeyHolder, localKeyHolder } from "../../protocol/ntag424/handshake.ts";

/** A card that says its lines: each command must be the next one of the script. */
export function scriptedCard(script: readonly (readonly [command: string, answer: string])[]): {
  transceive: Transceive;
  /** What is left to be said. */
  left: () => number;
} {
  const lines = [...script];
  const transceive = async (apdu: Uint8Array) => {
    const [command, answer] = lines.shift() ?? ["(silence)", ""];
    assert.equal(toHex(apdu).toUpperCase(), command.toUpperCase());
    return fromHex(answer);
  };
  return { transceive, left: () => lines.length };
}

/** A holder of one key whose "random" numbers are given. */
export function fixedHolder(key: Uint8Array, rndA: Uint8Array): KeyHolder {
  return localKeyHolder(nobleCrypto, { bytes: () => rndA.slice() }, () => new Secret(key.slice()));
}

/** Sixteen equal bytes: a key, as long as its card is a toy. */
export const cardSecret = (value: number): Secret => new Secret(new Uint8Array(16).fill(value));

export const fixedRandom = {
  bytes: (length: number): Uint8Array => new Uint8Array(length).fill(0x77),
};

/** The keys of `TestCard` as it comes. */
export const cardHolder = localKeyHolder(nobleCrypto, fixedRandom, (keyNo) =>
  cardSecret(0x10 + keyNo),
);
