import { toLatchkeyError } from "../../protocol/errors.ts";
import type { Context } from "../cli/context.ts";
import { resolvePath } from "../reader-file.ts";

/**
 * A file with everything that was said on a console, a line each, with the time of this computer:
 * `2026-06-09T11:42:07.120Z < READY`. It is added to, so that one file can hold a whole repair.
 */
export class Transcript {
  readonly #context: Context;
  readonly #path: string;
  readonly #onFailure: (text: string) => void;
  #failed = false;

  /** @throws file-unusable when the file cannot be written at all */
  constructor(context: Context, path: string, target: string, onFailure: (text: string) => void) {
    this.#context = context;
    this.#path = resolvePath(context, path);
    this.#onFailure = onFailure;
    context.appendText(this.#path, `${stamp(context)} = ${target}\n`);
  }

  /** `<` is what the node said, `>` what was typed, `=` what became of the line between. */
  add(side: "<" | ">" | "=", text: string): void {
    const line = text.replace(/\r?\n$/, "");
    if (this.#failed || line === "") return;
    try {
      this.#context.appendText(this.#path, `${stamp(this.#context)} ${side} ${line}\n`);
    } catch (error) {
      this.#failed = true;
      this.#onFailure(`The transcript ends here: ${toLatchkeyError(error).message}`);
    }
  }
}

/** UTC, as everybody who reads it later can place it. */
export function stamp({ nowMs }: Pick<Context, "nowMs">): string {
  return new Date(nowMs()).toISOString();
}
