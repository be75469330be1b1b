import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

const SERVER = join(import.meta.dirname, "server-under-test.ts");

export interface Usage {
  /** Processor time since it began, all of its threads. */
  readonly cpuUs: number;
}

/** After the collector has been through. */
export interface Holding {
  readonly descriptors: number;
  readonly heapUsed: number;
  readonly rss: number;
}

export interface Child<Facts> {
  readonly facts: Facts;
  usage(): Promise<Usage>;
  holding(): Promise<Holding>;
  end(): Promise<void>;
}

/** @param profile a folder for a processor profile of its whole life */
export async function startChild<Facts>(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  profile?: string,
): Promise<Child<Facts>> {
  const execArgv = [
    "--expose-gc",
    ...(profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profile}`]),
  ];
  const child = fork(SERVER, args, {
    env: { ...process.env, ...env },
    execArgv,
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const ask = async (word: string) => {
    child.send(word);
    return (await once(child, "message"))[0];
  };
  const [facts] = await Promise.race([once(child, "message"), failing(child)]);
  return {
    facts: facts as Facts,
    usage: () => ask("usage"),
    holding: () => ask("holding"),
    async end() {
      child.send("end");
      await once(child, "exit");
    },
  };
}

async function failing(child: ChildProcess): Promise<never> {
  const [status] = await once(child, "exit");
  throw new Error(`the server ended with ${status}`);
}
