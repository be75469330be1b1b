import type { Secret } from "../protocol/crypto/secret.ts";
import { LatchkeyError } from "../protocol/errors.ts";
import type { VaultState } from "./store/vault-rows.ts";
import { placeOf } from "./tenant-keys.ts";
import { Vault, vaultKeyId } from "./vault.ts";
import { openVault, type VaultOptions } from "./vault-keys.ts";

export interface Rotation {
  /** Id of the key that everything is sealed under now. */
  readonly active: string;
  /** How many keys were sealed anew. */
  readonly resealed: number;
}

/** One for each replica that may still have sealed something while the change was written down. */
const PASSES_MAX = 10;

function keyOf({ crypto, keys }: VaultOptions, id: string): Secret {
  const key = keys.find((each) => vaultKeyId(crypto, each) === id);
  if (key !== undefined) return key;
  throw new LatchkeyError("config-invalid", {
    message: `The key-encryption key ${id} is needed for the change and is not here.`,
    detail: { field: "vault-key" },
  });
}

/** Seals anew what does not open under the active key. Gives how many there were. */
async function resealAll(options: VaultOptions, active: Vault, retiring: Vault): Promise<number> {
  const { records } = options;
  let resealed = 0;
  for (const key of await records.sealedKeys()) {
    const place = placeOf(key);
    const done = active.tryOpen(place, key.sealed);
    done?.wipe();
    if (done !== undefined) continue;
    const plain = retiring.open(place, key.sealed);
    // False when another one was faster: the next pass sees what it did.
    if (await records.reseal(key, active.seal(place, plain.bytes))) resealed++;
    plain.wipe();
  }
  return resealed;
}

/** From where an earlier attempt stopped to the end: the old key opens nothing any more. */
async function finish(options: VaultOptions, state: VaultState): Promise<number> {
  const { crypto, random, records } = options;
  const { active, retiring = active } = state;
  const next = new Vault(crypto, random, keyOf(options, active));
  const old = new Vault(crypto, random, keyOf(options, retiring));
  let resealed = 0;
  for (let pass = 0; pass < PASSES_MAX; pass++) {
    const now = await resealAll(options, next, old);
    resealed += now;
    if (now > 0) continue;
    if (await records.changeVault(state, { active, retiring: undefined })) return resealed;
    break;
  }
  throw new LatchkeyError("conflict");
}

/**
 * Changes the key-encryption key to the last of `keys`, while the server runs: its replicas must
 * have that key already. It is written down first, so that nothing more is sealed under the old
 * one; then all that is sealed is sealed anew, then the old key is struck out and refused from then
 * on. Interrupted anywhere, it goes on from there when it is called again.
 * @throws config-invalid, conflict when another one does the same
 */
export async function rotateVault(options: VaultOptions): Promise<Rotation> {
  const { crypto, records, keys } = options;
  await openVault(options); // refuses keys that are not this database's
  const target = vaultKeyId(crypto, keys.at(-1)!);
  let state = (await records.vaultState())!;
  let resealed = 0;
  if (state.retiring !== undefined) {
    resealed = await finish(options, state);
    state = { active: state.active, retiring: undefined };
  }
  if (state.active === target) return { active: target, resealed };
  const begun = { active: target, retiring: state.active };
  if (!(await records.changeVault(state, begun))) throw new LatchkeyError("conflict");
  resealed += await finish(options, begun);
  return { active: target, resealed };
}
