import assert from "node:assert/strict";
import fc from "fast-check";
import { parseReaderConfig, readerConfig } from "../../firmware/config.ts";
import { isLatchkeyError, LatchkeyError } from "../../protocol/errors.ts";
import { sampleConfig } from "./sample-config.ts";

type Change = (config: Record<string, unknown>) => void;

function failure(change: Change): LatchkeyError {
  const config = sampleConfig();
  change(config);
  try {
    readerConfig(config);
  } catch (error) {
    assert.ok(error instanceof LatchkeyError, String(error));
    assert.equal(error.code, "config-invalid");
    return error;
  }
  return assert.fail("the configuration was accepted");
}

/** A line in place of Wi-Fi, with some of it changed. */
function wired(changes: object, config: Record<string, unknown>): object {
  delete config["wifi"];
  return { transmit: 20, receive: 21, ...changes };
}

const WRONG: readonly (readonly [field: string, says: RegExp, change: Change])[] = [
  ["base_url", /missing/, (c) => delete c["base_url"]],
  ["base_url", /http/, (c) => (c["base_url"] = "ftp://10.0.0.2")],
  ["base_url", /http/, (c) => (c["base_url"] = "http://user:pw@host")],
  ["base_url", /port/, (c) => (c["base_url"] = "http://host:70000")],
  ["node_type", /reader/, (c) => (c["node_type"] = "sensor")],
  ["tenant_id", /UUID/, (c) => (c["tenant_id"] = "3F2B8A52-6D2E-4C65-9A59-0D3C1F6C8A11")],
  ["comm_key", /32 bytes, has 31/, (c) => (c["comm_key"] = `${"A".repeat(41)}A`.slice(0, 42))],
  ["comm_key", /base64/, (c) => (c["comm_key"] = "not base64 at all!")],
  ["comm_iv", /12 bytes/, (c) => (c["comm_iv"] = "AAAA")],
  ["server_keys", /list/, (c) => (c["server_keys"] = "AAAA")],
  ["server_keys", /1 to 4/, (c) => (c["server_keys"] = [])],
  ["server_keys[0]", /base64/, (c) => (c["server_keys"] = [7])],
  ["badge_profile", /sealed/, (c) => (c["badge_profile"] = "closed")],
  ["df1", /text/, (c) => (c["df1"] = 5)],
  ["enrol_token", /longer/, (c) => (c["enrol_token"] = "x".repeat(129))],
  ["wifi.password", /8 to 63/, (c) => (c["wifi"] = { ssid: "lab", password: "short" })],
  ["wifi.ssid", /missing/, (c) => (c["wifi"] = {})],
  ["wired", /not both/, (c) => (c["wired"] = { transmit: 20, receive: 21 })],
  ["wired.address", /1 to 254/, (c) => (c["wired"] = wired({ address: 255 }, c))],
  [
    "relay.pin",
    /already used by wired\.direction/,
    (c) => (c["wired"] = wired({ direction: 15 }, c)),
  ],
  ["wired.receive", /not RX of UART0/, (c) => (c["wired"] = wired({ transmit: 0 }, c))],
  ["label", /longer/, (c) => (c["label"] = "a label that is far too long")],
  ["label", /control/, (c) => (c["label"] = "two\nlines")],
  ["timezone", /\+02:00/, (c) => (c["timezone"] = "CEST")],
  ["timezone", /no such/, (c) => (c["timezone"] = "+15:00")],
  ["nfc", /missing/, (c) => delete c["nfc"]],
  ["nfc.data", /SDA/, (c) => (c["nfc"] = { data: 5, clock: 4 })],
  ["nfc.clock", /I2C0/, (c) => (c["nfc"] = { data: 4, clock: 7 })],
  ["nfc.hz", /10000 to 400000/, (c) => (c["nfc"] = { data: 4, clock: 5, hz: 1_000_000 })],
  [
    "nfc.irq",
    /already used by nfc\.reset/,
    (c) => (c["nfc"] = { data: 4, clock: 5, reset: 6, irq: 6 }),
  ],
  ["nfc.data", /not free/, (c) => (c["nfc"] = { data: 24, clock: 25 })],
  ["display.data", /I2C0 for itself/, (c) => (c["display"] = { data: 8, clock: 9 })],
  ["display.address", /60 to 61/, (c) => (c["display"] = { data: 2, clock: 3, address: 36 })],
  ["relay.pin", /already used by nfc\.data/, (c) => (c["relay"] = { pin: 4 })],
  ["relay.pin", /missing/, (c) => (c["relay"] = {})],
  ["relay.active", /high/, (c) => (c["relay"] = { pin: 15, active: true })],
  ["relay.max_ms", /100 to 60000/, (c) => (c["relay"] = { pin: 15, max_ms: 1e9 })],
  ["led.red", /already used by led\.green/, (c) => (c["led"] = { green: 16, red: 16 })],
  ["console.transmit", /cannot transmit/, (c) => (c["console"] = { transmit: 1, receive: 0 })],
  ["console.receive", /UART0/, (c) => (c["console"] = { transmit: 0, receive: 9 })],
  ["limits.decision_ms", /whole number/, (c) => (c["limits"] = { decision_ms: 1.5 })],
  ["limits.decision_ms", /whole number/, (c) => (c["limits"] = { decision_ms: "3000" })],
  ["limits.retry_max_ms", /below/, (c) => (c["limits"] = { retry_ms: 9000, retry_max_ms: 2000 })],
  ["limits", /object/, (c) => (c["limits"] = [])],
  ["comm_kye", /did you mean comm_key/, (c) => (c["comm_kye"] = "x")],
  ["relay.max", /did you mean max_ms/, (c) => (c["relay"] = { pin: 15, max: 5 })],
];

describe("reader configuration", () => {
  it("is read whole from JSON", () => {
    const config = parseReaderConfig(JSON.stringify(sampleConfig()));
    assert.equal(config.baseUrl, "http://10.0.0.2:8080");
    assert.equal(config.utcOffsetMinutes, 120);
    assert.deepEqual(config.nfc, { data: 4, clock: 5, port: 0, hz: 100_000, reset: 6, irq: 7 });
    assert.deepEqual(config.display, { data: 2, clock: 3, port: 1, hz: 400_000, address: 0x3c });
    assert.deepEqual(config.relay, { pin: 15, activeHigh: true, maxMs: 10_000 });
    assert.equal(config.limits.checkinIntervalMs, 300_000);
    assert.equal(config.commKey.length, 32);
    assert.equal(config.commIv[11], 11);
  });

  it("needs no display, LED, buzzer, console, Wi-Fi or token", () => {
    const full = sampleConfig();
    for (const name of ["display", "led", "buzzer", "console", "wifi", "enrol_token", "label"])
      delete full[name];
    const config = readerConfig(full);
    assert.equal(config.display, undefined);
    assert.equal(config.console, undefined);
    assert.equal(config.label, "Latchkey");
  });

  it("takes a wire in place of Wi-Fi", () => {
    const changes = { direction: 22, address: 7, baud: 115_200 };
    const base = sampleConfig();
    const line = wired(changes, base);
    const config = readerConfig({ ...base, wired: line });
    assert.deepEqual(config.wired, { transmit: 20, receive: 21, port: 1, ...changes });
    assert.equal(config.wifi, undefined);
    const short = readerConfig({ ...base, wired: { transmit: 20, receive: 21 } });
    assert.deepEqual([short.wired?.baud, short.wired?.address], [115_200, 1]);
  });

  it("refuses a line that is faster than the board's driver can take", () => {
    const base = sampleConfig();
    const line = wired({}, base);
    for (const baud of [115_201, 921_600])
      assert.throws(
        () => readerConfig({ ...base, wired: { ...line, baud } }),
        { code: "config-invalid", message: /wired\.baud.*115200/ },
        String(baud),
      );
    const port = { transmit: 0, receive: 1, baud: 921_600 };
    assert.throws(() => readerConfig({ ...base, console: port }), /console\.baud.*115200/);
  });

  it("needs no df1 where badges are sealed, and needs it everywhere else", () => {
    const config = sampleConfig();
    delete config["df1"];
    assert.throws(() => readerConfig(config), /df1/);
    const sealed = readerConfig({ ...config, badge_profile: "sealed" });
    assert.deepEqual([sealed.df1, sealed.badgeProfile], [undefined, "sealed"]);
    const both = readerConfig({ ...sampleConfig(), badge_profile: "sealed" });
    assert.equal(both.df1?.length, 32);
    assert.equal(readerConfig(sampleConfig()).badgeProfile, "open");
  });

  it("takes the id of an identity as its authority, and nothing else", () => {
    const authority = `totem:id:organization:${"0a".repeat(32)}`;
    assert.equal(readerConfig({ ...sampleConfig(), authority }).authority, authority);
    for (const wrong of ["", "organization", authority.slice(1), `${authority}0`, 7])
      assert.throws(() => readerConfig({ ...sampleConfig(), authority: wrong }), {
        code: "config-invalid",
      });
  });

  it("drops slashes at the end of base_url", () => {
    const url = "http://h.x/y//";
    assert.equal(readerConfig({ ...sampleConfig(), base_url: url }).baseUrl, "http://h.x/y");
  });

  it("takes a time server for https, and refuses one where nothing would ask it", () => {
    const pin = "HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    const https = { ...sampleConfig(), base_url: "https://h.x", tls_roots: [pin] };
    const config = readerConfig({ ...https, time_server: "time.example" });
    assert.equal(config.timeServer, "time.example");
    for (const wrong of ["", "a b", "-x", "time.example:123", 7])
      assert.throws(() => readerConfig({ ...https, time_server: wrong }), /time_server/);
    const http = { ...sampleConfig(), time_server: "time.example" };
    assert.throws(() => readerConfig(http), /time_server: is for https only/);
  });

  it("refuses https without the pin of a certificate, before a board is touched", () => {
    const https = { ...sampleConfig(), base_url: "https://h.x" };
    const missing = { code: "config-invalid", message: /tls_roots: is missing; with https/ };
    assert.throws(() => readerConfig(https), missing);
    const pin = "HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    assert.equal(readerConfig({ ...https, tls_roots: [pin] }).tlsRoots?.length, 1);
    // At a wire it is the gateway that speaks to the server.
    const line = wired({}, https);
    assert.equal(readerConfig({ ...https, wired: line }).tlsRoots, undefined);
  });

  for (const [index, [field, says, change]] of WRONG.entries()) {
    it(`names ${field} when it is wrong (${index}: ${says.source})`, () => {
      const error = failure(change);
      assert.equal(error.detail["field"], field);
      assert.match(error.message, says);
      assert.ok(error.message.startsWith(field), error.message);
    });
  }

  it("does not print its secrets", () => {
    const text = JSON.stringify(readerConfig(sampleConfig()));
    for (const name of ["comm_key", "df1"]) {
      const value = String(sampleConfig()[name]);
      assert.ok(!text.includes(value.slice(4, 20)), name);
    }
    assert.ok(!text.includes("correct horse"));
    assert.ok(!text.includes("one-time-token"));
  });

  it("does not repeat a wrong value in its error: it may be a key in the wrong place", () => {
    const key = String(sampleConfig()["comm_key"]);
    for (const name of ["base_url", "tenant_id", "timezone", "label", "node_type", "comm_iv"]) {
      const error = failure((c) => (c[name] = key));
      assert.ok(!JSON.stringify(error).includes(key.slice(0, 16)), name);
    }
  });

  it("answers any JSON with a configuration or config-invalid", () => {
    const key = fc.constantFrom(...Object.keys(sampleConfig()), "pin", "data", "x");
    const damage = fc.tuple(key, fc.jsonValue({ maxDepth: 2 }));
    fc.assert(
      fc.property(fc.array(damage, { maxLength: 3 }), (damages) => {
        const config = sampleConfig();
        for (const [name, value] of damages) config[name] = value;
        try {
          readerConfig(config);
        } catch (error) {
          assert.ok(isLatchkeyError(error, "config-invalid"), String(error));
          assert.equal(typeof error.detail["field"], "string");
        }
      }),
      { numRuns: 200 },
    );
  });

  it("answers any text with a configuration or config-invalid", () => {
    const whole = JSON.stringify(sampleConfig());
    const cut = fc.nat({ max: whole.length - 1 }).map((end) => whole.slice(0, end));
    fc.assert(
      fc.property(fc.oneof(fc.string(), cut, fc.json()), (text) => {
        assert.throws(
          () => parseReaderConfig(text),
          (e: unknown) => isLatchkeyError(e, "config-invalid"),
        );
      }),
      { numRuns: 100 },
    );
  });
});
