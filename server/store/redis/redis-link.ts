import { Redis } from "ioredis";
import { LatchkeyError } from "../../../protocol/errors.ts";

const TIMEOUT_MS = 3000;
/** A Redis that is away is asked again at most so often. */
const PAUSE_MS = 250;
const RETRY_AFTER_SECONDS = 2;

/** A connection, and the name of the memory behind it. */
interface Live {
  readonly redis: Redis;
  readonly prefix: string;
}

export type RedisWork<T> = (redis: Redis, prefix: string) => Promise<T>;

/** Answers that mean "not now"; any other one is a bug of ours. */
const NOT_NOW = /^(OOM|READONLY|LOADING|BUSY|MASTERDOWN|MISCONF|NOREPLICAS|ERR max|EXECABORT)/;
const NOT_LET_IN = /^(NOAUTH|WRONGPASS|NOPERM|ERR (invalid password|Client sent AUTH|AUTH))/;

function fail(message: string, cause?: unknown): LatchkeyError {
  return new LatchkeyError("config-invalid", { message, detail: { field: "redis" }, cause });
}

function translate(error: unknown): unknown {
  if (error instanceof LatchkeyError) return error;
  const { name, message } = error as Error;
  if (name === "ReplyError" && !NOT_NOW.test(message) && !NOT_LET_IN.test(message)) return error;
  const detail = { retry_after: RETRY_AFTER_SECONDS };
  return new LatchkeyError("unavailable", { cause: error, detail });
}

/**
 * One connection to Redis. Keys begin with the run id of the process behind it, which is asked for
 * on each new connection before anything else: a Redis that was restarted from its disk, or a
 * copy that has taken over, may remember an answered challenge as open or a replay window as it
 * was some seconds ago, and none of that must count. For the same reason nothing is sent again by
 * itself.
 */
export class RedisLink {
  readonly #url: string;
  readonly #prefix: string;
  #live: Promise<Live> | undefined;
  #triedAt = Number.NEGATIVE_INFINITY;
  #closed = false;

  /**
   * `redis://…`, or `rediss://…` for TLS; `?prefix=name` where several services share one Redis.
   * @throws config-invalid, which quotes nothing of it
   */
  constructor(text: string) {
    const url = URL.parse(text);
    if (!url || !/^rediss?:$/.test(url.protocol))
      throw fail("The URL of Redis must begin with redis:// or rediss://.");
    const prefix = url.searchParams.get("prefix") ?? "latchkey";
    const others = [...url.searchParams.keys()].some((name) => name !== "prefix");
    if (others || !/^[a-z0-9_-]{1,64}$/.test(prefix))
      throw fail("The URL of Redis takes no parameter but prefix=name.");
    url.search = "";
    this.#url = url.href;
    this.#prefix = prefix;
  }

  /** Connects, to see whether it will do. @throws unavailable, config-invalid */
  async open(): Promise<void> {
    try {
      await this.run(async () => {});
    } catch (error) {
      const cause = (error as Error).cause ?? error;
      if (!(cause instanceof Error) || !NOT_LET_IN.test(cause.message)) throw error;
      throw fail("Redis does not take the user and password of its URL.", cause);
    }
  }

  /** @throws unavailable */
  async run<T>(work: RedisWork<T>): Promise<T> {
    try {
      const { redis, prefix } = await this.#connection();
      return await work(redis, prefix);
    } catch (error) {
      throw translate(error);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const live = await this.#live?.catch(() => undefined);
    live?.redis.disconnect();
  }

  #connection(): Promise<Live> {
    if (this.#live !== undefined) return this.#live;
    const nowMs = performance.now();
    if (this.#closed || nowMs - this.#triedAt < PAUSE_MS)
      return Promise.reject(new Error("no connection"));
    this.#triedAt = nowMs;
    const forget = (): void => {
      if (this.#live === live) this.#live = undefined;
    };
    const live = connect(this.#url, this.#prefix, forget);
    live.catch(forget);
    this.#live = live;
    return live;
  }
}

async function connect(url: string, name: string, onClose: () => void): Promise<Live> {
  const redis = new Redis(url, {
    lazyConnect: true,
    connectTimeout: TIMEOUT_MS,
    commandTimeout: TIMEOUT_MS,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    // What many requests ask in one turn of the event loop goes out in one write.
    enableAutoPipelining: true,
    retryStrategy: () => null,
  });
  let failure: unknown;
  // Whoever waits for an answer hears of it there; without a listener it would be printed.
  redis.on("error", (error) => {
    failure = error;
  });
  redis.on("close", onClose);
  try {
    await redis.connect();
    const runId = /^run_id:([0-9a-f]{16})/m.exec(await redis.info("server"))?.[1];
    if (runId === undefined) throw new Error("Redis does not say which run of it this is");
    return { redis, prefix: `${name}:{${runId}}:` };
  } catch (error) {
    redis.disconnect();
    throw failure ?? error;
  }
}
