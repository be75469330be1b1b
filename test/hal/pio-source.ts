/** One instruction of a `.pio` source: words, and cycles to wait after it. */
interface PioInstruction {
  readonly words: readonly string[];
  readonly delay: number;
}

/** What `.in` or `.out` says of a shift register. */
interface Shift {
  readonly isRight: boolean;
  /** Bits after which it is pushed or pulled by itself; `undefined`: never. */
  readonly auto: number | undefined;
}

/** A program before it has an address. */
export interface PioSource {
  readonly instructions: readonly PioInstruction[];
  readonly labels: ReadonlyMap<string, number>;
  readonly in: Shift;
  readonly out: Shift;
}

/** Of a state machine that nobody set up (RP2350 datasheet §11.7, SHIFTCTRL). */
const SHIFT: Shift = { isRight: true, auto: undefined };

/** Reads a `.pio` source with one program. @throws Error for delays that there are not */
export function assemble(source: string): PioSource {
  const instructions: PioInstruction[] = [];
  const labels = new Map<string, number>();
  const shifts = { in: SHIFT, out: SHIFT };
  for (const raw of source.split("\n")) {
    const line = raw.replace(/;.*/, "").trim();
    const label = /^(?:public )?(\w+):$/.exec(line)?.[1];
    const shift = /^\.(in|out) \d+ (left|right)(?: auto (\d+))?$/.exec(line);
    if (label !== undefined) labels.set(label, instructions.length);
    else if (shift !== null) {
      const [, name, way, auto] = shift;
      shifts[name as "in" | "out"] = {
        isRight: way === "right",
        auto: auto === undefined ? undefined : Number(auto),
      };
    } else if (line !== "" && !line.startsWith(".")) {
      const delay = Number(/\[(\d+)\]/.exec(line)?.[1] ?? 0);
      if (delay > 31) throw new Error(`no delay is that long: ${line}`);
      const words = line.replace(/\[\d+\]/, "").split(/[\s,]+/);
      instructions.push({ words: words.filter((word) => word !== ""), delay });
    }
  }
  return { instructions, labels, ...shifts };
}
