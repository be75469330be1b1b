import type { Context, Sink } from "./context.ts";

type Paint = (text: string) => string;

/** Colours, or nothing where they would be noise. */
export interface Style {
  readonly bold: Paint;
  readonly dim: Paint;
  readonly red: Paint;
  readonly green: Paint;
  readonly yellow: Paint;
  readonly cyan: Paint;
}

/** Follows the terminal, `NO_COLOR` (no-color.org) and `FORCE_COLOR`. */
export function styleFor(sink: Sink, env: Context["env"]): Style {
  const wanted = env["FORCE_COLOR"] !== undefined || (sink.isTTY && !env["NO_COLOR"]);
  const paint =
    (code: number): Paint =>
    (text) =>
      wanted ? `\x1b[${code}m${text}\x1b[0m` : text;
  return {
    bold: paint(1),
    dim: paint(2),
    red: paint(31),
    green: paint(32),
    yellow: paint(33),
    cyan: paint(36),
  };
}
