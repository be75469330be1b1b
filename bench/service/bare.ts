import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/** As long as the answer of a challenge and as that of a proof, in the middle. */
const BODY = JSON.stringify({ said: "x".repeat(600) });

/** Keeps the processor for so long, or less where others have it in between. */
function work(microseconds: number): void {
  for (const until = performance.now() + microseconds / 1000; performance.now() < until; );
}

/**
 * node:http that reads a body and answers everybody the same: what any server has to do. A path
 * `/200` makes it work for 200 µs of the processor before it answers.
 */
export async function startBare() {
  const server = createServer({ keepAliveTimeout: 72_000 }, (request, response) => {
    request.resume().on("end", () => {
      work(Number(request.url!.slice(1)));
      const headers = { "content-type": "application/json", "content-length": BODY.length };
      response.writeHead(200, headers).end(BODY);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    facts: { url },
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
