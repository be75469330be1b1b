import { existsSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { TestRecord } from "../support/records.ts";
import { bundleForXs } from "./bundle.ts";
import { XsEngine } from "./engine.ts";

/** Longest a test may be silent. The slowest takes a second or two; a hung one takes for ever. */
const SILENCE_LIMIT_MS = 60_000;

/** What XS steps one named piece of work cost. */
export interface XsMeterReading {
  readonly name: string;
  readonly compute: number;
}

export interface XsFileResult {
  readonly records: readonly TestRecord[];
  readonly readings: readonly XsMeterReading[];
  /** Steps of all tests of the file. */
  readonly compute: number;
}

/** Functions that tests on XS may call on the host by name, from a `*.host.ts` beside them. */
export type HostFunctions = Readonly<Record<string, (argument: unknown) => unknown>>;

interface Message {
  readonly type: "begin" | "finish" | "meter" | "unhandled" | "end" | "call";
  readonly suite: string;
  readonly title: string;
  readonly state: TestRecord["state"];
  readonly error?: string;
  readonly message: string;
  readonly name: string;
  readonly argument: unknown;
  readonly compute: number;
}

/** Turns the messages of one program on XS into records. */
class Session {
  readonly records: TestRecord[] = [];
  readonly readings: XsMeterReading[] = [];
  readonly #file: string;
  readonly #hosts: HostFunctions;
  readonly #onRecord: (record: TestRecord) => void;
  #running: { suite: string; title: string; startMs: number } | undefined;
  #unhandled: string[] = [];
  compute: number | undefined;
  output = "";

  constructor(file: string, hosts: HostFunctions, onRecord: (record: TestRecord) => void) {
    this.#file = file;
    this.#hosts = hosts;
    this.#onRecord = onRecord;
  }

  async handle(request: Uint8Array): Promise<Uint8Array> {
    const message = JSON.parse(Buffer.from(request).toString()) as Message;
    if (message.type === "begin") {
      const { suite, title } = message;
      this.#running = { suite, title, startMs: performance.now() };
    } else if (message.type === "finish") this.#finish(message.state, message.error);
    else if (message.type === "meter") {
      this.readings.push({ name: message.name, compute: message.compute });
    } else if (message.type === "unhandled") this.#unhandled.push(message.message);
    else if (message.type === "end") this.compute = message.compute;
    else return this.#callHost(message);
    return new Uint8Array(0);
  }

  /** Ends the run; whatever kept it from its regular end becomes a failure with a name. */
  close(failure: string | undefined): void {
    const reasons = this.#unhandled.map((reason) => `unhandled rejection: ${reason}`);
    if (failure !== undefined) reasons.push(failure);
    else if (this.compute === undefined) reasons.push("it waits for something that never happens");
    if (reasons.length === 0) return;
    const tail = this.output.trim();
    if (tail !== "") reasons.push(tail.slice(-2000));
    this.#running ??= { suite: "", title: "(whole file)", startMs: performance.now() };
    this.#finish("failed", reasons.join("\n"));
  }

  #finish(state: TestRecord["state"], error: string | undefined): void {
    const { suite, title, startMs } = this.#running!;
    this.#running = undefined;
    const durationMs = performance.now() - startMs;
    const base = { lane: "xs", file: this.#file, suite, title, state, durationMs } as const;
    const record: TestRecord = error === undefined ? base : { ...base, error };
    this.records.push(record);
    this.#onRecord(record);
  }

  async #callHost({ name, argument }: Message): Promise<Uint8Array> {
    const handler = this.#hosts[name];
    if (handler === undefined) throw new Error(`no host function "${name}"`);
    return Buffer.from(JSON.stringify((await handler(argument)) ?? null));
  }
}

async function hostFunctionsOf(path: string): Promise<HostFunctions> {
  const companion = path.replace(/\.test\.ts$/, ".host.ts");
  if (companion === path || !existsSync(companion)) return {};
  const module = (await import(pathToFileURL(companion).href)) as { hostFunctions: HostFunctions };
  return module.hostFunctions;
}

export interface XsFileOptions {
  /** Shown in records, relative to the project. */
  readonly name: string;
  /** A regular expression on "suite title"; all by default. */
  readonly grep?: string;
  readonly silenceLimitMs?: number;
  readonly onRecord?: (record: TestRecord) => void;
}

/**
 * Bundles one test file, runs it on an XS machine of its own and reports every test. It does not
 * throw: a file that cannot be bundled, an engine that dies or hangs, a rejection that nobody
 * handles are failed records.
 */
export async function runFileOnXs(path: string, options: XsFileOptions): Promise<XsFileResult> {
  const hosts = await hostFunctionsOf(path);
  const session = new Session(options.name, hosts, options.onRecord ?? (() => {}));
  let engine: XsEngine | undefined;
  let failure: string | undefined;
  try {
    const source = await bundleForXs([path]);
    engine = await XsEngine.start({
      silenceLimitMs: options.silenceLimitMs ?? SILENCE_LIMIT_MS,
      onCommand: (request) => session.handle(request),
      onOutput: (text) => {
        session.output += text;
      },
    });
    await engine.evaluate(source);
    await engine.evaluate(`runXs(${JSON.stringify(options.grep ?? "")}); undefined`);
  } catch (error) {
    failure = (error as Error).message;
  }
  session.close(failure);
  await engine?.close();
  const { records, readings, compute = 0 } = session;
  return { records, readings, compute };
}
