import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { GatewayOptions } from "../../tools/cli/context.ts";
import { carryRequest } from "../../tools/gateway/carry.ts";
import { FakeWorld } from "./fake-context.ts";

function world() {
  const asked: GatewayOptions[] = [];
  let closed = false;
  const fake = new FakeWorld({
    openGateway: async (options) => {
      asked.push(options);
      return {
        close: () => {
          closed = true;
        },
      };
    },
  });
  return { fake, asked, isClosed: () => closed };
}

const RUN = ["gateway", "/dev/ttyUSB0", "--url", "http://10.0.0.5:8787/"] as const;

describe("latchkey gateway", () => {
  it("carries the nodes it is told to, until Ctrl-C", async () => {
    const { fake, asked, isClosed } = world();
    const running = fake.run(...RUN, "--address", "7,1-3,2", "--baud", "115200");
    await new Promise((done) => setImmediate(done));
    const [options] = asked;
    assert.deepEqual(options!.addresses, [1, 2, 3, 7]);
    assert.deepEqual([options!.port, options!.baud], ["/dev/ttyUSB0", 115_200]);
    assert.equal(options!.baseUrl, "http://10.0.0.5:8787");
    options!.onEvent({ type: "up", address: 2 });
    options!.onEvent({ type: "down", address: 3 });
    options!.onEvent({ type: "malformed", address: 7, message: "path: not an endpoint's name" });
    fake.interrupt.abort();
    const { exitCode, out, err } = await running;
    assert.equal(exitCode, 0);
    assert.match(`${out}${err}`, /node 2 answers.*node 3 is silent.*node 7 sent/s);
    assert.ok(isClosed());
  });

  it("ends with 4 when the port goes away", async () => {
    const { fake, asked } = world();
    const running = fake.run(...RUN);
    await new Promise((done) => setImmediate(done));
    asked[0]!.onEnd("unplugged");
    const { exitCode, out, err } = await running;
    assert.equal(exitCode, 4);
    assert.match(`${out}${err}`, /\/dev\/ttyUSB0 is gone: unplugged/);
  });

  it("says what is missing or wrong on the command line", async () => {
    const { fake } = world();
    for (const words of [
      ["gateway"],
      ["gateway", "/dev/ttyUSB0"],
      ["gateway", "/dev/ttyUSB0", "--url", "ftp://x"],
      [...RUN, "--address", "0"],
      [...RUN, "--address", "255"],
      [...RUN, "--address", "5-3"],
      [...RUN, "--address", "x"],
    ]) {
      const { exitCode } = await fake.run(...words);
      assert.equal(exitCode, 2, words.join(" "));
    }
  });
});

describe("the gateway's way to the server", () => {
  const REQUEST = {
    kind: "request",
    id: 9,
    timeoutMs: 2_000,
    path: "identity_iot/ii_time",
    authorization: "Bearer t",
    body: "{}",
  } as const;

  /** A server that answers as `answer` says, and what it was asked. */
  async function serving(answer: (path: string) => { status: number; body: string; to?: string }) {
    const asked: string[] = [];
    const server = createServer((request, response) => {
      const { method, url, headers } = request;
      asked.push(`${method} ${url} ${headers.authorization}`);
      const { status, body, to } = answer(url ?? "");
      const location = to === undefined ? {} : { location: to };
      response.writeHead(status, { "content-type": "application/json", ...location });
      response.end(body);
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    return { url, asked, close: () => server.close() };
  }

  it("posts below its own base URL and brings status, type and body back", async () => {
    const server = await serving(() => ({ status: 429, body: '{"code":"rate-limited"}' }));
    const answer = await carryRequest(`${server.url}/prefix`, REQUEST);
    assert.deepEqual(answer, {
      ...{ kind: "response", id: 9, status: 429, contentType: "application/json" },
      body: '{"code":"rate-limited"}',
    });
    assert.deepEqual(server.asked, ["POST /prefix/identity_iot/ii_time Bearer t"]);
    server.close();
  });

  it("follows no redirection, and takes no answer that is too long", async () => {
    const server = await serving((path) =>
      path.endsWith("long")
        ? { status: 200, body: "x".repeat(40_000) }
        : { status: 307, body: "", to: "/elsewhere" },
    );
    const moved = await carryRequest(server.url, REQUEST);
    assert.deepEqual([moved.kind, server.asked.length], ["response", 1]);
    const long = await carryRequest(server.url, { ...REQUEST, path: "long" });
    assert.deepEqual(long, { kind: "failure", id: 9, reason: "network-failed" });
    server.close();
  });

  it("says what went wrong when nothing answers", async () => {
    const server = await serving(() => ({ status: 200, body: "" }));
    server.close();
    const answer = await carryRequest(server.url, REQUEST);
    assert.deepEqual(answer, { kind: "failure", id: 9, reason: "network-failed" });
  });
});
