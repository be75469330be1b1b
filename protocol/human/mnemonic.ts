import { pbkdf2 } from "@noble/hashes/pbkdf2.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { entropyToMnemonic, mnemonicToEntropy } from "@scure/bip39";
import { wordlist } from "@scure/bip39/wordlists/english.js";
import { Secret } from "../crypto/secret.ts";
import { toUtf8 } from "../encoding/utf8.ts";
import { LatchkeyError } from "../errors.ts";
import type { Random } from "../platform.ts";

/** 256 bits and a checksum of 8: one word in 256 that is mistaken for another goes unnoticed. */
export const MNEMONIC_WORDS = 24;
const ENTROPY_BYTES = 32;
const SEED_BYTES = 64;
const ROUNDS = 2048; // BIP 39, "From mnemonic to seed"

/** 24 new words. They are shown to their owner once and kept nowhere. */
export function newMnemonic(random: Random): string {
  const entropy = random.bytes(ENTROPY_BYTES);
  try {
    return entropyToMnemonic(entropy, wordlist);
  } finally {
    entropy.fill(0);
  }
}

/**
 * The words as BIP 39 spells them, from what a person typed: any white space between them, any
 * case. Errors name a word by its position, from 1, and never repeat it: it is a part of the key.
 * @throws mnemonic-word-unknown (`position`), mnemonic-invalid (number of words, checksum)
 */
export function readMnemonic(typed: string): string {
  const words = typed.trim().toLowerCase().split(/\s+/);
  const unknown = words.findIndex((word) => !wordlist.includes(word));
  if (unknown >= 0 && typed.trim() !== "") {
    const position = unknown + 1;
    const message = `Word ${position} is not in the BIP 39 list.`;
    throw new LatchkeyError("mnemonic-word-unknown", { message, detail: { position } });
  }
  if (words.length !== MNEMONIC_WORDS) {
    const count = typed.trim() === "" ? 0 : words.length;
    const message = `A mnemonic has ${MNEMONIC_WORDS} words, not ${count}.`;
    throw new LatchkeyError("mnemonic-invalid", { message, detail: { count } });
  }
  const mnemonic = words.join(" ");
  try {
    mnemonicToEntropy(mnemonic, wordlist).fill(0);
  } catch {
    // No cause: the library's error may quote the words.
    throw new LatchkeyError("mnemonic-invalid");
  }
  return mnemonic;
}

/**
 * BIP 39 seed: PBKDF2-HMAC-SHA-512 of the words with the salt "mnemonic" ‖ passphrase, 64 bytes.
 * The words are taken as they are; `readMnemonic` comes first for what a person typed.
 */
export function mnemonicSeed(mnemonic: string, passphrase = ""): Secret {
  const password = toUtf8(mnemonic.normalize("NFKD"));
  const salt = toUtf8(`mnemonic${passphrase.normalize("NFKD")}`);
  const seed = pbkdf2(sha512, password, salt, { c: ROUNDS, dkLen: SEED_BYTES });
  password.fill(0);
  salt.fill(0);
  return new Secret(seed, SEED_BYTES);
}
