import type { CryptoProvider } from "../protocol/crypto/provider.ts";
import type { Secret } from "../protocol/crypto/secret.ts";
import { LatchkeyError } from "../protocol/errors.ts";
import type { Random } from "../protocol/platform.ts";
import type { Records } from "./store/records.ts";
import { Vault, vaultKeyId } from "./vault.ts";

export interface VaultOptions {
  readonly crypto: CryptoProvider;
  readonly random: Random;
  readonly records: Records;
  /** The newest last. */
  readonly keys: readonly Secret[];
}

function misfit(message: string): LatchkeyError {
  return new LatchkeyError("config-invalid", { message, detail: { field: "vault-key" } });
}

/**
 * The vault for these records. The first start says in them which key it is; after that one with
 * other keys is refused, and so is a key that another has taken over from.
 * @throws config-invalid
 */
export async function openVault({ crypto, random, records, keys }: VaultOptions): Promise<Vault> {
  const named = keys.map((key) => ({ key, id: vaultKeyId(crypto, key) }));
  if (named[0] === undefined) throw new RangeError("vault: at least one key");
  // Before it was written down which one it is there was but one.
  await records.changeVault(undefined, { active: named[0].id, retiring: undefined });
  const state = (await records.vaultState())!;
  const active = named.findIndex(({ id }) => id === state.active);
  const retiring = named.find(({ id }) => id === state.retiring);
  if (active < 0)
    throw misfit(
      `The database belongs with the key-encryption key ${state.active}, which is not here: ` +
        "copy keys/ from where the server was started first.",
    );
  if (state.retiring !== undefined && retiring === undefined)
    throw misfit(
      `The change of the key-encryption key has not ended: ${state.retiring} is still needed.`,
    );
  // One to come opens as well: the change may begin while this process runs.
  const others = named.slice(active + 1).map(({ key }) => key);
  const before = retiring === undefined ? [] : [retiring.key];
  return new Vault(crypto, random, named[active]!.key, [...before, ...others]);
}
