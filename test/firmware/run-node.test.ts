import assert from "node:assert/strict";
import { parseReaderConfig } from "../../firmware/config.ts";
import { type NodeHost, runNode } from "../../firmware/platform/moddable/run-node.ts";
import type { TlsTrust } from "../../firmware/platform/moddable/tls-connect.ts";
import type { Platform } from "../../firmware/platform.ts";
import { packConfigSlot } from "../../firmware/provisioning/config-slot.ts";
import type { IoProvider } from "../../hal/ecma419.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { toBase64Url } from "../../protocol/encoding/base64.ts";
import { fromUtf8 } from "../../protocol/encoding/utf8.ts";
import { VirtualTime } from "../hal/virtual-time.ts";
import { sampleConfig } from "./sample-config.ts";

/** A board in which nothing answers but flash and console. */
function board(config?: object, more: Partial<NodeHost> = {}) {
  const regions = [262_144, 8192].map((bytes) => new Uint8Array(bytes).fill(0xff));
  if (config !== undefined)
    regions[1]!.set(packConfigSlot({ sequence: 1, json: JSON.stringify(config) }));
  const time = new VirtualTime();
  let log = "";
  class Port {
    read() {
      return undefined;
    }
    write(): void {}
    close(): void {}
  }
  class Pin extends Port {
    static readonly Output = 8;
  }
  const started: Platform[] = [];
  const host: NodeHost = {
    timers: {
      set: (f, ms) => time.timer.set(f, ms) as object,
      clear: (id) => time.timer.clear(id),
    },
    io: { Serial: Port, I2C: Port, Digital: Pin, PWM: Port } as unknown as IoProvider,
    flash: {
      bytes: (region) => regions[region]!.length,
      read: (region, at, length) => regions[region]!.slice(at, at + length).buffer,
      isErased: (region, at, length) =>
        regions[region]!.subarray(at, at + length).every((byte) => byte === 0xff),
      erase: (region, at) => void regions[region]!.fill(0xff, at, at + 4096),
      program: (region, at, data) => regions[region]!.set(data, at),
    },
    pulses: {
      open: () => assert.fail("no sensor of this node has its pulses captured"),
      start: () => 0,
      words: () => new ArrayBuffer(0),
      close: () => {},
    } as never,
    oneWire: { open: () => assert.fail("no sensor of this node is on a 1-Wire bus") } as never,
    radio: { failure: () => 0 },
    random: { bytes: (length) => new Uint8Array(length).fill(7).buffer },
    board: {
      ...{ bootReason: () => 0, chipId: () => "E661A4D1234567AB", chipSecret: () => undefined },
      ...{ uptimeMs: () => 5, watch: () => {}, feed: () => {}, heapFree: () => 1, idle: () => {} },
      restart: () => assert.fail("restart"),
    },
    usb: {
      room: () => 10_000,
      read: () => undefined,
      write: (bytes) => {
        log += fromUtf8(bytes);
        return bytes.length;
      },
    },
    ...{ crypto: nobleCrypto, version: "1.2.3", ...more },
  };
  runNode(host, {
    name: "reader",
    parse: (json) => ({
      config: parseReaderConfig(json),
      start: (platform) => started.push(platform),
    }),
  });
  return { started, log: () => log };
}

const { wifi: _, ...base } = sampleConfig() as Record<string, unknown>;
const wired = { transmit: 20, receive: 21 };

describe("an image's beginning", () => {
  it("starts the product with its configuration, its network and its way to another one", () => {
    const { started } = board({ ...base, wired });
    assert.equal(started.length, 1);
    const [platform] = started;
    assert.deepEqual(platform!.network.status(), { up: false });
    assert.ok(platform!.provisioning !== undefined);
  });

  describe("with https in its configuration", () => {
    const pin = "HwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";
    const https = { ...base, wifi: { ssid: "hall" }, base_url: "https://door.example" };
    class Radio {
      close(): void {}
    }
    const wireless = {
      io: Radio,
      resolve: () => {},
      connect: () => assert.fail("in the open"),
    } as unknown as NonNullable<NodeHost["wireless"]>;

    it("is refused by an image without TLS, which says what would be right", () => {
      const { started, log } = board({ ...https, tls_roots: [pin] }, { wireless });
      assert.deepEqual(started, []);
      assert.match(
        log(),
        /"code":"config-invalid".*base_url: must be http:\/\/: this image has no TLS/,
      );
    });

    it("is refused without a pin, also by an image with TLS", () => {
      const tls = () => assert.fail("no pin");
      const { started, log } = board(https, { wireless, tls });
      assert.deepEqual(started, []);
      assert.match(log(), /"code":"config-invalid".*tls_roots: is missing/);
    });

    it("trusts the pins of the configuration and nothing else, by the time of signed answers", () => {
      const trusts: TlsTrust[] = [];
      const tls = (trust: TlsTrust) => {
        trusts.push(trust);
        return () => assert.fail("nobody asked for anything yet");
      };
      const { started } = board({ ...https, tls_roots: [pin] }, { wireless, tls });
      assert.equal(started.length, 1);
      assert.deepEqual(
        trusts.map(({ pins }) => pins.map((one) => toBase64Url(one))),
        [[pin]],
      );
      assert.equal(trusts[0]!.nowUnix(), undefined);
      assert.equal(trusts[0]!.hint, undefined);
    });

    it("asks the time server that the configuration names, for certificates alone", () => {
      const trusts: TlsTrust[] = [];
      const hosts: string[] = [];
      const tls = (trust: TlsTrust) => {
        trusts.push(trust);
        return () => assert.fail("nobody asked for anything yet");
      };
      const hint = { ask: () => {}, unix: () => 1 };
      const timeHint: NodeHost["timeHint"] = ({ host }) => {
        hosts.push(host);
        return hint;
      };
      const config = { ...https, tls_roots: [pin], time_server: "time.example" };
      const { started } = board(config, { wireless, tls, timeHint });
      assert.equal(started.length, 1);
      assert.deepEqual(hosts, ["time.example"]);
      assert.equal(trusts[0]!.hint, hint);
      assert.equal(trusts[0]!.nowUnix(), undefined);
    });
  });

  it("waits for a configuration, and keeps the product off, without one that it can run", () => {
    const cases: readonly (readonly [object | undefined, RegExp])[] = [
      [undefined, /"event":"unconfigured","code":"config-missing"/],
      [{ ...base, wired, base_url: "https://door.example" }, /"code":"config-invalid"/],
      [{ ...base, wifi: { ssid: "hall" } }, /"code":"config-invalid"/],
      [base, /"code":"config-invalid"/],
      [{ ...base, wired, label: 7 }, /"code":"config-invalid"/],
    ];
    for (const [config, expected] of cases) {
      const { started, log } = board(config);
      assert.deepEqual(started, []);
      assert.match(log(), expected);
    }
  });
});
