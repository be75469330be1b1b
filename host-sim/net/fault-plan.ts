import type { Prng } from "../world/prng.ts";
import type { NetworkFault, NetworkFaultKind } from "./network-fault.ts";

interface PlannedFault {
  readonly fault: NetworkFault;
  readonly path: string | undefined;
  timesLeft: number;
}

/** Which fault meets which request: planned ones in order, then random ones by their rates. */
export class FaultPlan {
  readonly #rng: Prng;
  #planned: PlannedFault[] = [];
  #rates: readonly (readonly [NetworkFault, number])[] = [];

  constructor(rng: Prng) {
    this.#rng = rng;
  }

  /**
   * The fault meets the next `times` requests (1 unless told; Infinity until `clear`), of those
   * whose path ends with `path` if that is given.
   */
  inject(fault: NetworkFault, options: { times?: number; path?: string } = {}): void {
    this.#planned.push({ fault, path: options.path, timesLeft: options.times ?? 1 });
  }

  /** Random faults: each with its probability per request. Replaces what was set before. */
  setRates(rates: readonly (readonly [NetworkFault, number])[]): void {
    this.#rates = rates;
  }

  /** From now on nothing goes wrong; or nothing of that kind. */
  clear(kind?: NetworkFaultKind): void {
    const stays = (fault: NetworkFault): boolean => kind !== undefined && fault.kind !== kind;
    this.#planned = this.#planned.filter((planned) => stays(planned.fault));
    this.#rates = this.#rates.filter(([fault]) => stays(fault));
  }

  /** The fault of a request to `path`, if any. */
  next(path: string): NetworkFault | undefined {
    const planned = this.#planned.find(
      (entry) => entry.path === undefined || path.endsWith(entry.path),
    );
    if (planned !== undefined) {
      planned.timesLeft--;
      if (planned.timesLeft <= 0) this.#planned = this.#planned.filter((p) => p !== planned);
      return planned.fault;
    }
    for (const [fault, probability] of this.#rates) {
      if (this.#rng.chance(probability)) return fault;
    }
    return undefined;
  }
}
