import assert from "node:assert/strict";
import { parseSntpAnswer, SNTP_BYTES, sntpRequest } from "../../protocol/encoding/sntp.ts";

const cookie = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

/** A server's answer, laid out by RFC 4330 §4; fields by the bit where the RFC draws them. */
function answer(unix: number, changes: Readonly<Record<number, number>> = {}): Uint8Array {
  const packet = new Uint8Array(SNTP_BYTES);
  const view = new DataView(packet.buffer);
  view.setUint8(0, (0 << 6) | (4 << 3) | 4);
  view.setUint8(1, 2);
  packet.set(cookie, 24);
  // 70 years, 17 of them leap years, from 1900 to 1970 (RFC 868).
  view.setUint32(40, (unix + (70 * 365 + 17) * 86_400) % 2 ** 32);
  for (const [at, value] of Object.entries(changes)) packet[Number(at)] = value;
  return packet;
}

describe("SNTP", () => {
  it("asks as a client of version 4, and tells nothing but its cookie", () => {
    const request = sntpRequest(cookie);
    assert.equal(request.length, 48);
    assert.equal(request[0], 0b00_100_011);
    assert.deepEqual(request.slice(40), cookie);
    assert.ok(request.slice(1, 40).every((byte) => byte === 0));
  });

  it("reads the time, also beyond 2036, where NTP begins again", () => {
    for (const unix of [1_795_824_000, 2_085_978_495, 2_085_978_497, 2_300_000_000])
      assert.equal(parseSntpAnswer(answer(unix), cookie), unix);
  });

  it("refuses what is no answer to its question, and servers that do not know", () => {
    const wrong: readonly (readonly [string, Uint8Array])[] = [
      ["cut off", answer(1_795_824_000).slice(0, 47)],
      ["empty", new Uint8Array(0)],
      ["a client's", answer(1_795_824_000, { 0: 0b00_100_011 })],
      ["a broadcast", answer(1_795_824_000, { 0: 0b00_100_101 })],
      ["not set", answer(1_795_824_000, { 0: 0b11_100_100 })],
      ["kiss of death", answer(1_795_824_000, { 1: 0 })],
      ["stratum 16", answer(1_795_824_000, { 1: 16 })],
      ["another cookie", answer(1_795_824_000, { 31: 9 })],
      ["no time", answer(1_795_824_000, { 40: 0, 41: 0, 42: 0, 43: 0 })],
    ];
    for (const [name, packet] of wrong)
      assert.throws(() => parseSntpAnswer(packet, cookie), { code: "malformed" }, name);
  });
});
