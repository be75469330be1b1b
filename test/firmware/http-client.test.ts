import assert from "node:assert/strict";
import {
  type ConnectionHandlers,
  type HttpClientOptions,
  TcpHttpClient,
} from "../../firmware/platform/moddable/http-client.ts";
import { parseHttpUrl } from "../../firmware/platform/moddable/http-url.ts";
import { fromUtf8, toUtf8 } from "../../protocol/encoding/utf8.ts";
import type { HttpRequest } from "../../protocol/platform.ts";
import { VirtualTime } from "../hal/virtual-time.ts";

/** A connection whose far end a test holds. */
class FakeSocket {
  readonly target: string;
  readonly handlers: ConnectionHandlers;
  sent = "";
  closed = false;
  #waiting: Uint8Array = new Uint8Array(0);

  constructor(target: string, handlers: ConnectionHandlers) {
    this.target = target;
    this.handlers = handlers;
  }
  read(): ArrayBuffer {
    return new Uint8Array(this.#waiting).buffer;
  }
  write(bytes: ArrayBuffer | Uint8Array): void {
    this.sent += fromUtf8(new Uint8Array(bytes), "sent");
  }
  close(): void {
    if (this.closed) throw new Error("closed twice");
    this.closed = true;
  }
  answer(text: string): void {
    this.#waiting = toUtf8(text);
    this.handlers.onReadable(this.#waiting.length);
  }
}

function bench(changes: Partial<HttpClientOptions> = {}) {
  const time = new VirtualTime();
  const sockets: FakeSocket[] = [];
  const client = new TcpHttpClient({
    timer: time.timer,
    resolve: (host, callback) => callback(host === "door.example" ? "10.0.0.9" : undefined),
    connect: (url, address, handlers) => {
      const socket = new FakeSocket(`${address}:${url.port}`, handlers);
      sockets.push(socket);
      return socket;
    },
    ...changes,
  });
  return { time, sockets, client };
}

const request: HttpRequest = {
  method: "POST",
  url: "http://door.example:8080/v1/x?y=1",
  headers: { "content-type": "application/json" },
  body: '{"ü":1}',
  timeoutMs: 5000,
};
const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

describe("the HTTP client of the image", () => {
  it("sends the request as the socket has room, and resolves with the answer", async () => {
    const { client, sockets, time } = bench();
    const answer = client.request(request);
    const socket = sockets[0]!;
    assert.equal(socket.target, "10.0.0.9:8080");
    for (let i = 0; i < 40; i++) socket.handlers.onWritable(8);
    const head = "POST /v1/x?y=1 HTTP/1.1\r\nhost: door.example:8080\r\nconnection: close\r\n";
    const rest = 'content-type: application/json\r\ncontent-length: 8\r\n\r\n{"ü":1}';
    assert.equal(socket.sent, head + rest);
    socket.answer(OK);
    assert.deepEqual((await answer).body, "ok");
    assert.equal(socket.closed, true);
    assert.equal(time.timersSet, 0);
  });

  it("gives up at its limit and leaves nothing behind", async () => {
    const { client, sockets, time } = bench();
    const answer = client.request(request);
    await assert.rejects(time.until(answer), { code: "network-timeout" });
    assert.equal(time.nowMs, 5000);
    assert.equal(sockets[0]!.closed, true);
    sockets[0]!.answer(OK);
    sockets[0]!.handlers.onError();
    assert.equal(time.timersSet, 0);
  });

  it("says network-failed when the name is unknown, and opens nothing", async () => {
    const { client, sockets } = bench();
    const answer = client.request({ ...request, url: "http://nobody.example/" });
    await assert.rejects(answer, {
      code: "network-failed",
      message: /nobody.example has no address/,
    });
    assert.equal(sockets.length, 0);
  });

  it("says network-failed when the far side closes, answers nonsense or cannot be reached", async () => {
    const { client, sockets } = bench();
    const closed = client.request(request);
    sockets[0]!.handlers.onError();
    await assert.rejects(closed, { code: "network-failed" });
    const nonsense = client.request(request);
    sockets[1]!.answer("* OK IMAP4rev1\r\n");
    await assert.rejects(nonsense, { code: "network-failed" });
    const refused = bench({
      connect: () => {
        throw new Error("no socket");
      },
    });
    await assert.rejects(refused.client.request(request), { code: "network-failed" });
  });

  it("asks no name server for an address, and ignores an answer that comes too late", async () => {
    const late: ((address: string | undefined) => void)[] = [];
    const { client, sockets, time } = bench({ resolve: (_host, callback) => late.push(callback) });
    const direct = client.request({ ...request, url: "http://10.1.2.3/" });
    assert.equal(sockets[0]!.target, "10.1.2.3:80");
    sockets[0]!.answer(OK);
    await direct;
    await assert.rejects(time.until(client.request(request)), { code: "network-timeout" });
    late[0]!("10.0.0.9");
    assert.equal(sockets.length, 1);
  });

  it("does not let a header break the request", async () => {
    const { client, sockets } = bench();
    const headers = { "x-a": "b\r\nhost: other" };
    await assert.rejects(client.request({ ...request, headers }), { code: "network-failed" });
    assert.equal(sockets.length, 0);
  });

  it("takes URLs apart", () => {
    assert.deepEqual(parseHttpUrl("https://a.example/b?c"), {
      ...{ secure: true, host: "a.example", port: 443, authority: "a.example", path: "/b?c" },
    });
    assert.equal(parseHttpUrl("http://a").path, "/");
    for (const bad of ["ftp://a/", "http:///", "http://a:0/", "http://a:70000/", "http://a/ b"])
      assert.throws(() => parseHttpUrl(bad), { code: "network-failed" }, bad);
  });
});
