import { Secret } from "../../protocol/crypto/secret.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { KeyHolder } from "../../protocol/ntag424/handshake.ts";
import { localKeyHolder } from "../../protocol/ntag424/handshake.ts";
import { chipKeys } from "../chip-keys.ts";
import type { ServiceContext } from "../context.ts";

export const KEY_COUNT = 5;
/** Zero keys, version 0: as the chip left the factory (NT4H2421Gx §8.2.4). */
export const FACTORY_GENERATION = 0;

/**
 * The version byte under which a set of keys is written: 1 to 255 and round again, never the
 * factory's 0. It tells which of two neighbouring sets a key belongs to without trying it.
 */
export function keyVersionOf(generation: number): number {
  return generation === FACTORY_GENERATION ? 0 : ((generation - 1) % 255) + 1;
}

/** The sets of keys that a card may have while work on it is under way. */
export class CardKeys {
  readonly #sets: ReadonlyMap<number, readonly Secret[]>;

  private constructor(sets: ReadonlyMap<number, readonly Secret[]>) {
    this.#sets = sets;
  }

  /** @throws tenant-unknown, storage-corrupt */
  static async open(
    context: ServiceContext,
    tenantId: string,
    uid: Uint8Array,
    generations: readonly number[],
  ): Promise<CardKeys> {
    const sets = new Map<number, readonly Secret[]>();
    for (const generation of generations) {
      if (generation !== FACTORY_GENERATION)
        sets.set(generation, await chipKeys(context, tenantId, uid, generation));
      else sets.set(generation, Array.from({ length: KEY_COUNT }, factoryKey));
    }
    return new CardKeys(sets);
  }

  key(generation: number, keyNo: number): Secret {
    const key = this.#sets.get(generation)?.[keyNo];
    if (key === undefined) throw new RangeError(`card: no key ${keyNo} of set ${generation}`);
    return key;
  }

  holder({ crypto, random }: ServiceContext, generation: number): KeyHolder {
    return localKeyHolder(crypto, random, (keyNo) => this.key(generation, keyNo));
  }

  wipe(): void {
    for (const set of this.#sets.values()) for (const key of set) key.wipe();
  }
}

const factoryKey = (): Secret => new Secret(new Uint8Array(16));

/**
 * Which set each key belongs to, by its version. Nothing is tried: a version that is not one of
 * the journal's means that somebody else wrote this card.
 * @throws card-keys-unknown
 */
export function generationsOf(
  versions: readonly number[],
  possible: readonly number[],
): readonly number[] {
  return versions.map((version, keyNo) => {
    const generation = possible.find((each) => keyVersionOf(each) === version);
    if (generation !== undefined) return generation;
    const expected = possible.map(keyVersionOf).join(" or ");
    throw new LatchkeyError("card-keys-unknown", {
      message: `Key ${keyNo} has version ${version}, not ${expected}: no key was tried.`,
      detail: { keyNo, version },
    });
  });
}
