import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { HttpClient, HttpRequest, HttpResponse } from "../../protocol/platform.ts";
import { storesFrom } from "../../server/environment.ts";
import type { Service } from "../../server/service.ts";
import { type OpenedFolder, openServiceFolder } from "../../server/start.ts";
import { overHttp } from "./desk.ts";

const SERVE = join(fileURLToPath(import.meta.url), "..", "serve.ts");

export interface Replica {
  readonly process: ChildProcess;
  readonly url: string;
  readonly firstStart: { readonly tenant: { readonly tenantId: string } } | undefined;
}

type Environment = Readonly<Record<string, string>>;

/** A server in a process of its own, once it listens. @param made is given it before that */
export function serverProcess(
  folder: string,
  env: Environment = {},
  made: (child: ChildProcess) => void = () => {},
): Promise<Replica> {
  const child = spawn(process.execPath, [SERVE, folder], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...env },
  });
  made(child);
  let said = "";
  child.stderr.on("data", (text) => {
    said = `${said}${text}`.slice(-2000);
  });
  return new Promise((resolve, reject) => {
    child.on("exit", (status) => reject(new Error(`ended with ${status}: ${said}`)));
    child.stdout.once("data", (line) => resolve({ process: child, ...JSON.parse(String(line)) }));
  });
}

/** Server processes on one database and one Redis, with the keys of all in their environment. */
export class Cluster {
  readonly #folder = mkdtempSync(join(tmpdir(), "latchkey-"));
  readonly #env: Environment;
  readonly #children: ChildProcess[] = [];
  readonly #services: Service[] = [];
  #started = 0;

  constructor(database: string, redis: string) {
    const [vault, signing] = [randomBytes(32), randomBytes(32)].map((key) => key.toString("hex"));
    this.#env = {
      LATCHKEY_DATABASE_URL: database,
      LATCHKEY_REDIS_URL: redis,
      LATCHKEY_VAULT_KEY: vault!,
      LATCHKEY_SIGNING_KEY: signing!,
    };
  }

  /** One more process; `env` changes what it is told. */
  start(env: Environment = {}): Promise<Replica> {
    const folder = join(this.#folder, String(++this.#started));
    const made = (child: ChildProcess) => this.#children.push(child);
    return serverProcess(folder, { ...this.#env, ...env }, made);
  }

  /** Beside the replicas in this process, as the command line is. */
  async open(): Promise<OpenedFolder> {
    const folder = join(this.#folder, "beside");
    const opened = await openServiceFolder({ folder, ...storesFrom(this.#env) });
    this.#services.push(opened.service);
    return opened;
  }

  async end(): Promise<void> {
    for (const child of this.#children) child.kill("SIGKILL");
    for (const service of this.#services) await service.close();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** The replicas in turn; with `times`, some requests are sent that often over all of them at once. */
export class Balancer implements HttpClient {
  urls: readonly string[];
  /** Codes of what was answered to a request that was multiplied; `ok`. */
  readonly outcomes: string[] = [];
  readonly #times: Readonly<Record<string, number>>;
  #next = 0;

  constructor(replicas: readonly Pick<Replica, "url">[], times: Record<string, number> = {}) {
    this.urls = replicas.map(({ url }) => url);
    this.#times = times;
  }

  async request(request: HttpRequest): Promise<HttpResponse> {
    const path = new URL(request.url).pathname;
    const times = this.#times[path.slice(1)];
    if (times === undefined) return this.#send(request, path);
    const sent = Array.from({ length: times }, () => this.#send(request, path));
    const answers = await Promise.all(sent);
    for (const { status, body } of answers)
      this.outcomes.push(status === 200 ? "ok" : JSON.parse(body).code);
    return answers.find(({ status }) => status === 200) ?? answers[0]!;
  }

  #send(request: HttpRequest, path: string): Promise<HttpResponse> {
    const url = `${this.urls[this.#next++ % this.urls.length]}${path}`;
    return overHttp.request({ ...request, url });
  }
}

/** How often each is there. */
export function tally(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
