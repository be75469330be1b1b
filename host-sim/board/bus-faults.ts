import type { Prng } from "../world/prng.ts";

export type BusEffect =
  /** The address is not acknowledged: the device sees nothing. */
  | { readonly kind: "address-nack" }
  /** Byte `byte` of a write is not acknowledged; the device did not take it. */
  | { readonly kind: "data-nack"; readonly byte: number }
  /** One bit of one byte is inverted on the wire; which ones, by seed when not given. */
  | { readonly kind: "bit-flip"; readonly byte?: number; readonly bit?: number }
  /** One byte is lost: the receiver never sees it. */
  | { readonly kind: "drop-byte"; readonly byte?: number }
  /** One byte arrives twice. */
  | { readonly kind: "duplicate-byte"; readonly byte?: number }
  /** SCL is held low for `us` before byte `byte` (default 0). */
  | { readonly kind: "stretch"; readonly us: number; readonly byte?: number }
  /** SDA hangs low at once, until SCL was pulsed `clocks` times (or {@link I2CBus.freeSda}). */
  | { readonly kind: "stuck-sda"; readonly clocks: number }
  /** SCL hangs low at once, for `us` (`Infinity`: until {@link I2CBus.freeScl}). */
  | { readonly kind: "stuck-scl"; readonly us: number };

export interface BusFaultRule {
  /** Only transfers with this 7-bit address; any when absent. */
  readonly address?: number;
  readonly direction?: "read" | "write";
  /** Lets that many matching transfers pass first. */
  readonly skip?: number;
  /** Strikes at most that often; once when absent. */
  readonly times?: number;
  /** Strikes a matching transfer with this probability; always when absent. */
  readonly probability?: number;
  readonly effect: BusEffect;
}

interface Armed {
  readonly rule: BusFaultRule;
  seen: number;
  struck: number;
}

/** The faults of one bus. Rules are asked in the order in which they were added. */
export class BusFaults {
  readonly #rng: Prng;
  #armed: Armed[] = [];
  /** How many effects have been applied. */
  struck = 0;

  constructor(rng: Prng) {
    this.#rng = rng;
  }

  /** Arms a rule; the result disarms it. */
  add(rule: BusFaultRule): () => void {
    const armed = { rule, seen: 0, struck: 0 };
    this.#armed.push(armed);
    return () => {
      this.#armed = this.#armed.filter((other) => other !== armed);
    };
  }

  clear(): void {
    this.#armed = [];
  }

  /** The effects that strike a transfer which is about to begin. */
  strike(address: number, direction: "read" | "write"): BusEffect[] {
    const effects: BusEffect[] = [];
    for (const armed of this.#armed) {
      const { rule } = armed;
      if (rule.address !== undefined && rule.address !== address) continue;
      if (rule.direction !== undefined && rule.direction !== direction) continue;
      if (armed.struck >= (rule.times ?? 1)) continue;
      if (armed.seen++ < (rule.skip ?? 0)) continue;
      if (rule.probability !== undefined && !this.#rng.chance(rule.probability)) continue;
      armed.struck++;
      this.struck++;
      effects.push(rule.effect);
    }
    return effects;
  }

  /** Draws what a rule left open: a byte of the transfer, a bit of the byte. */
  draw(limit: number): number {
    return this.#rng.int(0, Math.max(0, limit - 1));
  }
}
