import { createHash, type Hash } from "node:crypto";
import { fromHex } from "../../protocol/encoding/hex.ts";
import type { VectorAnswer } from "./vector-talk.ts";
import type { JudgedCase } from "./wycheproof-cases.ts";

/** Judges answers, and keeps one hash of all: two engines agree in every bit or they do not. */
export class AnswersDigest {
  readonly #hash: Hash = createHash("sha256");

  /** What is wrong with the answer, or `undefined`. */
  add(judged: JudgedCase, answer: VectorAnswer): string | undefined {
    const text = "result" in answer ? (answer.result ?? "refused") : answer.sha256;
    this.#hash.update(`${judged.primitive} ${text}\n`);
    if ("result" in answer) {
      const result = answer.result === null ? undefined : fromHex(answer.result, "result");
      if (judged.right(result)) return undefined;
    } else if (judged.expected !== undefined) {
      const expected = createHash("sha256").update(judged.expected, "hex").digest("hex");
      if (answer.length === judged.expected.length / 2 && answer.sha256 === expected)
        return undefined;
    }
    const wanted =
      judged.expected === undefined ? "" : `, and had to give ${short(judged.expected)}`;
    return `${judged.primitive} gave ${short(text)}${wanted}`;
  }

  /** The first half, which is enough to compare by eye. */
  text(): string {
    return this.#hash.copy().digest("hex").slice(0, 32);
  }
}

function short(hex: string): string {
  return hex.length > 80 ? `${hex.slice(0, 72)}… (${hex.length / 2} bytes)` : hex;
}
