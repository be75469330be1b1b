import { encodeArguments, type PrimitiveCase } from "../../protocol/crypto/primitive-case.ts";
import { crc32 } from "../../protocol/encoding/crc32.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { Timer } from "../../protocol/platform.ts";
import type { LinkLines } from "./link-lines.ts";

/** With `vector `, ` --json` and 108 digits a line has 122 of the 128 bytes that the console takes. */
const PIECE_BYTES = 54;
/** A node that is busy with a tap answers later; one that lost a byte never does. */
const ANSWER_MS = 5_000;
const ATTEMPTS = 4;
const HEAD = '{"vector":';
const ERROR_HEAD = '{"error":';

/** What a node says of a case: bytes in hexadecimal, `null` for a refusal; long ones by their hash. */
export type VectorAnswer =
  | { readonly result: string | null }
  | { readonly length: number; readonly sha256: string };

/** Talks to the command `vector` of a node's console, one line at a time. */
export class VectorTalk {
  readonly #lines: LinkLines;
  readonly #timer: Timer;
  readonly #target: string;

  constructor(lines: LinkLines, timer: Timer, target: string) {
    this.#lines = lines;
    this.#timer = timer;
    this.#target = target;
  }

  /** @throws console-silent, malformed when it refuses again and again */
  async run({ primitive, args }: PrimitiveCase): Promise<VectorAnswer> {
    const bytes = encodeArguments(args);
    const words: string[] = [];
    for (let at = 0; at < bytes.length; at += PIECE_BYTES)
      words.push(toHex(bytes.slice(at, at + PIECE_BYTES)));
    words.push(`run ${primitive} ${crc32(bytes).toString(16).padStart(8, "0")}`);
    let refusal = "nothing";
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const answer = await this.#send(words);
      if (typeof answer !== "string") return answer;
      refusal = answer;
      // Whatever is left of a case that was not heard whole is forgotten by this.
      await this.#ask("run none 00000000");
    }
    throw new LatchkeyError("console-silent", {
      message: `${this.#target} did not take a case in ${ATTEMPTS} attempts: it answered ${refusal}`,
    });
  }

  async #send(lines: readonly string[]): Promise<VectorAnswer | string> {
    let bytes = 0;
    for (const line of lines.slice(0, -1)) {
      const answer = await this.#ask(line);
      bytes += line.length / 2;
      if (answer !== `${HEAD}${JSON.stringify({ bytes })}}`) return answer;
    }
    const answer = await this.#ask(lines.at(-1)!);
    try {
      const { vector } = JSON.parse(answer) as { vector?: VectorAnswer };
      return vector && ("result" in vector || "sha256" in vector) ? vector : answer;
    } catch {
      return answer; // a line that lost bytes on its way
    }
  }

  /** The line that answers, or `nothing` when none came in time. @throws console-silent */
  #ask(words: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const end = (line: string): void => {
        this.#timer.clear(limit);
        this.#lines.listen(undefined);
        if (this.#lines.gone === undefined) resolve(line);
        else reject(this.#away());
      };
      const limit = this.#timer.set(() => end("nothing"), ANSWER_MS);
      this.#lines.listen((line) => {
        const said = line === undefined ? "" : answerIn(line);
        if (said !== undefined) end(said);
      });
      if (this.#lines.gone === undefined) this.#lines.write(`vector ${words} --json\r`);
    });
  }

  #away(): LatchkeyError {
    return new LatchkeyError("console-silent", {
      message: `${this.#target} went away: ${this.#lines.gone}`,
    });
  }
}

/** Between log lines and prompts, what is an answer. */
function answerIn(line: string): string | undefined {
  const start = [HEAD, ERROR_HEAD].map((head) => line.indexOf(head)).find((at) => at >= 0);
  return start === undefined ? undefined : line.slice(start);
}
