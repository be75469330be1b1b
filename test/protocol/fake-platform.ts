import type { CryptoProvider } from "../../protocol/crypto/provider.ts";
import type { IdentityOptions } from "../../protocol/node/identity-config.ts";
import type { IdentityEvent } from "../../protocol/node/identity-events.ts";
import { IdentityNode } from "../../protocol/node/identity-node.ts";
import type {
  IdentityPlatform,
  Random,
  Storage,
  Timer,
  TimerHandle,
} from "../../protocol/platform.ts";
import { BASE_URL, COMM_IV, COMM_KEY, FakeServer } from "./fake-server.ts";
import { FakeTime } from "./fake-time.ts";
import { toyCrypto } from "./toy-crypto.ts";

export const TENANT = "3f2c9a52-7a5b-4c7e-9d1f-0a1b2c3d4e5f";

/** Random bytes that are the same in every run of one seed. */
export function fakeRandom(crypto: CryptoProvider, seed = 1): Random {
  let drawn = 0;
  return {
    bytes(length) {
      const out = new Uint8Array(length);
      for (let at = 0; at < length; at += 32) {
        const block = crypto.sha256(Uint8Array.of(seed, drawn >> 8, drawn++ & 255));
        out.set(block.subarray(0, Math.min(32, length - at)), at);
      }
      return out;
    },
  };
}

/** Storage in a map. `beforeOperation` may throw, as a power cut would. */
export class FakeStorage implements Storage {
  readonly values = new Map<string, Uint8Array>();
  onOperation: (when: "before" | "after", what: string) => void = () => {};

  get(key: string): Uint8Array | undefined {
    this.onOperation("before", `get ${key}`);
    const value = this.values.get(key)?.slice();
    this.onOperation("after", `get ${key}`);
    return value;
  }

  set(key: string, value: Uint8Array): void {
    this.onOperation("before", `set ${key}`);
    this.values.set(key, value.slice());
    this.onOperation("after", `set ${key}`);
  }

  delete(key: string): void {
    this.onOperation("before", `delete ${key}`);
    this.values.delete(key);
    this.onOperation("after", `delete ${key}`);
  }
}

/** A node and the server it talks to, in one fake world. */
export class Bench {
  readonly time = new FakeTime();
  readonly storage = new FakeStorage();
  readonly log: string[] = [];
  readonly events: IdentityEvent[] = [];
  readonly server: FakeServer;
  readonly crypto: CryptoProvider;
  readonly platform: IdentityPlatform;
  readonly #nodeTimers = new Set<TimerHandle>();

  constructor(crypto: CryptoProvider = toyCrypto, randomSeed = 1) {
    this.crypto = crypto;
    this.server = new FakeServer(crypto, this.time);
    this.platform = {
      clock: this.time.clock,
      timer: this.#countedTimer(),
      random: fakeRandom(crypto, randomSeed),
      storage: this.storage,
      http: this.server,
      crypto,
      log: {
        write: (level, event, fields) => this.log.push(JSON.stringify([level, event, fields])),
      },
    };
  }

  /** A node that is switched on now, with what the storage holds. */
  node(options: Partial<IdentityOptions> = {}): IdentityNode {
    return new IdentityNode({
      baseUrl: BASE_URL,
      nodeType: "reader",
      tenantId: TENANT,
      commKey: COMM_KEY,
      commIv: COMM_IV,
      serverKeys: [this.server.publicKey],
      platform: this.platform,
      onEvent: (event) => this.events.push(event),
      ...options,
    });
  }

  /** Timers that the node has set and that have neither fired nor been cleared. */
  get nodeTimers(): number {
    return this.#nodeTimers.size;
  }

  #countedTimer(): Timer {
    const { timer } = this.time;
    return {
      set: (callback, delayMs) => {
        const run = () => {
          this.#nodeTimers.delete(handle);
          callback();
        };
        const handle = timer.set(run, delayMs);
        this.#nodeTimers.add(handle);
        return handle;
      },
      clear: (handle) => {
        this.#nodeTimers.delete(handle);
        timer.clear(handle);
      },
    };
  }

  /** The events' names in order. */
  get happened(): string[] {
    return this.events.map(({ type }) => type);
  }
}
