import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { IdentityGraph } from "../../protocol/claims/identity-types.ts";
import { wasmSha3 } from "../../server/wasm-sha3.ts";
import { Authority } from "../../tools/authority/authority.ts";
import { FakeWorld } from "./fake-context.ts";

export const sha3 = wasmSha3();
export const NOW = 1_767_225_600_000;
export const PASSPHRASE = "correct horse battery";
/** The least that a key file may have: these tests open many. */
const COST = 2 ** 14;

/** A folder of this test's, and commands that see real files in it. */
export class AuthorityBench {
  readonly home = mkdtempSync(join(tmpdir(), "latchkey-authority-"));
  readonly folder = join(this.home, ".latchkey/authority");
  readonly env: Record<string, string> = { HOME: this.home, LATCHKEY_PASSPHRASE: PASSPHRASE };
  readonly world: FakeWorld;
  nowMs = NOW;

  constructor() {
    this.world = new FakeWorld({
      ...{ cwd: this.home, env: this.env },
      readText: (path) => absent(path, () => readFileSync(path, "utf8")),
      readBytes: (path) => absent(path, () => new Uint8Array(readFileSync(path))),
      writeFile: (path, data) => writeFileSync(path, data),
      nowMs: () => this.nowMs,
      openAuthority: async (place) => this.open(place.folder, place.witness),
    });
  }

  open(folder = this.folder, witness = join(this.home, ".local/state/latchkey/witness")) {
    return new Authority({ folder, witness, sha3, nowMs: () => this.nowMs, cost: COST });
  }

  run(...words: string[]) {
    return this.world.run(...words);
  }

  /** Runs it with `--json` and gives what it says at `done`, with the code. */
  async fields(...words: string[]): Promise<Record<string, unknown>> {
    await this.run(...words, "--json");
    const events = this.world.events();
    const done = events.find(({ type }) => type === "done" || type === "error") ?? {};
    return { exitCode: events.at(-1)!["exitCode"], ...done, ...(done["fields"] as object) };
  }

  graph(): IdentityGraph {
    return this.open().graph();
  }

  remove(): void {
    rmSync(this.home, { recursive: true });
  }
}

const absent = <T>(path: string, read: () => T) => (existsSync(path) ? read() : undefined);
