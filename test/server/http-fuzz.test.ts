import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import fc from "fast-check";
import type { FastifyInstance } from "fastify";
import { createServer } from "../../server/app.ts";
import { checkDocumented, type Documented, OPERATIONS } from "./api-check.ts";
import { sampleOf } from "./schema-values.ts";
import { bodyFor, type House, namesOf, nobody, requestSchema, TwoTenants } from "./two-tenants.ts";

const SEED = Number(process.env["LATCHKEY_FUZZ_SEED"] ?? 6);
const JSON_TYPE = "application/json";
const silent = { write: () => {} };

describe("any bytes whatever, at every endpoint over HTTP", function () {
  this.timeout(60_000);
  let both: TwoTenants;
  let house: House;
  let app: FastifyInstance;
  before(async () => {
    both = new TwoTenants();
    house = await both.house();
    let serial = 0;
    const requestId = () => `request-${++serial}`;
    app = createServer({ service: both.desk.service, log: silent, requestId });
    await app.ready();
  });
  after(() => app.close());

  const tokenFor = ({ operation }: Documented): string | undefined => {
    const [scheme] = operation.security.flatMap((each) => Object.keys(each));
    if (scheme === "backEnd") return house.backEnd.token;
    return scheme === undefined ? undefined : house.tokens.admin;
  };

  /** As it came over HTTP, held against the document; what it says of itself when it refuses. */
  async function send(
    operation: Documented,
    body: Buffer | string,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; code: string; body: string }> {
    const token = tokenFor(operation);
    const { method, path } = operation;
    const answer = await app.inject({
      method,
      url: `/${path}`,
      headers: {
        "content-type": JSON_TYPE,
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...headers,
      },
      ...(method === "POST" && { payload: body }),
    });
    const kept = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
    const status = answer.statusCode;
    checkDocumented(operation, { status, headers: Object.fromEntries(kept), body: answer.body });
    assert.ok(status !== 500, answer.body);
    return {
      status,
      code: status === 200 ? "ok" : JSON.parse(answer.body).code,
      body: answer.body,
    };
  }

  const posts = OPERATIONS.filter(({ method }) => method === "POST");
  /** Behind a token that cannot be made up, a body is not looked at. */
  const readsBody = ({ operation }: Documented): boolean =>
    !operation.security.some((scheme) => "session" in scheme) &&
    operation.operationId !== "ia_open";

  it("that are no JSON object are malformed, or not looked at", async () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 400 }).map((array) => Buffer.from(array)),
      fc.string({ unit: "binary", maxLength: 200 }).map((text) => Buffer.from(text)),
      fc
        .constantFrom("", "null", "[]", "7", '"x"', "{", "}", "{}{}", "\ufeff{}", '{"a":1,}')
        .map((text) => Buffer.from(text)),
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...posts), bytes, async (operation, body) => {
        const { code } = await send(operation, body);
        if (readsBody(operation)) assert.equal(code, "malformed");
        else assert.notEqual(code, "ok");
      }),
      { seed: SEED, numRuns: 500 },
    );
  });

  for (const operation of posts)
    it(`${operation.operation.operationId}: too long, too deep, a name twice, another type`, async () => {
      const good = JSON.stringify(bodyFor(operation, namesOf(operation, house)));
      const refused = async (what: string, body: string, status = 400, headers = {}) => {
        const answer = await send(operation, body, headers);
        if (readsBody(operation) || status > 400)
          assert.deepEqual([answer.status, answer.code], [status, "malformed"], what);
        else assert.notEqual(answer.code, "ok", what);
      };
      await refused("longer than 16 KiB", `{"a":"${"x".repeat(16_384)}"}`, 413);
      await refused("deep", `{"a":${"[".repeat(5000)}${"]".repeat(5000)}}`);
      await refused("nine levels", good.replace(/^\{/, `{"a":[[[[[[[[]]]]]]]],`));
      const name = Object.keys(JSON.parse(good))[0]!;
      const twice = `${good.slice(0, -1)},"${name}":${JSON.stringify(JSON.parse(good)[name])}}`;
      await refused("a name twice, with one value", twice);
      await refused("a name twice, one of them escaped", `{"a":1,"\\u0061":1,${good.slice(1)}`);
      for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp"])
        await refused(type, good, 400, { "content-type": type });
      await refused("no type", good, 415, { "content-type": "" });
      await refused("no UTF-8", Buffer.from([0x7b, 0xff, 0x7d]) as unknown as string);
    });

  it("to a stranger say the same of what there is and of what there is not", async () => {
    const open = posts.filter(({ operation }) => operation.security.length === 0);
    assert.ok(open.length >= 7);
    const blot = (text: string, body: object): string => {
      const names = Object.values(body).filter((value) => typeof value === "string");
      const without = names.reduce(
        (all: string, value) => all.replaceAll(value as string, "…"),
        text,
      );
      return without.replaceAll(/"(challenge_id|nonce|server_epk|server_sig)":"[^"]*"/g, '"$1"');
    };
    for (const operation of open) {
      const said = new Set<string>();
      const identity = "ab".repeat(32);
      for (const names of [house, nobody(house.tenantId), nobody(crypto.randomUUID())]) {
        const given = { ...namesOf(operation, names), identity_hash: identity };
        const schema = requestSchema(operation)!;
        const body = sampleOf(schema, given) as object;
        const { status, body: text } = await send(operation, JSON.stringify(body));
        said.add(`${status} ${blot(text, body)}`);
      }
      assert.equal(said.size, 1, `${operation.path}: ${[...said].join("\n")}`);
    }
  });

  it("to whoever has no token say the same, whatever they name", async () => {
    const closed = OPERATIONS.filter(({ operation }) => operation.security.length > 0);
    for (const operation of closed) {
      const said = new Set<string>();
      for (const names of [house, nobody(house.tenantId), nobody(crypto.randomUUID())]) {
        const body = JSON.stringify(bodyFor(operation, namesOf(operation, names)));
        for (const authorization of ["", "Bearer x", "Bearer lka_AAAA", "Basic eDp5"]) {
          const answer = await send(operation, body, { authorization });
          said.add(answer.code);
        }
      }
      const kinds = [...said].filter(
        (code) => code !== "unauthenticated" && code !== "token-invalid",
      );
      assert.deepEqual(kinds, [], operation.path);
    }
  });
});

describe("clients that take their time", function () {
  this.timeout(30_000);
  let both: TwoTenants;
  let app: FastifyInstance;
  let port: number;
  before(async () => {
    both = new TwoTenants();
    const options = { log: silent, requestId: () => "x", requestTimeoutMs: 400 };
    app = createServer({ service: both.desk.service, ...options });
    port = Number(new URL(await app.listen({ host: "127.0.0.1", port: 0 })).port);
  });
  after(() => app.close());

  const HEAD =
    "POST /identity_iot/ii_time HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n";

  /** Sends pieces, one in 50 ms, until the server has had enough; gives what it said. */
  function drip(pieces: Iterable<string>): Promise<string> {
    return new Promise((resolve) => {
      const socket: Socket = connect(port, "127.0.0.1");
      const source = pieces[Symbol.iterator]();
      let said = "";
      const timer = setInterval(() => {
        const { value, done } = source.next();
        if (!done) socket.write(value);
      }, 50);
      socket.on("data", (chunk) => (said += chunk)).on("error", () => {});
      socket.on("close", () => {
        clearInterval(timer);
        resolve(said);
      });
    });
  }

  function* endless(head: string, piece: string): Generator<string> {
    yield head;
    for (let n = 0; n < 400; n++) yield piece;
  }

  it("are let go with a problem document, while others are served", async () => {
    const slow = [
      ...Array.from({ length: 20 }, () =>
        drip(endless("POST /identity_iot/ii_time HTTP/1.1\r\n", "a")),
      ),
      ...Array.from({ length: 20 }, () => drip(endless(`${HEAD}x-a: `, "b"))),
      ...Array.from({ length: 20 }, () =>
        drip(endless(`${HEAD}content-length: 9000\r\n\r\n`, "{")),
      ),
      ...Array.from({ length: 20 }, () =>
        drip(endless(`${HEAD}transfer-encoding: chunked\r\n\r\n`, "1\r\n{\r\n")),
      ),
    ];
    for (let n = 0; n < 20; n++)
      assert.equal((await fetch(`http://127.0.0.1:${port}/healthz`)).status, 200);
    for (const said of await Promise.all(slow)) {
      assert.match(said, /^HTTP\/1\.1 408 /, said);
      const { code, status } = JSON.parse(said.slice(said.indexOf("\r\n\r\n") + 4));
      assert.deepEqual([code, status], ["malformed", 408]);
    }
  });
});
