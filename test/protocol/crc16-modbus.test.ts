import assert from "node:assert/strict";
import {
  crc16Modbus,
  hasCrc16Modbus,
  withCrc16Modbus,
} from "../../protocol/encoding/crc16-modbus.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";

describe("CRC-16 of Modbus", () => {
  it("gives the catalogue's check value (CRC-16/MODBUS: 4B37h)", () => {
    assert.equal(crc16Modbus(toUtf8("123456789")), 0x4b37);
  });

  it("gives the CRC of the specification's example frame, low byte first", () => {
    // Modbus over Serial Line V1.02 §6.2.2: 02 07 gives 41 12.
    assert.equal(toHex(withCrc16Modbus(fromHex("0207"))), "02074112");
  });

  it("knows a frame by it, and no frame with one bit changed", () => {
    const good = withCrc16Modbus(fromHex("010600020001"));
    assert.equal(hasCrc16Modbus(good), true);
    for (let bit = 0; bit < 8 * good.length; bit++) {
      const bad = good.slice();
      bad[bit >> 3]! ^= 1 << (bit & 7);
      assert.equal(hasCrc16Modbus(bad), false);
    }
    assert.equal(hasCrc16Modbus(new Uint8Array(0)), false);
    assert.equal(hasCrc16Modbus(fromHex("ffff")), false);
  });
});
