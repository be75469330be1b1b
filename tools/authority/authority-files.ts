import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ownValue } from "../../protocol/claims/claim-reader.ts";
import type { TreeCache } from "../../protocol/claims/key-tree.ts";
import type { Sha3 } from "../../protocol/crypto/sha3.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { isLatchkeyError, LatchkeyError } from "../../protocol/errors.ts";
import { type JsonValue, parseValue } from "../../protocol/json/reader.ts";
import { createDurably, replaceDurably } from "../durable-file.ts";

/** A graph of 256 claims that trees signed has 2.4 million characters. */
export const GRAPH_LIMITS = Object.freeze({ length: 4 * 1024 * 1024, depth: 24 });

/**
 * What an authority keeps in its folder. Claims are files of their own, named by their content and
 * never changed: however many processes add some, none is lost. `graph.json` is made from them.
 *
 * | file | |
 * | --- | --- |
 * | `document.json` | the identity document |
 * | `claims/` | one signed claim each |
 * | `keys/` | one seed each, wrapped, named by its address |
 * | `leases/` | how far each key was used |
 * | `trees/` | public keys of the trees, which take long to make |
 * | `graph.json` | document and claims, for others |
 */
export class AuthorityFiles {
  readonly #folder: string;
  readonly #sha3: Sha3;

  constructor(folder: string, sha3: Sha3) {
    this.#folder = folder;
    this.#sha3 = sha3;
  }

  get leases(): string {
    return join(this.#folder, "leases");
  }

  get graphPath(): string {
    return join(this.#folder, "graph.json");
  }

  /** `undefined` where there is no authority yet. @throws file-unusable, malformed */
  document(): JsonValue | undefined {
    return this.#json("document.json");
  }

  /** @throws conflict when there is one already; file-unusable */
  createDocument(document: object): void {
    if (!this.#create("document.json", pretty(document)))
      throw new LatchkeyError("conflict", {
        message: `${this.#folder} holds an authority already`,
      });
    this.#writeGraph();
  }

  /** All claims, in the order of time. @throws file-unusable, malformed */
  claims(): readonly JsonValue[] {
    const claims = this.#names("claims").map((name) => this.#json(join("claims", name))!);
    return claims.sort((a, b) => statedTime(a) - statedTime(b));
  }

  /** Durable when it returns. @throws file-unusable */
  addClaim(claim: object): void {
    const text = pretty(claim);
    const name = toHex(this.#sha3.sha3_256(Buffer.from(text)));
    this.#create(join("claims", `${name}.json`), text);
    this.#writeGraph();
  }

  /** The file of the key with an address. @throws file-unusable */
  key(address: string): string {
    const text = this.#read(join("keys", `${address}.json`));
    if (text !== undefined) return text;
    throw new LatchkeyError("file-unusable", {
      message: `the key ${address} is not in this folder`,
    });
  }

  /** @throws file-unusable */
  addKey(address: string, text: string): void {
    this.#create(join("keys", `${address}.json`), text);
  }

  /** Public keys of a tree; what cannot be read or written is made anew. */
  treeCache(keyId: string): TreeCache {
    const path = (node: string) => join("trees", `${keyId}-${node.replaceAll("/", "-")}`);
    return {
      get: (node) => {
        try {
          return new Uint8Array(readFileSync(join(this.#folder, path(node))));
        } catch {
          return undefined;
        }
      },
      set: (node, bytes) => void this.#create(path(node), bytes),
    };
  }

  /**
   * Whoever writes last has seen all claims: each writes until what it wrote is all that there is.
   */
  #writeGraph(): void {
    for (let written = ""; ; ) {
      const text = pretty({ document: this.document(), claims: this.claims() });
      if (text === written) return;
      written = text;
      withFile(this.graphPath, () => replaceDurably(this.graphPath, Buffer.from(text)));
    }
  }

  #create(name: string, data: string | Uint8Array): boolean {
    const path = join(this.#folder, name);
    return withFile(path, () => {
      mkdirSync(join(path, ".."), { recursive: true, mode: 0o700 });
      return createDurably(path, typeof data === "string" ? Buffer.from(data) : data);
    });
  }

  #json(name: string): JsonValue | undefined {
    const text = this.#read(name);
    return text === undefined ? undefined : parseValue(text, name, GRAPH_LIMITS);
  }

  #read(name: string): string | undefined {
    const path = join(this.#folder, name);
    return withFile(path, () => absent(() => readFileSync(path, "utf8")));
  }

  /** A name that begins with a dot is of something that is not whole yet. */
  #names(folder: string): string[] {
    const path = join(this.#folder, folder);
    const names = withFile(path, () => absent(() => readdirSync(path))) ?? [];
    return names.filter((name) => /^[0-9a-f]{64}\.json$/.test(name)).sort();
  }
}

function statedTime(signed: JsonValue): number {
  return Number(ownValue(ownValue(signed, "claim"), "issuedAt")) || 0;
}

const pretty = (value: object): string => `${JSON.stringify(value, undefined, 2)}\n`;

function absent<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function withFile<T>(path: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (isLatchkeyError(error)) throw error;
    throw new LatchkeyError("file-unusable", { message: `${path} cannot be used`, cause: error });
  }
}
