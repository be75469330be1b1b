import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import type { Context } from "mocha";

const PROGRAMS = ["mosquitto", "mosquitto_passwd", "mosquitto_sub"];
const PATIENCE_MS = 15_000;

/** Skips loudly where Mosquitto is not installed; fails where it must be. */
export function needMosquitto(test: Context): void {
  // Debian puts the broker where only root looks.
  const path = `${process.env["PATH"]}:/usr/sbin:/usr/local/sbin`;
  const env = { ...process.env, PATH: path };
  const isAbsent = (name: string) =>
    spawnSync("sh", ["-c", `command -v ${name}`], { stdio: "ignore", env }).status !== 0;
  const absent = PROGRAMS.filter(isAbsent);
  process.env["PATH"] = path;
  if (absent.length === 0) return;
  const why = `${absent.join(", ")} not installed (apt: mosquitto mosquitto-clients)`;
  const required = process.env["CI"] === "true" || process.env["LATCHKEY_REQUIRE_SERVICES"] === "1";
  if (required) throw new Error(why);
  console.warn(`SKIPPED: nothing is published to a real MQTT broker: ${why}`);
  test.skip();
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Asks until it is so. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`waited in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => child.once("exit", () => resolve()));
}

/** A broker of our own on a port of its own, that a test may stop, start and lock. */
export class Mosquitto {
  readonly port: number;
  readonly #folder = mkdtempSync(join(tmpdir(), "latchkey-mosquitto-"));
  readonly #listeners: ChildProcess[] = [];
  #process: ChildProcess | undefined;

  private constructor(port: number) {
    this.port = port;
  }

  static async start(): Promise<Mosquitto> {
    const broker = new Mosquitto(await freePort());
    await broker.up();
    return broker;
  }

  get url(): string {
    return `mqtt://127.0.0.1:${this.port}`;
  }

  /** With `password`, only the user `latchkey` who knows it is let in. */
  async up(password?: string): Promise<void> {
    const config = join(this.#folder, "mosquitto.conf");
    const passwords = join(this.#folder, "passwords");
    const lines = [`listener ${this.port} 127.0.0.1`, `allow_anonymous ${password === undefined}`];
    // As root it would become somebody who cannot read its files.
    if (userInfo().uid === 0) lines.push("user root");
    if (password !== undefined) {
      spawnSync("mosquitto_passwd", ["-b", "-c", passwords, "latchkey", password]);
      lines.push(`password_file ${passwords}`);
    }
    writeFileSync(config, `${lines.join("\n")}\n`);
    const child = spawn("mosquitto", ["-c", config], { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    child.stderr.on("data", (text) => {
      said += text;
    });
    this.#process = child;
    await until("mosquitto runs", () => {
      if (child.exitCode !== null) throw new Error(`mosquitto: ${said}`);
      return /mosquitto version \S+ running/.test(said);
    });
  }

  async down(): Promise<void> {
    const child = this.#process;
    child?.kill("SIGKILL");
    if (child !== undefined) await ended(child);
  }

  /** What an independent client hears from now on: `topic payload` lines, retained ones first. */
  async listen(...options: string[]): Promise<readonly string[]> {
    const heard: string[] = [];
    const args = ["-h", "127.0.0.1", "-p", String(this.port), "-t", "#", "-q", "1", "-v", "-d"];
    const child = spawn("stdbuf", ["-oL", "mosquitto_sub", ...args, ...options], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#listeners.push(child);
    let rest = "";
    let subscribed = false;
    child.stdout.on("data", (text) => {
      const lines = `${rest}${text}`.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) {
        subscribed ||= line.startsWith("Subscribed");
        if (/^(latchkey|homeassistant)\//.test(line)) heard.push(line);
      }
    });
    await until("mosquitto_sub listens", () => subscribed);
    return heard;
  }

  async end(): Promise<void> {
    await this.down();
    for (const child of this.#listeners) child.kill("SIGKILL");
    await Promise.all(this.#listeners.map(ended));
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
