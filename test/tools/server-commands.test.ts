import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseReaderConfig } from "../../firmware/config.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { ServeOptions } from "../../tools/cli/context.ts";
import { fetchText } from "../../tools/http-fetch.ts";
import { launchServer } from "../../tools/server-launcher.ts";
import { FakeWorld } from "./fake-context.ts";

describe("commands around the real server", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "latchkey-cli-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const world = (): FakeWorld => {
    const nowMs = () => Date.now();
    return new FakeWorld({ cwd: folder, serve: launchServer, fetch: fetchText, nowMs });
  };

  it("init makes a configuration with which the firmware starts, and keeps it private", async () => {
    const made = world();
    const run = await made.run("init", "--label", "Front door", "--url", "http://10.0.0.2:8787");
    assert.equal(run.exitCode, 0, run.err);
    const path = join(folder, "latchkey.json");
    const config = parseReaderConfig(String(made.files.get(path)));
    assert.equal(config.label, "Front door");
    assert.equal(config.baseUrl, "http://10.0.0.2:8787");
    assert.equal(config.nfc.data, 4);
    assert.ok(made.secretFiles.has(path));
    assert.match(run.out, /Admin token, shown this once:\n\n {2}lka\S+/);
    assert.match(run.out, /npx latchkey serve/);
  });

  it("init does not replace keys that a reader may be using", async () => {
    const made = world();
    const path = join(folder, "latchkey.json");
    made.files.set(path, "{}");
    const run = await made.run("init");
    assert.equal(run.exitCode, 4);
    assert.match(run.err, /exists already/);
    assert.equal(made.files.get(path), "{}");
    assert.equal((await made.run("init", "--force")).exitCode, 0);
    assert.notEqual(made.files.get(path), "{}");
  });

  it("serve answers until it is interrupted, and shows what it is asked", async () => {
    const made = world();
    const running = made.run("serve", "--port", "0", "--json");
    await waitFor(() => made.out.includes('"url"'));
    const url = /http:[^"]+/.exec(made.out)![0];
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
    await waitFor(() => made.out.includes("GET /healthz 200"));
    made.interrupt.abort();
    assert.equal((await running).exitCode, 0);
    await assert.rejects(fetch(`${url}/healthz`));
  });

  it("serve publishes where it is told, with the password of the environment only", async () => {
    const asked: (ServeOptions | undefined)[] = [];
    const env = { LATCHKEY_MQTT_USERNAME: "u", LATCHKEY_MQTT_PASSWORD: "p" };
    const serve = async (options: ServeOptions) => {
      asked.push(options);
      throw new LatchkeyError("unavailable");
    };
    const run = async (...words: string[]) => new FakeWorld({ env, serve }).run("serve", ...words);
    await run();
    await run("--mqtt", "mqtt://b:1", "--mqtt-version", "5");
    const login = { username: "u", password: "p" };
    assert.deepEqual(
      asked.map((options) => options?.broker),
      [undefined, { url: "mqtt://b:1", version: "5", ...login }],
    );
    for (const words of [
      ["--mqtt", "mqtt://b", "--mqtt-version", "4"],
      ["--mqtt-version", "5"],
    ])
      assert.equal((await run(...words)).exitCode, 2);
    const refused = await world().run("serve", "--port", "0", "--mqtt", "mqtt://u:secret@b");
    assert.equal(refused.exitCode, 2);
    assert.doesNotMatch(refused.out + refused.err, /secret/);
  });

  it("serve lets in the pages that it is told, and refuses what is no origin", async () => {
    const refused = await world().run("serve", "--port", "0", "--origins", "https://a.example/x");
    assert.equal(refused.exitCode, 2);
    assert.match(refused.err, /a\.example\/x is no origin/);
    const made = world();
    const origins = "http://localhost:3000,https://a.example";
    const running = made.run("serve", "--port", "0", "--origins", origins, "--json");
    await waitFor(() => made.out.includes('"url"'));
    const url = /http:[^"]+/.exec(made.out)![0];
    const ask = (origin: string) =>
      fetch(`${url}/identity_app/ia_verify`, { method: "OPTIONS", headers: { origin } });
    assert.equal((await ask("https://a.example")).status, 204);
    assert.equal((await ask("https://b.example")).status, 403);
    made.interrupt.abort();
    assert.equal((await running).exitCode, 0);
  });

  it("serve shows figures and logs as JSON where it is told", async () => {
    const made = world();
    const running = made.run(
      ...["serve", "--port", "0", "--metrics", "0", "--log", "json", "--json"],
    );
    await waitFor(() => made.out.includes("/metrics"));
    const url = /http:[^"]+/.exec(made.out)![0];
    const port = /at port (\d+)/.exec(made.out)![1];
    assert.equal((await fetch(`${url}/readyz`)).status, 200);
    const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    assert.match(page, /latchkey_http_request_seconds_count\{endpoint="readyz",status="200"\} 1/);
    await waitFor(() => made.err.includes("/readyz"));
    const lines = made.err.split("\n").filter((line) => line.includes("/readyz"));
    const { level, event, status } = JSON.parse(lines[0]!) as Record<string, unknown>;
    assert.deepEqual([level, event, status], ["info", "request", 200]);
    made.interrupt.abort();
    assert.equal((await running).exitCode, 0);
    await assert.rejects(fetch(`http://127.0.0.1:${port}/metrics`));
  });

  it("serve refuses figures on the network without a token, and logs of another kind", async () => {
    for (const words of [
      ["--metrics", "0.0.0.0:9464"],
      ["--metrics", "x"],
      ["--log", "xml"],
    ]) {
      const run = await world().run("serve", "--port", "0", ...words);
      assert.equal(run.exitCode, 2, run.err);
    }
  });

  it("serve says that a port is taken, and what to do", async () => {
    const blocker = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => blocker.once("listening", resolve));
    const { port } = blocker.address() as AddressInfo;
    const run = await world().run("serve", "--port", String(port));
    blocker.close();
    assert.equal(run.exitCode, 4);
    assert.match(run.err, /\[address-in-use\][\s\S]*→ Choose another with --port/);
  });

  it("doctor finds a healthy desk healthy", async () => {
    const made = world();
    const server = await launchServer({
      ...OPTIONS,
      dataFolder: join(folder, ".latchkey", "server"),
    });
    await made.run("init", "--url", server.url);
    const run = await made.run("doctor");
    await server.close();
    assert.equal(run.exitCode, 0, run.out + run.err);
    assert.match(run.out, /✔ server +http:\/\/127\.0\.0\.1:\d+ answers/);
    assert.match(run.out, /✔ configuration +latchkey\.json: Latchkey/);
  });

  it("doctor names the field that is wrong and the server that is down", async () => {
    const made = world();
    await made.run("init", "--url", "http://127.0.0.1:1");
    const path = join(folder, "latchkey.json");
    let run = await made.run("doctor");
    assert.equal(run.exitCode, 1);
    assert.match(run.out, /✖ server +http:\/\/127\.0\.0\.1:1: [\s\S]*→ `latchkey serve`/);
    const config = JSON.parse(String(made.files.get(path))) as Record<string, unknown>;
    made.files.set(path, JSON.stringify({ ...config, comm_iv: "AAAA" }));
    run = await made.run("doctor");
    assert.match(run.out, /✖ configuration +comm_iv: must have 12 bytes, has 3/);
    made.files.set(path, '{\n "comm_key": "c2VjcmV0" "x": 1 }');
    run = await made.run("doctor");
    assert.match(run.out, /✖ configuration +latchkey\.json is not JSON \(line 2 column \d+\)/);
    assert.doesNotMatch(run.out, /c2VjcmV0/);
  });

  it("doctor notices a clock that is wrong, an old Node and a missing engine", async () => {
    const made = world();
    const server = await launchServer({
      ...OPTIONS,
      dataFolder: join(folder, ".latchkey", "server"),
    });
    await made.run("init", "--url", server.url);
    Object.assign(made.context, {
      nowMs: () => Date.now() + 3_600_000,
      nodeVersion: "v20.1.0",
      findXs: () => undefined,
      env: { MODDABLE: "/nowhere" },
      listSerialPorts: async () => {
        throw new LatchkeyError("port-unavailable", { message: "not installed" });
      },
    });
    const run = await made.run("doctor");
    await server.close();
    assert.equal(run.exitCode, 1);
    assert.match(run.out, /✖ node +v20\.1\.0 is too old/);
    assert.match(run.out, /! xs engine +not installed/);
    assert.match(run.out, /! server +\S+ answers, but its clock is 3\d{3} s away/);
    assert.match(run.out, /! serial ports +not installed/);
    assert.match(run.out, /✖ moddable +\$MODDABLE names \/nowhere, which does not exist/);
  });
});

const OPTIONS: Omit<ServeOptions, "dataFolder"> = { host: "127.0.0.1", port: 0, onLog: () => {} };

async function waitFor(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5_000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, "waited 5 s in vain");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
