/** Looks through everything that a run of the tests prints for what must never be printed. */

import { hkdf } from "../../protocol/crypto/hkdf.ts";
import { nobleHuman as crypto } from "../../protocol/crypto/noble-p256.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { mnemonicSeed } from "../../protocol/human/mnemonic.ts";
import { reduceToScalar } from "../../protocol/human/scalar.ts";
import { testKey } from "../protocol/human-family.ts";
import { ALICE, BOB } from "../protocol/human-words.ts";

/** So many words in a row are no accident. */
const WORDS_IN_A_ROW = 5;
/** Every key that a test about people has: of devices, holders, issuers and roots. */
const TEST_KEYS = Array.from({ length: 110 }, (_, index) => index + 1);

/** The ways in which bytes get into a text. */
function spellings(bytes: Uint8Array): string[] {
  const buffer = Buffer.from(bytes);
  const hex = buffer.toString("hex");
  return [
    ...[hex, hex.toUpperCase(), buffer.toString("base64url"), buffer.toString("base64")],
    ...[bytes.join(","), bytes.join(", "), BigInt(`0x${hex}`).toString()],
    hex.replace(/..(?!$)/g, "$& "),
  ];
}

/** Everything that can be derived from somebody's words before a device gets it. */
function rootSecrets(mnemonic: string): Uint8Array[] {
  const seed = mnemonicSeed(mnemonic).bytes;
  const derived = (info: string, length: number) =>
    hkdf(crypto, seed, toUtf8("latchkey/v1"), info, length);
  const material = derived("root/p256", 48);
  return [seed, material, reduceToScalar(material), derived("pairwise/secret", 32)];
}

function runsOfWords(mnemonic: string): string[] {
  const words = mnemonic.split(" ");
  const starts = Array.from({ length: words.length - WORDS_IN_A_ROW + 1 }, (_, i) => i);
  return starts.map((start) => words.slice(start, start + WORDS_IN_A_ROW).join(" "));
}

/** Words and keys of the people of the tests, in every spelling. */
export function secretsOfPeople(): string[] {
  const keys = [ALICE, BOB].flatMap(rootSecrets);
  const own = TEST_KEYS.map((number) => testKey(number).privateKey);
  return [
    ...new Set([...[ALICE, BOB].flatMap(runsOfWords), ...[...keys, ...own].flatMap(spellings)]),
  ];
}

export class PrintGuard {
  readonly #secrets: readonly string[];
  readonly #overlap: number;
  #tail = "";
  /** Characters looked through. */
  seen = 0;
  /** What was printed: by its number, because to say it would be to print it again. */
  found: number | undefined;

  constructor(secrets = secretsOfPeople()) {
    this.#secrets = secrets;
    this.#overlap = Math.max(...secrets.map(({ length }) => length)) - 1;
  }

  /** Takes the next piece of what is printed; a secret may lie across two. */
  look(text: string): void {
    this.seen += text.length;
    // In one line: whoever prints an array breaks it anywhere.
    const whole = (this.#tail + text).replace(/\s+/g, " ");
    const at = this.#secrets.findIndex((secret) => whole.includes(secret));
    if (at >= 0) this.found ??= at;
    this.#tail = whole.slice(-this.#overlap);
  }
}
