import { LatchkeyError } from "../../protocol/errors.ts";

/** As much of IndexedDB as is used here; a CryptoKey can be stored in it without being readable. */
interface Request {
  readonly result: unknown;
  readonly error: unknown;
  onsuccess: (() => void) | null;
  onerror: ((event: { preventDefault(): void }) => void) | null;
  onblocked?: (() => void) | null;
  onupgradeneeded?: (() => void) | null;
}

interface Transaction {
  objectStore(name: string): {
    get(key: string): Request;
    put(value: unknown, key: string): Request;
  };
  oncomplete: (() => void) | null;
  onabort: (() => void) | null;
  readonly error: unknown;
}

interface Database {
  createObjectStore(name: string): void;
  transaction(name: string, mode: string, options?: { durability: string }): Transaction;
  close(): void;
}

declare const indexedDB: { open(name: string, version: number): Request } | undefined;

const DATABASE = "latchkey";
const STORE = "identities";

function failed(cause: unknown): LatchkeyError {
  return new LatchkeyError("storage-failed", { cause });
}

function open(): Promise<Database> {
  return new Promise((resolve, reject) => {
    if (typeof indexedDB === "undefined") return reject(failed("no IndexedDB here"));
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => (request.result as Database).createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result as Database);
    request.onerror = () => reject(failed(request.error));
  });
}

/**
 * What stands under the name; if there is nothing, `fresh` is put there. One transaction, so that
 * of two tabs at once both get what one of them put.
 * @throws storage-failed
 */
export async function getOrPut<T>(name: string, fresh?: T): Promise<T | undefined> {
  const database = await open();
  try {
    return await new Promise<T | undefined>((resolve, reject) => {
      const mode = fresh === undefined ? "readonly" : "readwrite";
      // On the disk, not only in the system's memory, before anybody hears of the key.
      const transaction = database.transaction(STORE, mode, { durability: "strict" });
      const store = transaction.objectStore(STORE);
      let found: T | undefined;
      const reading = store.get(name);
      reading.onsuccess = () => {
        found = (reading.result as T | undefined) ?? fresh;
        if (reading.result === undefined && fresh !== undefined) store.put(fresh, name);
      };
      transaction.oncomplete = () => resolve(found);
      transaction.onabort = () => reject(failed(transaction.error));
    });
  } finally {
    database.close();
  }
}
