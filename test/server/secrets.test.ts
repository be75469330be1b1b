import assert from "node:assert/strict";
import { Secret } from "../../protocol/crypto/secret.ts";
import { toBase64, toBase64Url } from "../../protocol/encoding/base64.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import type { ServiceResponse } from "../../server/context.ts";
import { createEphemeralService } from "../../server/ephemeral-service.ts";
import { createJsonLog } from "../../server/json-log.ts";
import { badge, Desk, inProcess, warm } from "./desk.ts";

/** Every spelling in which bytes might slip out. */
const spellings = (bytes: Uint8Array): string[] => [
  toHex(bytes),
  toHex(bytes).toUpperCase(),
  toBase64Url(bytes),
  toBase64(bytes),
  bytes.join(","),
];

describe("service: secrets", () => {
  it("are in no log line and in no answer, whatever went right or wrong", async () => {
    const drawn: Uint8Array[] = [];
    const log: string[] = [];
    const answers: string[] = [];
    const desk = new Desk();
    const service = createEphemeralService({
      clock: { unixMs: () => desk.nowMs },
      // Everything secret on the server is drawn here: keys, ephemerals, tenants' keys, seeds.
      random: {
        bytes: (length) => {
          const bytes = desk.random.bytes(length);
          drawn.push(bytes.slice());
          return bytes;
        },
      },
      log: createJsonLog((line) => log.push(line), { unixMs: () => desk.nowMs }, "debug"),
    });
    const tenant = await service.admin.createTenant({ name: "test", registration: "auto" });
    const provisioning = await service.admin.provisioning(tenant.tenantId);
    const recording = {
      ...service,
      async handle(request: Parameters<typeof service.handle>[0]): Promise<ServiceResponse> {
        const answer = await service.handle(request);
        answers.push(JSON.stringify(answer));
        return answer;
      },
    };
    const node = desk.node(provisioning, { http: inProcess(recording) });
    await node.boot();
    const card = await badge(service, tenant.tenantId);
    const token = await service.admin.createOperator({
      name: "a",
      role: "admin",
      tenantId: undefined,
    });
    const request = await node.answer(card, await node.challenge());
    await node.decide(request);
    await node.decide(request);
    await node.report([warm(1)]);
    const forged = { ...request, cmac: new Uint8Array(8) };
    await node.decide({ ...forged, challengeId: (await node.challenge()).challengeId });
    for (const { path, body, headers } of [...node.sent]) {
      await recording.handle({ method: "POST", path, headers, body });
      const bent = body.slice(0, -9);
      await recording.handle({ method: "POST", path, headers, body: bent });
    }
    const text = [...log, ...answers].join("\n");
    assert.ok(text.includes(node.nodeUid) && log.length > 10 && answers.length > 10);
    // What is drawn as a nonce or an identifier is public: 16 bytes, or shown as `nonce`.
    const isPublic = (bytes: Uint8Array) =>
      answers.some((each) => each.includes(`nonce\\":\\"${toBase64Url(bytes)}`));
    const secrets = drawn.filter((bytes) => bytes.length >= 16 && !isPublic(bytes));
    assert.ok(secrets.length > 15);
    for (const secret of [...secrets, ...secretsOf(provisioning)])
      for (const spelling of spellings(secret)) assert.ok(!text.includes(spelling), spelling);
    assert.ok(!text.includes(token));
    const bearer = node.sent.flatMap(({ headers }) => headers["authorization"] ?? []);
    assert.ok(bearer.length > 3);
    for (const each of new Set(bearer)) assert.ok(!text.includes(each.slice(7)));
    service.close();
    desk.close();
  });

  function secretsOf({
    commKey,
    df1,
  }: {
    commKey: { bytes: Uint8Array };
    df1: { bytes: Uint8Array };
  }) {
    return [commKey.bytes, df1.bytes];
  }
});

describe("Secret keys of a tenant", () => {
  it("are handed out in a form that cannot be printed", async () => {
    const desk = new Desk();
    const tenant = await desk.tenant();
    assert.ok(tenant.commKey instanceof Secret && tenant.df1 instanceof Secret);
    assert.equal(JSON.stringify([tenant.commKey, tenant.df1]), '["[secret]","[secret]"]');
    desk.close();
  });
});

describe("JSON log", () => {
  const line = (...args: Parameters<ReturnType<typeof createJsonLog>["write"]>): string => {
    let text = "";
    createJsonLog((each) => (text += each), { unixMs: () => 0 }).write(...args);
    return text;
  };

  it("writes one object per line with time, level and event", () => {
    assert.equal(
      line("warn", "badge-denied", { code: "badge-unknown", n: 1 }),
      '{"level":"warn","time":"1970-01-01T00:00:00.000Z","event":"badge-denied",' +
        '"code":"badge-unknown","n":1}\n',
    );
  });

  it("stays one line whatever a text holds, and cuts long ones", () => {
    const text = line("info", "x", { path: `a\nb\u2028${"c".repeat(5000)}` });
    assert.equal(text.trimEnd().split("\n").length, 1);
    assert.ok(text.length < 2200);
  });

  /** What a caller writes who gets round the type. */
  const forced = (fields: object): string => line("info", "x", fields as Record<string, string>);

  it("withholds keys, bytes and objects that come in all the same", () => {
    const key = new Secret(new Uint8Array(32).fill(0xab));
    const bytes = new Uint8Array(32).fill(0xab);
    const text = forced({
      key,
      bytes,
      nested: { key, bytes },
      list: [bytes],
      buffer: bytes.buffer,
    });
    for (const spelling of [...spellings(bytes), "171"])
      assert.ok(!text.includes(spelling), spelling);
    const { key: shown, bytes: seen, nested } = JSON.parse(text);
    assert.deepEqual([shown, seen, nested], ["[secret]", "[secret]", "[object]"]);
  });

  it("knows tokens and passwords by their form, wherever they stand", () => {
    const secret = "A".repeat(43);
    const uuid = "0fd1ab34-2ba7-4570-a3aa-f2664d221116";
    const tokens = [`lka_${secret}`, `lke_${secret}`, `lkp_${secret}`, `lkb_${uuid}_${secret}`];
    const jwt = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl";
    const texts = [...tokens, jwt, "postgres://ada:horse@db/x"].map((each) => `/p?t=${each} end`);
    for (const path of texts) {
      const { path: shown } = JSON.parse(line("error", "internal", { path })) as { path: string };
      assert.match(shown, /^\/p\?t=.*\[secret\].*end$/);
      for (const part of [secret, "c2lnbmF0dXJl", "eyJzdWIi", "horse"])
        assert.ok(!shown.includes(part), shown);
    }
    const plain = { path: "/identity_iot/ii_time", url: "http://127.0.0.1:80/x", uuid };
    assert.deepEqual(
      { ...JSON.parse(line("info", "x", plain)), ...plain },
      JSON.parse(line("info", "x", plain)),
    );
  });

  it("leaves out what is below its level", () => {
    assert.equal(line("debug", "x"), "");
  });
});
