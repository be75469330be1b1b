/** Which key-encryption keys are in use, by their ids. */
export interface VaultState {
  /** Everything is sealed under it, or is about to be. */
  readonly active: string;
  /** What is not sealed anew yet is under this one. */
  readonly retiring: string | undefined;
}

/** A sealed key and its place. */
export interface SealedKey {
  /** A tenant's key by its name, or the material of a batch. */
  readonly kind: "key" | "batch";
  readonly tenantId: string;
  readonly name: string;
  readonly sealed: Uint8Array;
}

/** The part of `Records` that changes the key-encryption key. */
export interface VaultRecords {
  /** `undefined` before a server was started on it. */
  vaultState(): Promise<VaultState | undefined>;
  /** Compare and set: false when it was not `before`. */
  changeVault(before: VaultState | undefined, after: VaultState): Promise<boolean>;
  /** All that is sealed. */
  sealedKeys(): Promise<readonly SealedKey[]>;
  /** Compare and set: false when it is not sealed as given any more. */
  reseal(key: SealedKey, sealed: Uint8Array): Promise<boolean>;
}
