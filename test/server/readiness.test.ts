import assert from "node:assert/strict";
import { LatchkeyError } from "../../protocol/errors.ts";
import { checkReadiness, type Readiness, requireReady } from "../../server/readiness.ts";
import type { Standing } from "../../server/store/standing.ts";
import { codeOf, Desk } from "./desk.ts";

const NOW_MS = Date.UTC(2026, 5, 1);

describe("readiness", () => {
  const good: Standing = { schema: 7, known: 7 };
  const look = (
    standing: Partial<Standing> | Error = {},
    theirs: number | undefined | Error = undefined,
    nowMs = NOW_MS,
  ): Promise<Readiness> =>
    checkReadiness({
      records: {
        standing: async () => {
          if (standing instanceof Error) throw standing;
          return { ...good, ...standing };
        },
      } as never,
      ephemera: {
        clockMs: async () => {
          if (theirs instanceof Error) throw theirs;
          return theirs;
        },
      } as never,
      clock: { unixMs: () => nowMs },
    });
  const wrong = async (...args: Parameters<typeof look>) => {
    const { ready, checks } = await look(...args);
    const not = Object.entries(checks).filter(([, state]) => state !== "ok");
    assert.equal(ready, not.length === 0);
    return Object.fromEntries(not);
  };
  const away = new LatchkeyError("unavailable");

  it("is there when all is in order", async () => {
    assert.deepEqual(await wrong(), {});
    assert.deepEqual(await wrong({ clockMs: NOW_MS + 29_000, newestAt: NOW_MS / 1000 + 299 }), {});
  });

  it("names what is not", async () => {
    const database = { database: "unavailable", migrations: "unavailable" };
    assert.deepEqual(await wrong(away), database);
    assert.deepEqual(await wrong({}, away), { ephemera: "unavailable" });
    assert.deepEqual(await wrong({ schema: 8 }), { migrations: "unsupported-version" });
    assert.deepEqual(await wrong({ schema: 6 }), { migrations: "unsupported-version" });
    const clock = { clock: "clock-untrusted" };
    assert.deepEqual(await wrong({ clockMs: NOW_MS + 31_000 }), clock);
    assert.deepEqual(await wrong({}, NOW_MS - 31_000), clock);
    assert.deepEqual(await wrong({ newestAt: NOW_MS / 1000 + 301 }), clock, "it was set back");
    assert.deepEqual(await wrong({}, undefined, 0), clock, "it was never set");
    assert.deepEqual(await wrong(new TypeError("bug")), {
      ...{ database: "internal", migrations: "internal" },
    });
  });

  it("is refused as unavailable, with the time to come back and what is wrong", async () => {
    const readiness = await look({ schema: 8 });
    assert.throws(
      () => requireReady(readiness),
      ({ code, detail }) => {
        assert.equal(code, "unavailable");
        assert.deepEqual(detail, { field: "migrations", retry_after: 2 });
        return true;
      },
    );
  });

  it("is told at readyz, until the server is about to end; livez lives on", async () => {
    const desk = new Desk();
    const get = (path: string) =>
      desk.service.handle({ method: "GET", path, headers: {}, body: "" });
    const ready = await get("/readyz");
    assert.equal(codeOf(ready), "ok");
    const ok = { database: "ok", ephemera: "ok", migrations: "ok", clock: "ok" };
    assert.deepEqual(JSON.parse(ready.body), { status: "ready", checks: ok });
    desk.service.drain();
    const ending = await get("/readyz");
    assert.equal(ending.status, 503);
    assert.equal(JSON.parse(ending.body).field, "ending");
    assert.ok(Number(ending.headers["retry-after"]) > 0);
    for (const path of ["/livez", "/healthz"]) assert.equal((await get(path)).status, 200);
    const { status } = await desk.service.handle({
      ...{ method: "POST", path: "/readyz", headers: {}, body: "" },
    });
    assert.equal(status, 404);
    desk.close();
  });
});
