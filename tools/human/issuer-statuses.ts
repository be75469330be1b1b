import { join } from "node:path";
import { toBase64 } from "../../protocol/encoding/base64.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { Issuer } from "../../protocol/human/credential/issue.ts";
import type { StatusReference } from "../../protocol/human/credential/status-reference.ts";
import {
  allocateIndex,
  ENTRIES_MIN,
  STATUS,
  StatusArray,
} from "../../protocol/human/status/bit-array.ts";
import { signStatusList } from "../../protocol/human/status/token-status-list.ts";
import { nodeCompression } from "../../server/node-compression.ts";
import { systemRandom } from "../../server/system-random.ts";
import type { Context } from "../cli/context.ts";
import { readJson } from "./issuer-folder.ts";

const FILE = "status.json";
/** Valid, revoked or suspended. */
const BITS = 2;
const TTL_SECONDS = 300;
const LIFETIME_SECONDS = 86_400;

export interface StatusEntry {
  readonly index: number;
  readonly value: number;
}

/** The statuses of an issuer's credentials, in its folder: one list, published as a file. */
export class IssuerStatuses {
  readonly uri: string;
  readonly #context: Context;
  readonly #path: string;
  readonly #values: Map<number, number>;

  private constructor(context: Context, path: string, uri: string, values: Map<number, number>) {
    this.#context = context;
    this.#path = path;
    this.uri = uri;
    this.#values = values;
  }

  /** Begins a list that is going to be published at an https URL. */
  static begin(context: Context, folder: string, uri: string): void {
    new IssuerStatuses(context, join(folder, FILE), uri, new Map()).#save();
  }

  /** `undefined` for an issuer whose credentials have no status. @throws malformed */
  static open(context: Context, folder: string): IssuerStatuses | undefined {
    const path = join(folder, FILE);
    if (!context.exists(path)) return undefined;
    const body = readJson(context, path);
    const entries = body.objects("entries", { max: ENTRIES_MIN });
    const values = entries.map((entry) => [entry.uint("index"), entry.uint("value")] as const);
    const uri = body.string("uri", { max: 2048 });
    return new IssuerStatuses(context, path, uri, new Map(values));
  }

  get entries(): readonly StatusEntry[] {
    return [...this.#values].map(([index, value]) => ({ index, value }));
  }

  /** Takes an entry for a new credential. @throws storage-full */
  allocate(): StatusReference {
    const index = allocateIndex(systemRandom, ENTRIES_MIN, this.#values);
    this.#values.set(index, STATUS.valid);
    this.#save();
    return { uri: this.uri, index };
  }

  /** @throws status-index-invalid for an entry that nobody has, or that is revoked */
  set(index: number, value: number): void {
    const before = this.#values.get(index);
    if (before === undefined || before === STATUS.invalid)
      throw new LatchkeyError("status-index-invalid");
    this.#values.set(index, value);
    this.#save();
  }

  /** The list as `statuslist+jwt`, good for a day. */
  publish({ chain, sign }: Issuer): Promise<string> {
    const statuses = StatusArray.ofSize(BITS, ENTRIES_MIN);
    for (const [index, value] of this.#values) statuses.set(index, value);
    const issuedAt = Math.floor(this.#context.nowMs() / 1000);
    const times = { issuedAt, expiresAt: issuedAt + LIFETIME_SECONDS, ttlSeconds: TTL_SECONDS };
    const header = { x5c: chain.map(toBase64) };
    return signStatusList({ uri: this.uri, statuses, ...times }, header, sign, nodeCompression);
  }

  #save(): void {
    const entries = this.entries.toSorted((a, b) => a.index - b.index);
    const text = JSON.stringify({ uri: this.uri, entries }, undefined, 2);
    this.#context.writeFile(this.#path, `${text}\n`);
  }
}
