import assert from "node:assert/strict";
import { packConfigSlot } from "../../firmware/provisioning/config-slot.ts";
import { LocalAct } from "../../firmware/provisioning/local-act.ts";
import { readText } from "../../host-sim/display/read-text.ts";
import { concat } from "../../protocol/encoding/bytes.ts";
import { crc32 } from "../../protocol/encoding/crc32.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { fromUtf8, toUtf8 } from "../../protocol/encoding/utf8.ts";
import { PacketScanner } from "../../protocol/improv/packet-scanner.ts";
import {
  encodeBegin,
  encodeCommand,
  encodePiece,
  encodeWifi,
  IMPROV_COMMAND,
  parseResult,
} from "../../protocol/improv/rpc.ts";
import { throwsCode } from "../protocol/error-code.ts";
import { LAB, provisioningBench } from "./provisioning-bench.ts";
import { sampleConfig } from "./sample-config.ts";

type Bench = ReturnType<typeof provisioningBench>;

const JSON_TEXT = JSON.stringify(sampleConfig());
const SECRETS = ["correct horse", "one-time-token", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"];

/** What came back, packet by packet: `state 2`, `error 0`, or the strings of a result. */
function packetsOf(bytes: Uint8Array): string[] {
  return new PacketScanner().push(bytes).flatMap((found) => {
    if (found.type !== "packet") return [];
    const { type, data } = found.packet;
    if (type === 4) return [`${parseResult(data).strings.join(",")}`];
    return [`${type === 1 ? "state" : "error"} ${data[0]}`];
  });
}

function textOf(bytes: Uint8Array): string {
  const parts = new PacketScanner().push(bytes);
  return fromUtf8(concat(...parts.flatMap((found) => (found.type === "text" ? found.bytes : []))));
}

async function ask(bench: Bench, packet: Uint8Array, ms = 300): Promise<string[]> {
  bench.heard();
  bench.line.write(packet);
  await bench.pass(ms);
  return packetsOf(bench.heard());
}

async function send(bench: Bench, json: string): Promise<string[]> {
  const bytes = toUtf8(json);
  await ask(bench, encodeCommand(IMPROV_COMMAND.begin, encodeBegin(bytes.length, crc32(bytes))));
  for (let at = 0; at < bytes.length; at += 96) {
    const piece = encodePiece(at, bytes.subarray(at, at + 96));
    await ask(bench, encodeCommand(IMPROV_COMMAND.piece, piece), 60);
  }
  return ask(bench, encodeCommand(IMPROV_COMMAND.commit), 1_000);
}

describe("a node without a configuration", () => {
  it("says so on console and display, and shows its key", async () => {
    const bench = provisioningBench();
    await bench.pass(400);
    assert.match(textOf(bench.heard()), /Latchkey reader 1\.2\.3, without a configuration/);
    bench.line.write(toUtf8("status\r"));
    await bench.pass(200);
    assert.match(textOf(bench.heard()), /state|error: +config-missing/);
    const lines = readText(bench.display.bitmap()).join("\n");
    assert.match(lines, /SET ME UP/);
    bench.line.write(toUtf8("id --json\r"));
    await bench.pass(200);
    const id = /\{.*\}/.exec(textOf(bench.heard()))![0];
    const { fingerprint } = JSON.parse(id) as { fingerprint: string };
    assert.match(lines.replaceAll(/\s/g, ""), new RegExp(fingerprint));
    assert.match(bench.logged.join("\n"), /waits-for-provisioning/);
  });

  it("keeps its watchdog fed for hours", async () => {
    const bench = provisioningBench();
    await bench.pass(60_000);
    assert.equal(bench.restarts, 0);
  });

  it("answers what public tools ask", async () => {
    const bench = provisioningBench();
    await bench.pass(100);
    assert.deepEqual(await ask(bench, encodeCommand(IMPROV_COMMAND.state)), ["error 0", "state 2"]);
    const info = ["error 0", "Latchkey reader,1.2.3,RP2350,Latchkey 5a27"];
    assert.deepEqual(await ask(bench, encodeCommand(IMPROV_COMMAND.info)), info);
    const seen = await ask(bench, encodeCommand(IMPROV_COMMAND.scan), 3_000);
    assert.deepEqual(seen, ["error 0", "lab,-52,YES", "guests,-71,NO", ""]);
    assert.deepEqual(await ask(bench, encodeCommand(0x42)), ["error 0", "error 2"]);
  });

  it("joins a Wi-Fi, and tells a wrong password from a wrong name", async () => {
    const bench = provisioningBench();
    await bench.pass(100);
    const join = (ssid: string, password: string) =>
      ask(bench, encodeCommand(IMPROV_COMMAND.wifi, encodeWifi({ ssid, password })), 8_000);
    const failed = ["error 0", "state 3", "state 2", "error 3"];
    const why = async () => (await ask(bench, encodeCommand(IMPROV_COMMAND.progress)))[1];
    assert.deepEqual(await join(LAB.ssid, "wrong horse"), failed);
    assert.match((await why())!, /wifi_error,wifi-password-wrong$/);
    assert.deepEqual(await join("nowhere", "correct horse"), failed);
    assert.match((await why())!, /wifi_error,wifi-not-found$/);
    assert.deepEqual(await join(LAB.ssid, "short"), ["error 0", "state 2", "error 1"]);
    assert.deepEqual(await join(LAB.ssid, LAB.password), ["error 0", "state 3", "state 4", ""]);
    assert.deepEqual(await ask(bench, encodeCommand(IMPROV_COMMAND.state)), [
      ...["error 0", "state 4", ""],
    ]);
  });

  it("takes a configuration in pieces, checks it, keeps it and starts anew", async () => {
    const bench = provisioningBench();
    await bench.pass(100);
    assert.deepEqual(await send(bench, JSON_TEXT), ["error 0", "ok"]);
    assert.equal(bench.store.read(), JSON_TEXT);
    assert.equal(bench.restarts, 1);
  });

  it("adds the Wi-Fi that a public tool gave it before", async () => {
    const bench = provisioningBench();
    await bench.pass(100);
    const settings = encodeWifi({ ssid: LAB.ssid, password: LAB.password });
    await ask(bench, encodeCommand(IMPROV_COMMAND.wifi, settings), 4_000);
    const { wifi: _, ...wired } = sampleConfig();
    assert.deepEqual(await send(bench, JSON.stringify(wired)), ["error 0", "ok"]);
    const { ssid, password } = LAB;
    assert.deepEqual(JSON.parse(bench.store.read()!).wifi, { ssid, password });
  });

  it("refuses what would not start, naming the field, and keeps nothing of it", async () => {
    const bench = provisioningBench();
    await bench.pass(100);
    const bad = JSON.stringify({ ...sampleConfig(), relay: { pin: 99 } });
    const [, answer] = await send(bench, bad);
    assert.match(answer!, /^error,config-invalid,relay\.pin: /);
    assert.match((await send(bench, "{"))[1]!, /^error,config-invalid,configuration: is not JSON/);
    assert.equal(bench.store.read(), undefined);
    assert.equal(bench.restarts, 0);
    assert.deepEqual(await send(bench, JSON_TEXT), ["error 0", "ok"]);
  });

  it("never sends back or logs a secret, also when a packet is cut off", async () => {
    const bench = provisioningBench();
    await bench.pass(100);
    let everything = "";
    const hear = () => {
      everything += toHex(bench.heard());
    };
    const settings = encodeCommand(
      IMPROV_COMMAND.wifi,
      encodeWifi({ ssid: LAB.ssid, password: LAB.password }),
    );
    for (let cut = 1; cut <= settings.length; cut++) {
      bench.line.write(settings.slice(0, cut));
      await bench.pass(400);
      hear();
    }
    await bench.pass(4_000);
    await send(bench, JSON_TEXT);
    hear();
    const told = `${bench.logged.join("\n")}${JSON.stringify(bench.node.log.last(100))}`;
    for (const secret of SECRETS) {
      assert.ok(!everything.includes(toHex(toUtf8(secret)).slice(0, 16)), `echoed ${secret}`);
      assert.ok(!told.includes(secret), `logged ${secret}`);
    }
  });

  it("notices a piece that is missing, foreign or too much, and takes one twice", async () => {
    const bench = provisioningBench();
    await bench.pass(100);
    const bytes = toUtf8(JSON_TEXT);
    const begin = (length: number, crc: number) =>
      ask(bench, encodeCommand(IMPROV_COMMAND.begin, encodeBegin(length, crc)));
    const piece = (at: number, end: number) => {
      const data = encodePiece(at, bytes.subarray(at, end));
      return ask(bench, encodeCommand(IMPROV_COMMAND.piece, data));
    };
    const commit = () => ask(bench, encodeCommand(IMPROV_COMMAND.commit));
    assert.match((await commit())[1]!, /no configuration was sent/);
    assert.match((await begin(5_000, 1))[1]!, /config-invalid,the configuration has 5000 bytes/);
    await begin(bytes.length, crc32(bytes));
    assert.match((await piece(96, 192))[1]!, /a piece before byte 96 is missing/);
    assert.deepEqual(await piece(0, 96), ["error 0", "ok,96"]);
    assert.deepEqual(await piece(0, 96), ["error 0", "ok,96"]);
    assert.match((await commit())[1]!, /only 96 of \d+ bytes came/);
    await begin(10, crc32(bytes));
    assert.match((await piece(0, 96))[1]!, /more came than was announced/);
    await piece(0, 10);
    assert.match((await commit())[1]!, /provisioning-damaged,.*the checksum is wrong/);
    assert.equal(bench.store.read(), undefined);
  });
});

describe("a node with a configuration that it cannot use", () => {
  const pack = (json: string) => packConfigSlot({ sequence: 1, json });
  const damaged = pack(JSON_TEXT).map((byte, i) => (i === 200 ? byte ^ 1 : byte));
  const cases: [string, Uint8Array, string][] = [
    ["damaged", damaged, "storage-corrupt"],
    ["of another version", pack('{"door":"front"}'), "config-invalid"],
  ];
  it("names the field in status, without what stands in it", async () => {
    const bench = provisioningBench({ stored: pack('{"door":"a secret in a wrong place"}') });
    await bench.pass(100);
    bench.line.write(toUtf8("status\r"));
    await bench.pass(200);
    assert.match(textOf(bench.heard()), /error said: +door: is not a setting here/);
    assert.doesNotMatch(textOf(bench.heard()), /a secret/);
  });

  for (const [what, stored, code] of cases)
    it(`${what}: says so, and takes another one after a local act only`, async () => {
      const bench = provisioningBench({ stored });
      await bench.pass(100);
      bench.line.write(toUtf8("status\r"));
      await bench.pass(200);
      assert.match(textOf(bench.heard()), new RegExp(`error: +${code}`));
      assert.match(bench.node.screen.title, /BAD CONFIG/);
      assert.match((await send(bench, JSON_TEXT))[1]!, /^error,provisioning-locked/);
      const settings = encodeWifi({ ssid: LAB.ssid, password: LAB.password });
      const join = encodeCommand(IMPROV_COMMAND.wifi, settings);
      assert.deepEqual(await ask(bench, join, 4_000), ["error 0", "error 4"]);
      assert.equal(bench.wifi.attempts, 0);
      bench.line.write(toUtf8("provision\r"));
      await bench.pass(200);
      assert.match(textOf(bench.heard()), /provisioning: +open/);
      assert.deepEqual(await send(bench, JSON_TEXT), ["error 0", "ok"]);
      assert.equal(bench.store.read(), JSON_TEXT);
    });
});

describe("a board without a radio", () => {
  it("sees no network, cannot join one, and takes its configuration all the same", async () => {
    const bench = provisioningBench({ radio: false });
    await bench.pass(100);
    assert.deepEqual(await ask(bench, encodeCommand(IMPROV_COMMAND.scan)), ["error 0", ""]);
    const settings = encodeWifi({ ssid: LAB.ssid, password: LAB.password });
    const joined = await ask(bench, encodeCommand(IMPROV_COMMAND.wifi, settings));
    assert.deepEqual(joined, ["error 0", "state 3", "state 2", "error 3"]);
    assert.deepEqual(await send(bench, JSON_TEXT), ["error 0", "ok"]);
  });
});

describe("the local act", () => {
  const at = (nowMs: number, bootReason: "power-on" | "restart" | "watchdog") => {
    const clock = { nowMs, monotonicMs: () => clock.nowMs };
    return { clock, act: new LocalAct({ clock, bootReason, configured: true }) };
  };

  it("opens a configured node for five minutes, within one of power coming on", () => {
    const { clock, act } = at(59_000, "power-on");
    assert.equal(act.open, false);
    act.ask();
    clock.nowMs += 299_999;
    assert.equal(act.open, true);
    clock.nowMs += 1;
    assert.equal(act.open, false);
    throwsCode(() => act.ask(), "provisioning-locked");
  });

  it("is no act after a restart by software, or too late", () => {
    throwsCode(() => at(5, "restart").act.ask(), "provisioning-locked");
    throwsCode(() => at(5, "watchdog").act.ask(), "provisioning-locked");
    throwsCode(() => at(60_001, "power-on").act.ask(), "provisioning-locked");
  });

  it("is not needed where there is nothing to lose", () => {
    const clock = { monotonicMs: () => 1e9 };
    assert.equal(new LocalAct({ clock, bootReason: "restart", configured: false }).open, true);
  });
});
