import assert from "node:assert/strict";
import { nobleCrypto as crypto } from "../../protocol/crypto/noble.ts";
import { concat } from "../../protocol/encoding/bytes.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { NDEF_FILE } from "../../protocol/nfc/ntag424-read.ts";
import { getKeyVersion } from "../../protocol/ntag424/card-facts.ts";
import {
  type Configuration,
  setConfigurationCommand,
} from "../../protocol/ntag424/configuration.ts";
import {
  readData,
  singleFrameWrite,
  transferMode,
  writeData,
} from "../../protocol/ntag424/file-data.ts";
import {
  PROPRIETARY_FILE,
  selectPiccLevel,
  updateBinary,
} from "../../protocol/ntag424/iso-files.ts";
import type { CommandSender, NativeCommand } from "../../protocol/ntag424/native-command.ts";
import { plainSender } from "../../protocol/ntag424/plain-sender.ts";
import { protectedLength, SecureMessaging } from "../../protocol/ntag424/secure-messaging.ts";
import { AesSessionCipher } from "../../protocol/ntag424/session-cipher.ts";
import { rejectsCode } from "./error-code.ts";
import { filled } from "./nfc-expect.ts";
import { scriptedCard } from "./ntag424-scripted.ts";

describe("SetConfiguration", () => {
  it("for Random ID is that of AN12196 r1.8 Table 28", () => {
    const keys = {
      encKey: fromHex("7951A705F47F3C29B596454DC1490383"),
      macKey: fromHex("FE4EDBF46536557E304682F33E63A84F"),
    };
    const messaging = new SecureMessaging(new AesSessionCipher(crypto, keys), fromHex("D779B1D0"));
    const apdu = messaging.wrap(setConfigurationCommand({ option: "random-id" }));
    assert.equal(
      toHex(apdu).toUpperCase(),
      "905C000019008EA0138A7AF6FC8E99DF2A3A305602C43A7A3C9228C3134A00",
    );
    messaging.unwrap({ data: fromHex("86044208CAD1676A"), sw: 0x9100 });
    assert.equal(messaging.closed, false);
  });

  it("has the options of Table 50", () => {
    const table: readonly (readonly [Configuration, string, string])[] = [
      [{ option: "random-id" }, "00", "02"],
      [{ option: "no-chained-writes" }, "04", "0400"],
      [{ option: "lrp" }, "05", "00000000020000000000"],
      [{ option: "capabilities", pdCap5: 0xab, pdCap6: 0xcd }, "05", "0000000000000000abcd"],
      [{ option: "failed-auth", limit: 1000, decrement: 10 }, "0a", "01e8030a00"],
      [{ option: "failed-auth-off" }, "0a", "0000000000"],
      [{ option: "back-modulation", strong: true }, "0b", "01"],
      [{ option: "back-modulation", strong: false }, "0b", "00"],
    ];
    for (const [configuration, option, data] of table) {
      const command = setConfigurationCommand(configuration);
      assert.deepEqual([toHex(command.header!), toHex(command.data!)], [option, data]);
      assert.deepEqual([command.mode, command.needsSession], ["full", true]);
    }
    for (const [limit, decrement] of [
      [0, 10],
      [0x10000, 10],
      [1000, -1],
    ] as const)
      assert.throws(
        () => setConfigurationCommand({ option: "failed-auth", limit, decrement }),
        RangeError,
      );
  });
});

describe("data of a file", () => {
  it("travels as the rights and the session's key have it (§8.2.3.3)", () => {
    const settings = {
      commMode: "full" as const,
      access: { read: 2, write: "free", readWrite: 3, change: 0 } as const,
    };
    assert.equal(transferMode(settings, "read", 2), "full");
    assert.equal(transferMode(settings, "read", 3), "full");
    assert.equal(transferMode(settings, "read", 0), undefined);
    assert.equal(transferMode(settings, "read", undefined), undefined);
    assert.equal(transferMode(settings, "write", 3), "full");
    // The right is there, but only because everybody has it: plain, though there is a session.
    assert.equal(transferMode(settings, "write", 0), "plain");
    assert.equal(transferMode(settings, "write", undefined), "plain");
  });

  /** Keeps what it is asked, and answers reads from a counting file. */
  function memory(): { sender: CommandSender; sent: NativeCommand[] } {
    const sent: NativeCommand[] = [];
    const sender: CommandSender = {
      send: async (command) => {
        sent.push(command);
        const [, at, , , length] = command.header!;
        return command.ins === 0xad ? filled(length!, at!) : new Uint8Array(0);
      },
    };
    return { sender, sent };
  }

  it("is written in pieces that each fit one frame, so that none is torn", async () => {
    assert.deepEqual(
      ["plain", "mac", "full"].map((it) => singleFrameWrite(it as "mac")),
      [112, 104, 95],
    );
    for (const mode of ["plain", "mac", "full"] as const) {
      const { sender, sent } = memory();
      await writeData(sender, { fileNo: 2, mode }, filled(256, 1));
      let at = 0;
      for (const command of sent) {
        // APDU header, Lc and Le, and PCB with CRC around it: FSC is 128.
        assert.ok(3 + 6 + protectedLength(command) <= 128);
        assert.equal(command.header![1]! | (command.header![2]! << 8), at);
        at += command.data!.length;
      }
      assert.equal(at, 256);
    }
  });

  it("is read in pieces that fit an answer", async () => {
    const { sender, sent } = memory();
    await readData(sender, { fileNo: 2, offset: 1, mode: "full" }, 250);
    assert.deepEqual(
      sent.map(({ header }) => toHex(header!)),
      ["02010000ef0000", "02f000000b0000"],
    );
    const place = { fileNo: 2, mode: "mac" as const };
    await assert.rejects(readData(sender, place, 10, 249), RangeError);
    await assert.rejects(readData(sender, place, 10, 0), RangeError);
    await assert.rejects(writeData(sender, { fileNo: 40, mode: "mac" }, filled(1, 1)), RangeError);
  });

  it("of another length than was asked for is refused", async () => {
    const sender: CommandSender = { send: async () => filled(3, 0) };
    await rejectsCode(readData(sender, { fileNo: 2, mode: "plain" }, 4), "card-protocol");
    await rejectsCode(getKeyVersion(sender, 1), "card-protocol");
  });

  it("is updated by ISO command as in AN12196 r1.8 Table 17, with a short identifier", async () => {
    const ndef = concat(fromHex("0051D1014D5504"), toUtf8("choose.url.com/ntag424?e="));
    const card = scriptedCard([
      [`00D68400${ndef.length.toString(16)}${toHex(ndef)}`, "9000"],
      ["00D6850302AABB", "6982"],
      ["00A4000C023F00", "9000"],
    ]);
    await updateBinary(card.transceive, NDEF_FILE, 0, ndef);
    const denied = updateBinary(card.transceive, PROPRIETARY_FILE, 3, fromHex("AABB"));
    await rejectsCode(denied, "card-status");
    await selectPiccLevel(card.transceive);
    assert.equal(card.left(), 0);
    await assert.rejects(updateBinary(card.transceive, NDEF_FILE, 256, ndef), RangeError);
    await assert.rejects(updateBinary(card.transceive, NDEF_FILE, 0, filled(0, 0)), RangeError);
  });

  it("goes plain without a session (AN12196 r1.8 Table 25)", async () => {
    const data = "000000FF0506E1050080828300000000000000000000";
    const card = scriptedCard([
      ["908D000019010E0000120000FF0506E1050080828300000000000000000000", "9100"],
    ]);
    const place = { fileNo: 1, offset: 14, mode: "full" as const };
    await writeData(plainSender(card.transceive), place, fromHex(data.slice(6, 42)));
    assert.equal(card.left(), 0);
  });
});
