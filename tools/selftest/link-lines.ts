import type { Link } from "../cli/context.ts";

/** Whole lines of a link, for one listener after another: a link itself may have one only. */
export class LinkLines {
  readonly #link: Link;
  #heard = "";
  #listener: ((line: string | undefined) => void) | undefined;
  #gone: string | undefined;

  constructor(link: Link) {
    this.#link = link;
    link.onText((text) => this.#hear(text));
    link.onEnd((reason) => {
      this.#gone = reason ?? "closed";
      this.#listener?.(undefined);
    });
  }

  /** Why the link is gone, if it is. */
  get gone(): string | undefined {
    return this.#gone;
  }

  /** In place of whoever listened before; `undefined` says that the link is gone. */
  listen(listener: ((line: string | undefined) => void) | undefined): void {
    this.#listener = listener;
    if (this.#gone !== undefined) listener?.(undefined);
  }

  write(text: string): void {
    this.#link.write(text);
  }

  #hear(text: string): void {
    const lines = (this.#heard + text).split(/\r?\n/);
    this.#heard = lines.pop() ?? "";
    for (const line of lines) this.#listener?.(line);
  }
}
