import assert from "node:assert/strict";
import fc from "fast-check";
import { nobleHuman as crypto } from "../../protocol/crypto/noble-p256.ts";
import { toBase64, toBase64Url } from "../../protocol/encoding/base64.ts";
import type { VerifiedCredential } from "../../protocol/human/credential/verify.ts";
import {
  allocateIndex,
  mirrorBits,
  STATUS,
  StatusArray,
  type StatusBits,
} from "../../protocol/human/status/bit-array.ts";
import { LIST_BYTES_MAX } from "../../protocol/human/status/compression.ts";
import {
  StatusChecker,
  type StatusCheckerOptions,
} from "../../protocol/human/status/status-checker.ts";
import {
  readStatusList,
  type StatusList,
  signStatusList,
} from "../../protocol/human/status/token-status-list.ts";
import { rejectsCode, throwsCode } from "./error-code.ts";
import { check, contoso, issue, mallory, present, trustOf } from "./human-agency.ts";
import { NOW, type TestKey } from "./human-family.ts";
import { countingRandom, jwsOf, thief } from "./human-issuer.ts";
import { storedCompression as compression } from "./stored-compression.ts";

const URI = "https://status.contoso.example/1";
const INDEX = 41;

function listOf(changes: Partial<StatusList> = {}, status = 0, entries = 800): StatusList {
  const statuses = StatusArray.ofSize(2, entries);
  if (entries > INDEX) statuses.set(INDEX, status);
  const times = { issuedAt: NOW - 10, expiresAt: NOW + 3600, ttlSeconds: 300 };
  return { uri: URI, ...times, statuses, ...changes };
}

const header = { x5c: contoso.issuer.chain.map(toBase64) };

const publish = (list: StatusList, { sign }: TestKey = contoso.key): Promise<string> =>
  signStatusList(list, header, sign, compression);

const read = (token: string, nowUnix = NOW) =>
  readStatusList(crypto, token, {
    ...{ uri: URI, nowUnix, compression },
    issuerKey: () => contoso.key.publicKey,
  });

describe("an array of statuses", () => {
  it("gives back what was set, and nothing else changes", () => {
    const change = fc.tuple(fc.nat(99), fc.nat(255));
    fc.assert(
      fc.property(fc.constantFrom<StatusBits>(1, 2, 4, 8), fc.array(change), (bits, changes) => {
        const statuses = StatusArray.ofSize(bits, 100);
        const model = new Array(100).fill(0);
        for (const [index, value] of changes) {
          model[index] = value & ((1 << bits) - 1);
          statuses.set(index, model[index]);
        }
        const all = model.map((_, index) => statuses.get(index));
        assert.deepEqual(all, model);
      }),
    );
  });

  it("has no status beyond its end, and takes none that does not fit", () => {
    const statuses = StatusArray.ofSize(1, 8);
    for (const index of [8, -1, 0.5, Number.NaN, 2 ** 53]) {
      throwsCode(() => statuses.get(index), "status-index-invalid");
      throwsCode(() => statuses.set(index, 1), "status-index-invalid");
    }
    for (const status of [2, -1, 0.5]) assert.throws(() => statuses.set(0, status), RangeError);
  });

  it("in W3C's order has the same bits from the other end", () => {
    assert.deepEqual(mirrorBits(Uint8Array.of(0x01, 0x80, 0xb4)), Uint8Array.of(0x80, 0x01, 0x2d));
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) =>
        assert.deepEqual(mirrorBits(mirrorBits(bytes)), bytes),
      ),
    );
  });
});

describe("an index in a list", () => {
  it("is free, in range and at no place more often than at another", () => {
    const random = countingRandom();
    const taken = new Set<number>();
    for (let i = 0; i < 500; i++) {
      const index = allocateIndex(random, 1001, taken);
      assert.ok(index >= 0 && index < 1001 && !taken.has(index));
      taken.add(index);
    }
    const low = [...taken].filter((index) => index < 500).length;
    assert.ok(Math.abs(low - 250) < 5 * Math.sqrt(500 / 4), `${low} of 500 in the lower half`);
    throwsCode(() => allocateIndex(random, 1000, taken), "storage-full");
  });

  it("comes from no number of the incomplete last round", () => {
    const answers = [Uint8Array.of(255, 255, 255, 255), Uint8Array.of(0, 0, 0, 9)];
    assert.equal(allocateIndex({ bytes: () => answers.shift()! }, 1000, new Set()), 9);
  });
});

describe("a status list token", () => {
  it("comes back as it was signed", async () => {
    const list = listOf({}, STATUS.suspended);
    const { statuses, ...fields } = read(await publish(list));
    assert.equal(statuses.get(INDEX), STATUS.suspended);
    assert.equal(statuses.get(INDEX + 1), STATUS.valid);
    assert.deepEqual({ ...fields, statuses }, list);
  });

  it("of another list, or of another signer, is refused", async () => {
    const other = await publish(listOf({ uri: `${URI}0` }));
    throwsCode(() => read(other), "status-list-foreign");
    const forged = await publish(listOf(), thief);
    throwsCode(() => read(forged), "status-list-invalid");
  });

  it("is in force from its issue to its end", async () => {
    const token = await publish(listOf());
    throwsCode(() => read(token, NOW + 3600), "status-list-expired");
    throwsCode(() => read(token, NOW - 71), "status-list-expired");
    read(token, NOW + 3599);
  });

  it("of any other form is refused", async () => {
    const { statuses, ...times } = listOf();
    const good = {
      ...{ sub: URI, iat: times.issuedAt, exp: times.expiresAt },
      status_list: { bits: 2, lst: toBase64Url(compression.deflate(statuses.bytes)) },
    };
    const kind = { alg: "ES256", typ: "statuslist+jwt" };
    read(jwsOf(kind, good, contoso.key));
    const list = (change: object) => ({ ...good, status_list: { ...good.status_list, ...change } });
    const wrong: [object, object][] = [
      [{ ...kind, typ: "JWT" }, good],
      [{ ...kind, typ: "dc+sd-jwt" }, good],
      [{ ...kind, alg: "none" }, good],
      [{ ...kind, crit: ["x"] }, good],
      [kind, { ...good, exp: undefined }],
      [kind, { ...good, exp: String(times.expiresAt) }],
      [kind, { ...good, iat: undefined }],
      [kind, { ...good, sub: undefined }],
      [kind, { ...good, ttl: -1 }],
      [kind, { ...good, status_list: undefined }],
      [kind, list({ bits: 3 })],
      [kind, list({ bits: undefined })],
      [kind, list({ lst: undefined })],
      [kind, list({ lst: `${good.status_list.lst}=` })],
      [kind, list({ lst: good.status_list.lst.slice(0, -60) })],
      [kind, list({ lst: "" })],
    ];
    for (const [head, payload] of wrong) {
      const token = jwsOf(head, payload, contoso.key);
      throwsCode(() => read(token), "status-list-invalid");
    }
  });

  it("that unpacks to more than any list has is refused", async () => {
    const inflate = (_: Uint8Array, max: number) => {
      assert.equal(max, LIST_BYTES_MAX);
      return "too-large" as const;
    };
    const token = await publish(listOf());
    const options = { uri: URI, nowUnix: NOW, issuerKey: () => contoso.key.publicKey };
    const bomb = { ...options, compression: { ...compression, inflate } };
    throwsCode(() => readStatusList(crypto, token, bomb), "status-list-too-large");
    throwsCode(() => read(`${token}${"A".repeat(1_100_000)}`), "status-list-too-large");
  });
});

describe("the status of a credential", () => {
  let credential: VerifiedCredential;

  before(async () => {
    const status = { uri: URI, index: INDEX };
    credential = check(await present(await issue({ status })));
  });

  function checkerOf(
    tokens: (string | Error)[],
    changes: Partial<StatusCheckerOptions> = {},
  ): { checker: StatusChecker; asked: string[] } {
    const asked: string[] = [];
    const checker = new StatusChecker({
      ...{ crypto, compression, trust: trustOf(contoso.anchor, mallory.anchor) },
      hosts: ["status.contoso.example"],
      fetchList: async (uri) => {
        asked.push(uri);
        const token = tokens.shift();
        if (typeof token !== "string") throw token ?? new Error("offline");
        return token;
      },
      ...changes,
    });
    return { checker, asked };
  }

  it("is valid, suspended or revoked as the list has it", async () => {
    for (const [status, code] of [
      [STATUS.invalid, "credential-revoked"],
      [STATUS.suspended, "credential-suspended"],
      [3, "credential-revoked"],
    ] as const) {
      const { checker } = checkerOf([await publish(listOf({}, status))]);
      await rejectsCode(checker.check(credential, NOW), code);
    }
    const { checker } = checkerOf([await publish(listOf())]);
    await checker.check(credential, NOW);
  });

  it("is asked for once per time to live", async () => {
    const again = await publish(listOf({ issuedAt: NOW }, STATUS.invalid));
    const { checker, asked } = checkerOf([await publish(listOf()), again]);
    await checker.check(credential, NOW);
    await checker.check(credential, NOW + 299);
    assert.equal(asked.length, 1);
    await rejectsCode(checker.check(credential, NOW + 300), "credential-revoked");
    assert.deepEqual(asked, [URI, URI]);
  });

  it("is not asked for where nobody allowed it", async () => {
    const { checker, asked } = checkerOf([]);
    for (const uri of [
      "http://status.contoso.example/1",
      "https://169.254.169.254/latest/meta-data",
      "https://status.contoso.example.evil.example/1",
      "https://status.contoso.example@evil.example/1",
      "https://evil.example/status.contoso.example/",
      "https://status.contoso.example:8443/1",
      "https://STATUS.contoso.example/1",
      "https://status.contoso.example\\@evil.example/1",
      "https://status.contoso.example/1\n",
      "file:///etc/passwd",
      "",
    ]) {
      const elsewhere = { ...credential, status: { uri, index: 0 } };
      await rejectsCode(checker.check(elsewhere, NOW), "status-host-refused");
    }
    assert.deepEqual(asked, []);
  });

  it("is not asked for before the credential itself is verified", async () => {
    const status = { uri: "https://169.254.169.254/x", index: 0 };
    const forged = await present(await issue({ status }, { ...contoso.issuer, sign: thief.sign }));
    const { checker, asked } = checkerOf([]);
    const whole = async () => checker.check(check(forged), NOW);
    await rejectsCode(whole(), "signature-invalid");
    assert.deepEqual(asked, []);
  });

  it("that cannot be found out counts as revoked, unless a reader may be offline", async () => {
    await rejectsCode(checkerOf([]).checker.check(credential, NOW), "status-unavailable");
    const closed = checkerOf([await publish(listOf())]).checker;
    await closed.check(credential, NOW);
    await rejectsCode(closed.check(credential, NOW + 300), "status-unavailable");
    const lasting = checkerOf([await publish(listOf())], { offline: "until-expiry" }).checker;
    await lasting.check(credential, NOW);
    await lasting.check(credential, NOW + 3599);
    await rejectsCode(lasting.check(credential, NOW + 3600), "status-unavailable");
    const fresh = checkerOf([], { offline: "until-expiry" }).checker;
    await rejectsCode(fresh.check(credential, NOW), "status-unavailable");
  });

  it("is not taken back by an older list", async () => {
    const revoked = await publish(listOf({}, STATUS.invalid));
    const older = await publish(listOf({ issuedAt: NOW - 11 }));
    const { checker } = checkerOf([revoked, older]);
    await rejectsCode(checker.check(credential, NOW), "credential-revoked");
    await rejectsCode(checker.check(credential, NOW + 300), "status-list-expired");
  });

  it("is its own issuer's to say, and no other trusted issuer's", async () => {
    const theirs = { x5c: mallory.issuer.chain.map(toBase64) };
    const token = await signStatusList(listOf(), theirs, mallory.key.sign, compression);
    await rejectsCode(checkerOf([token]).checker.check(credential, NOW), "status-list-invalid");
  });

  it("beyond the end of a list that was cut is no good status", async () => {
    const cut = await publish(listOf({}, 0, 40));
    await rejectsCode(checkerOf([cut]).checker.check(credential, NOW), "status-index-invalid");
  });

  it("of a credential that has none is not asked for", async () => {
    const { status: _, ...without } = credential;
    const { checker, asked } = checkerOf([]);
    await checker.check(without, NOW);
    assert.deepEqual(asked, []);
  });
});
