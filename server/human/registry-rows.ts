import { toHex } from "../../protocol/encoding/hex.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { StatusPlace } from "../store/humans.ts";
import type { AuditEntry } from "../store/records.ts";
import {
  type HumanAccount,
  type HumanIdentifier,
  readAccount,
  readIdentifier,
  writeAccount,
  writeIdentifier,
} from "./account.ts";
import {
  type KeyContext,
  type RegistryKeys,
  type RowKind,
  withRegistryKeys,
} from "./registry-keys.ts";

/** Changes of one account in each other's way; each attempt sees what came before it. */
const ATTEMPTS = 8;
/** Of an index, in the audit log: enough to tell rows apart. */
const NAME_BYTES = 12;

/** What becomes of an account, in one transaction. */
export interface AccountChange<T> {
  readonly account: HumanAccount;
  readonly identifiers?: readonly HumanIdentifier[];
  readonly revoked?: readonly StatusPlace[];
  readonly entry: Omit<AuditEntry, "tenantId">;
  readonly result: T;
}

/** One tenant's rows, opened: to be used within `withRows`. */
export class RegistryRows {
  readonly tenantId: string;
  readonly #context: KeyContext;
  readonly #keys: RegistryKeys;

  constructor(context: KeyContext, tenantId: string, keys: RegistryKeys) {
    this.tenantId = tenantId;
    this.#context = context;
    this.#keys = keys;
  }

  /** How the audit log calls an account or an identifier: as little as the database does. */
  nameOf(kind: RowKind, name: string): string {
    return toHex(this.#keys.indexOf(kind, name).subarray(0, NAME_BYTES));
  }

  async account(rootId: string): Promise<HumanAccount | undefined> {
    return (await this.#account(rootId))?.account;
  }

  async identifier(did: string): Promise<HumanIdentifier | undefined> {
    const index = this.#keys.indexOf("identifier", did);
    const sealed = await this.#context.records.humanIdentifier(this.tenantId, index);
    if (sealed === undefined) return undefined;
    return readIdentifier(this.#keys.open("identifier", index, sealed));
  }

  /**
   * Changes an account by `step`, which may run again when another change came first. It gives
   * nothing when there is nothing to change.
   * @throws conflict after some attempts, and what `step` throws
   */
  async change<T>(
    rootId: string,
    step: (account: HumanAccount | undefined) => Promise<AccountChange<T>> | AccountChange<T>,
  ): Promise<T> {
    const { records } = this.#context;
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const known = await this.#account(rootId);
      const { account, identifiers = [], revoked = [], entry, result } = await step(known?.account);
      const index = this.#keys.indexOf("account", rootId);
      const saved = await records.saveHuman({
        ...{ tenantId: this.tenantId, account: index, replaces: known?.revision ?? 0, revoked },
        sealed: this.#keys.seal("account", index, writeAccount(account)),
        identifiers: identifiers.map((one) => this.#sealed(one)),
        entry: { ...entry, tenantId: this.tenantId },
      });
      if (saved) return result;
    }
    throw new LatchkeyError("conflict");
  }

  #sealed(identifier: HumanIdentifier): { did: Uint8Array; sealed: Uint8Array } {
    const did = this.#keys.indexOf("identifier", identifier.did);
    return { did, sealed: this.#keys.seal("identifier", did, writeIdentifier(identifier)) };
  }

  async #account(rootId: string) {
    const index = this.#keys.indexOf("account", rootId);
    const row = await this.#context.records.human(this.tenantId, index);
    if (row === undefined) return undefined;
    const account = readAccount(this.#keys.open("account", index, row.sealed));
    return { account, revision: row.revision };
  }
}

/** Lends a tenant's rows to `use`. @throws tenant-unknown */
export function withRows<T>(
  context: KeyContext,
  tenantId: string,
  use: (rows: RegistryRows) => Promise<T>,
): Promise<T> {
  return withRegistryKeys(context, tenantId, (keys) =>
    use(new RegistryRows(context, tenantId, keys)),
  );
}
