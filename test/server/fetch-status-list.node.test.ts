import assert from "node:assert/strict";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { fetchStatusList } from "../../server/fetch-status-list.ts";
import { rejectsCode } from "../protocol/error-code.ts";

describe("another issuer's status list", () => {
  let server: Server;
  let base: string;
  const asked: string[] = [];
  before(async () => {
    server = createServer((request, response) => {
      asked.push(`${request.url} ${request.headers.accept}`);
      if (request.url === "/list") response.end("a.b.c");
      else if (request.url === "/away") response.writeHead(302, { location: "/list" }).end();
      else if (request.url === "/long") {
        const piece = "x".repeat(64 * 1024);
        const write = (): void => {
          if (!response.destroyed) response.write(piece, () => setImmediate(write));
        };
        write();
      } else response.writeHead(404).end("a.b.c");
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  it("is fetched as what it is", async () => {
    assert.equal(await fetchStatusList(`${base}/list`), "a.b.c");
    assert.deepEqual(asked, ["/list application/statuslist+jwt"]);
  });

  it("is not fetched from where a host sends us on to, nor out of an error page", async () => {
    asked.length = 0;
    await rejectsCode(fetchStatusList(`${base}/away`), "network-failed");
    await rejectsCode(fetchStatusList(`${base}/none`), "network-failed");
    assert.deepEqual(
      asked.map((line) => line.split(" ")[0]),
      ["/away", "/none"],
    );
    await rejectsCode(fetchStatusList("https://127.0.0.1:1/list"), "network-failed");
  });

  it("that never ends is given up", async () => {
    await rejectsCode(fetchStatusList(`${base}/long`), "network-failed");
  });
});
