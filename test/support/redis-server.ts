import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import type { Context } from "mocha";
import { freePort, until } from "./mosquitto.ts";

/** Skips loudly where Redis is not installed; fails where it must be. */
export function needRedisServer(test: Context): void {
  if (spawnSync("redis-server", ["--version"], { stdio: "ignore" }).status === 0) return;
  const why = "redis-server not installed (apt: redis-server)";
  const required = process.env["CI"] === "true" || process.env["LATCHKEY_REQUIRE_SERVICES"] === "1";
  if (required) throw new Error(why);
  console.warn(`SKIPPED: no Redis is restarted under the server: ${why}`);
  test.skip();
}

/** A Redis of our own, that a test may stop, start, lock and have remember what it wrote. */
export class RedisServer {
  readonly port: number;
  readonly #folder = mkdtempSync(join(tmpdir(), "latchkey-redis-"));
  #process: ChildProcess | undefined;

  private constructor(port: number) {
    this.port = port;
  }

  static async start(): Promise<RedisServer> {
    const server = new RedisServer(await freePort());
    await server.up();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  async up(...options: string[]): Promise<void> {
    const args = ["--port", String(this.port), "--bind", "127.0.0.1", "--dir", this.#folder];
    const child = spawn("redis-server", [...args, "--save", "", ...options], {
      stdio: ["ignore", "pipe", "ignore"],
    });
    let said = "";
    child.stdout.on("data", (text) => {
      said += text;
    });
    this.#process = child;
    await until("redis-server runs", () => {
      if (child.exitCode !== null) throw new Error(`redis-server: ${said}`);
      return said.includes("Ready to accept connections");
    });
  }

  /** As when the power goes. */
  async down(): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGKILL");
    await ended;
  }

  /** Whether it answers at all is for the test to say. */
  pause(): void {
    this.#process?.kill("SIGSTOP");
  }

  goOn(): void {
    this.#process?.kill("SIGCONT");
  }

  /** A word with it beside the server. */
  async ask<T>(work: (redis: Redis) => Promise<T>): Promise<T> {
    const redis = new Redis(this.url);
    try {
      return await work(redis);
    } finally {
      redis.disconnect();
    }
  }

  async end(): Promise<void> {
    await this.down();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
