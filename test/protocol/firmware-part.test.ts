import assert from "node:assert/strict";
import {
  type CheckInRequest,
  parseCheckInRequest,
  writeCheckInRequest,
} from "../../protocol/badge/check-in.ts";
import { decodeAddress } from "../../protocol/claims/address.ts";
import { nodeAddress } from "../../protocol/claims/node-address.ts";
import { portableSha3 as sha3 } from "../../protocol/crypto/portable-sha3.ts";
import { runningSha256 } from "../../protocol/crypto/running-sha256.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { type JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import {
  type FirmwareRequest,
  parseFirmwareAnswer,
  parseFirmwareRequest,
  writeFirmwareAnswer,
  writeFirmwareRequest,
} from "../../protocol/node/firmware-part.ts";
import { throwsCode } from "./error-code.ts";

const RELEASE = "6f1c2e5a-8d34-4c8e-9b7a-0d1e2f3a4b5c";
const ASKED: FirmwareRequest = { product: "p", part: "image", offset: 4096, release: RELEASE };
const answer = (changes: object = {}) =>
  new JsonReader({
    ...writeFirmwareAnswer({ release: RELEASE, total: 5000, data: new Uint8Array(904).fill(7) }),
    ...changes,
  } as JsonObject);

describe("a piece of an image", () => {
  it("is asked for and answered", () => {
    for (const request of [ASKED, { product: "p", part: "graph", offset: 0 } as const])
      assert.deepEqual(
        parseFirmwareRequest(new JsonReader(writeFirmwareRequest(request))),
        request,
      );
    assert.equal(parseFirmwareAnswer(answer(), ASKED).data.length, 904);
  });

  it("that is not exactly the one that was asked for is refused", () => {
    for (const changes of [
      { release: RELEASE.replace("6", "7") },
      { total: 4096 },
      { total: 4 * 1024 * 1024 + 1 },
      { total: 5001 },
      { data: "" },
      { data: "AAAA" },
      { data: null },
      { total: -1 },
    ])
      throwsCode(() => parseFirmwareAnswer(answer(changes), ASKED), "malformed");
  });

  it("at a place where none can begin is refused", () => {
    const body = (changes: object) =>
      new JsonReader({ ...writeFirmwareRequest(ASKED), ...changes } as JsonObject);
    for (const offset of [1, 4095, -4096, 0.5, 4 * 1024 * 1024, 1e300])
      throwsCode(() => parseFirmwareRequest(body({ offset })), "malformed");
    throwsCode(() => parseFirmwareRequest(body({ part: "keys" })), "malformed");
    throwsCode(() => parseFirmwareRequest(body({ release: "x" })), "malformed");
    throwsCode(() => parseFirmwareRequest(body({ part: "graph", offset: 65_536 })), "malformed");
  });
});

describe("what a check-in says of an image", () => {
  const report: CheckInRequest = {
    ...{ uptimeSeconds: 1, firmware: "1.0", state: "READY", granted: 0, denied: 0, faults: 0 },
    image: { product: "reader-pico-2w", securityVersion: 7 },
  };

  it("goes over the wire, with and without a way back", () => {
    const reverted = { version: "1.1", code: "firmware-unconfirmed" };
    for (const whole of [report, { ...report, image: { ...report.image!, reverted } }])
      assert.deepEqual(parseCheckInRequest(new JsonReader(writeCheckInRequest(whole))), whole);
  });

  it("forges no line of a log", () => {
    const body = writeCheckInRequest(report);
    for (const image of [{ product: "a\nb", security: 1 }, { product: "a", security: -1 }, 7, []])
      throwsCode(
        () => parseCheckInRequest(new JsonReader({ ...body, image } as JsonObject)),
        "malformed",
      );
  });
});

describe("a node's address", () => {
  it("is an address, and another for each key", () => {
    const [one, two] = [1, 2].map((n) => nodeAddress(sha3, new Uint8Array(32).fill(n)));
    assert.notEqual(one, two);
    decodeAddress(sha3, one!, "address");
    throwsCode(() => nodeAddress(sha3, new Uint8Array(31)), "malformed");
  });
});

describe("a running hash", () => {
  it("gives FIPS 180-4's example whatever its pieces are", () => {
    const text = toUtf8("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq");
    for (let piece = 1; piece <= text.length; piece++) {
      const hash = runningSha256();
      for (let at = 0; at < text.length; at += piece) hash.update(text.subarray(at, at + piece));
      assert.equal(
        toHex(hash.digest()),
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
      );
    }
  });
});
