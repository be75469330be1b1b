import assert from "node:assert/strict";
import fc from "fast-check";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { fromUtf8, toUtf8 } from "../../protocol/encoding/utf8.ts";
import { encodePacket, IMPROV_TYPE } from "../../protocol/improv/packet.ts";
import { PacketScanner, type Scanned } from "../../protocol/improv/packet-scanner.ts";
import {
  encodeCommand,
  encodeResult,
  encodeWifi,
  IMPROV_COMMAND,
  parseCommand,
  parseResult,
  parseWifi,
} from "../../protocol/improv/rpc.ts";
import { parses, throwsCode } from "./error-code.ts";

/** The packets that the public SDK of the protocol sends, without its line feed. */
const SDK_STATE = "494d50524f56010302" + "0200" + "e5";
const SDK_INFO = "494d50524f56010302" + "0300" + "e6";

/** What came, as text and hexadecimal. */
function seen(scanned: readonly Scanned[]): string[] {
  return scanned.map((found) => {
    if (found.type === "text") return `text ${fromUtf8(found.bytes)}`;
    return found.type === "packet" ? `${found.packet.type} ${toHex(found.packet.data)}` : "damaged";
  });
}

describe("Improv packets", () => {
  it("are those of other implementations", () => {
    assert.equal(toHex(encodeCommand(IMPROV_COMMAND.state)), SDK_STATE);
    assert.equal(toHex(encodeCommand(IMPROV_COMMAND.info)), SDK_INFO);
  });

  it("carry the protocol's own example of Wi-Fi settings", () => {
    const settings = { ssid: "MyWirelessAP", password: "mysecurepassword" };
    const data = encodeWifi(settings);
    const example = `011e0c${toHex(toUtf8("MyWirelessAP"))}10${toHex(toUtf8("mysecurepassword"))}`;
    assert.equal(toHex(encodeCommand(IMPROV_COMMAND.wifi, data)).slice(18, -2), example);
    assert.deepEqual(parseWifi(parseCommand(fromHex(example)).data), settings);
  });

  it("refuse Wi-Fi settings that no network has", () => {
    const wrong: [string, string][] = [
      ["", "password1"],
      ["lab", "short"],
      ["lab", "x".repeat(64)],
      ["x".repeat(33), "password1"],
    ];
    for (const [ssid, password] of wrong)
      throwsCode(() => parseWifi(encodeWifi({ ssid, password })), "malformed");
    assert.deepEqual(parseWifi(encodeWifi({ ssid: "open", password: "" })).password, "");
  });

  it("bring lists of strings across, cut where they find no room", () => {
    const lists = [[], [""], ["a", "", "ü€"], ["x".repeat(252)]];
    for (const strings of lists) {
      const packet = encodeResult(3, strings);
      assert.deepEqual(parseResult(packet.slice(9, -1)), { command: 3, strings });
    }
    const cut = parseResult(encodeResult(3, ["x".repeat(250), "€€", "lost"]).slice(9, -1));
    assert.deepEqual(cut.strings, ["x".repeat(250), "", ""]);
  });

  it("are refused with a code, whatever is in them", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        parses(() => parseCommand(bytes), "malformed");
        parses(() => parseResult(bytes), "malformed");
        parses(() => parseWifi(bytes), "malformed");
      }),
      { numRuns: 300 },
    );
  });
});

describe("the scanner of a serial stream", () => {
  it("parts packets and text, however the bytes come", () => {
    const stream = [
      ...toUtf8("> IMPRO IMPROV no, I"),
      ...fromHex(SDK_STATE),
      ...toUtf8("\nIMIM"),
      ...encodePacket(IMPROV_TYPE.state, Uint8Array.of(2)),
      ...toUtf8("end"),
    ];
    for (const size of [1, 2, 3, 7, stream.length]) {
      const scanner = new PacketScanner();
      const found: Scanned[] = [];
      for (let at = 0; at < stream.length; at += size)
        found.push(...scanner.push(Uint8Array.from(stream.slice(at, at + size))));
      found.push(...scanner.abandon());
      const text = seen(found)
        .filter((line) => line.startsWith("text"))
        .map((line) => line.slice(5));
      assert.equal(text.join(""), "> IMPRO IMPROV no, I\nIMIMend", `by ${size}`);
      assert.deepEqual(
        seen(found).filter((line) => !line.startsWith("text")),
        ["3 0200", "1 02"],
      );
    }
  });

  it("notices every byte that changed, and goes on with the next packet", () => {
    const good = encodeCommand(IMPROV_COMMAND.wifi, encodeWifi({ ssid: "lab", password: "" }));
    for (let at = 0; at < good.length; at++) {
      const bad = good.slice();
      bad[at]! ^= 0x21;
      const scanner = new PacketScanner();
      const found = [...scanner.push(bad), ...scanner.abandon(), ...scanner.push(good)];
      const packets = seen(found).filter((line) => /^\d/.test(line));
      assert.equal(packets.length, 1, `byte ${at}`);
    }
  });

  it("never gives a packet's bytes out as text, also when its end is missing", () => {
    const password = "correct horse";
    const whole = encodeCommand(1, encodeWifi({ ssid: "lab", password }));
    for (let length = 8; length < whole.length; length++) {
      const scanner = new PacketScanner();
      const found = [...scanner.push(whole.slice(0, length)), ...scanner.abandon()];
      assert.deepEqual(seen(found), ["damaged"], `${length} bytes`);
      assert.equal(scanner.waiting, false);
    }
  });

  it("holds back what is typed only until it cannot be a packet", () => {
    const scanner = new PacketScanner();
    assert.deepEqual(seen(scanner.push(toUtf8("I"))), []);
    assert.equal(scanner.waiting, true);
    assert.deepEqual(seen(scanner.abandon()), ["text I"]);
    assert.deepEqual(seen(scanner.push(toUtf8("status\r"))), ["text status\r"]);
  });
});
