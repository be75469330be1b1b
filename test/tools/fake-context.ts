import { PassThrough } from "node:stream";
import type { SimEvent } from "../../host-sim/scenario/events.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { systemTimer } from "../../server/system-timer.ts";
import { wasmSha3 } from "../../server/wasm-sha3.ts";
import { Channel } from "../../tools/cli/channel.ts";
import type { Context, Link } from "../../tools/cli/context.ts";
import { runCli } from "../../tools/cli/run.ts";
import type { Desk, DeskOptions, ScenarioOptions, Simulator } from "../../tools/simulator.ts";

export interface FakeRun {
  readonly exitCode: number;
  readonly out: string;
  readonly err: string;
}

/** A world in memory for the commands. Anything that a test does not replace refuses to work. */
export class FakeWorld {
  readonly files = new Map<string, string | Uint8Array>();
  readonly secretFiles = new Set<string>();
  readonly stdin = new PassThrough();
  readonly interrupt = new AbortController();
  readonly context: Context;
  out = "";
  err = "";

  constructor(changes: Partial<Context> = {}) {
    const refuse = (what: string) => async (): Promise<never> => {
      throw new LatchkeyError("unavailable", { message: `no ${what} in this test` });
    };
    const sink = (add: (text: string) => void) => ({
      write: add,
      isTTY: false,
      columns: 80,
      rows: 24,
    });
    this.context = {
      cwd: "/desk",
      env: {},
      version: "1.2.3",
      nodeVersion: "v24.0.0",
      platform: "linux",
      stdout: sink((text) => {
        this.out += text;
      }),
      stderr: sink((text) => {
        this.err += text;
      }),
      stdin: this.stdin,
      interrupted: this.interrupt.signal,
      nowMs: () => 1_700_000_000_000,
      timer: systemTimer,
      exists: (path) => this.files.has(path),
      writable: () => true,
      readText: (path) => {
        const data = this.files.get(path);
        return typeof data === "object" ? Buffer.from(data).toString() : data;
      },
      readBytes: (path) => {
        const data = this.files.get(path);
        return typeof data === "string" ? new TextEncoder().encode(data) : data;
      },
      writeFile: (path, data, { secret = false } = {}) => {
        this.files.set(path, data);
        if (secret) this.secretFiles.add(path);
      },
      writePieces: (path, data) => {
        this.files.set(path, data);
        return [data.length / 2, data.length];
      },
      appendText: (path, text) => {
        this.files.set(path, `${this.files.get(path) ?? ""}${text}`);
      },
      removeFile: (path) => void this.files.delete(path),
      removeFolder: (path) => {
        for (const file of this.files.keys())
          if (file.startsWith(`${path}/`)) this.files.delete(file);
      },
      fetch: refuse("network"),
      rotateVault: refuse("server"),
      postJson: refuse("server"),
      openSerial: refuse("serial port"),
      openBytes: refuse("serial port"),
      listSerialPorts: async () => [],
      connectTcp: refuse("TCP"),
      runTool: refuse("program"),
      bootVolumes: () => [],
      bundleFirmware: refuse("bundler"),
      findXs: () => "/engine",
      serve: refuse("server"),
      loadSimulator: refuse("simulator"),
      openCard: refuse("card"),
      openCardServer: refuse("server"),
      openGateway: refuse("gateway"),
      openReadings: refuse("server"),
      openManager: refuse("server"),
      openAuthority: refuse("authority"),
      openAdmin: refuse("server"),
      sha3: async () => wasmSha3(),
      ...changes,
    };
  }

  async run(...words: string[]): Promise<FakeRun> {
    this.out = "";
    this.err = "";
    const exitCode = await runCli(words, this.context);
    return { exitCode, out: this.out, err: this.err };
  }

  /** The JSON lines of the last run. */
  events(): Record<string, unknown>[] {
    const lines = this.out.split("\n").filter((line) => line !== "");
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }
}

/** A link whose other end a test holds. */
export function fakeLink() {
  const heard: string[] = [];
  let onText = (_text: string): void => {};
  let onEnd = (_reason: string | undefined): void => {};
  let closed = false;
  const link: Link = {
    write: (text) => void heard.push(text),
    onText: (callback) => {
      onText = callback;
    },
    onEnd: (callback) => {
      onEnd = callback;
    },
    close: () => {
      closed = true;
    },
  };
  return {
    link,
    heard,
    say: (text: string) => onText(text),
    end: (reason?: string) => onEnd(reason),
    get closed() {
      return closed;
    },
  };
}

/** A desk with two badges; `good` opens the door. */
export class FakeDesk implements Desk {
  readonly serverUrl = "http://127.0.0.1:4242";
  readonly badges = [
    { name: "good", title: "Ada" },
    { name: "clone", title: "a copy of Ada's" },
  ];
  readonly channel = new Channel<SimEvent>();
  readonly typed: string[] = [];
  readonly taps: string[] = [];
  readonly laid: string[] = [];
  pn532: DeskOptions["pn532"];
  stopped = false;

  events(): AsyncIterable<SimEvent> {
    return this.channel;
  }

  async tap(badge: string, holdMs?: number) {
    this.taps.push(holdMs === undefined ? badge : `${badge} for ${holdMs}`);
    if (badge === "good") return { granted: true, holder: "Ada", tookMs: 71.25 };
    if (badge !== "clone")
      throw new LatchkeyError("badge-unknown", { message: `no ${badge} here` });
    return { granted: false, reason: "badge-cloned", tookMs: 70 };
  }

  get pn532Path(): string | undefined {
    return this.pn532 === undefined ? undefined : "/tmp/pty";
  }

  async layOnPn532(badge: string, holdMs?: number): Promise<void> {
    if (this.pn532 === undefined) throw new LatchkeyError("not-found", { message: "no PN532" });
    this.laid.push(holdMs === undefined ? badge : `${badge} for ${holdMs}`);
  }

  write(text: string): void {
    this.typed.push(text);
    this.channel.push({ type: "serial", atMs: 5, text: `echo ${text.trim()}\n` });
  }

  async stop(): Promise<void> {
    this.stopped = true;
    this.channel.end();
  }
}

/** A simulator that reports what it is told to, and remembers what it was asked. */
export class FakeSimulator implements Simulator {
  readonly desk = new FakeDesk();
  readonly #events: readonly SimEvent[];
  asked: ScenarioOptions | undefined;

  constructor(events: readonly SimEvent[] = []) {
    this.#events = events;
  }

  parseScenario(text: string) {
    if (text.includes("wrong")) {
      throw new LatchkeyError("scenario-invalid", {
        message: "line 3: wrong",
        detail: { line: 3 },
      });
    }
    const badges = {};
    const visitors = {};
    const times = { timeoutUs: 1, networkJoinUs: 1, latencyUs: 1 };
    const node = "reader" as const;
    const own = { node, reader: {}, sensors: undefined };
    return { name: text, seed: "1", ...times, ...own, badges, visitors, steps: [] };
  }

  async *runScenario(_scenario: object, options: ScenarioOptions) {
    this.asked = options;
    yield* this.#events;
  }

  async startDesk({ pn532 }: DeskOptions): Promise<Desk> {
    this.desk.pn532 = pn532;
    return this.desk;
  }
}
