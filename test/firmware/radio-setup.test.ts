import assert from "node:assert/strict";
import { RadioSetup } from "../../firmware/platform/moddable/radio-setup.ts";
import type { FoundWifi, WiFi, WifiFailure } from "../../firmware/platform/moddable/wifi.ts";
import { VirtualTime } from "../hal/virtual-time.ts";

const HALL: FoundWifi = { SSID: "hall", RSSI: -70, security: "wpa2_psk" };

/** The SDK's class with a radio that a test controls. */
function bench(
  found: readonly FoundWifi[],
  connects: number | "refuses" = 300,
  failure?: () => WifiFailure | undefined,
) {
  const time = new VirtualTime();
  const made: FakeWiFi[] = [];
  class FakeWiFi implements WiFi {
    connection = 200;
    readonly address = "10.0.0.9";
    readonly RSSI = -61;
    asked: object | undefined;
    constructor() {
      made.push(this);
    }
    connect(options: object): void {
      if (connects === "refuses") throw new Error("CYW43 init failed");
      this.asked = options;
      this.connection = connects;
    }
    disconnect(): void {
      this.connection = 200;
    }
    scan({ onFound, onComplete }: Parameters<WiFi["scan"]>[0]): void {
      for (const one of found) onFound(one);
      onComplete();
    }
    close(): void {}
  }
  return { time, made, radio: new RadioSetup(FakeWiFi, time.timer, failure) };
}

describe("the radio of a node without a configuration", () => {
  it("does not start before it is needed, and names each network once, the strongest", async () => {
    const loud = { ...HALL, RSSI: -40 };
    const { radio, made } = bench([HALL, loud, { ...HALL, SSID: "", RSSI: -1 }, HALL]);
    assert.deepEqual(radio.status(), { up: false });
    assert.equal(made.length, 0);
    assert.deepEqual(await radio.scan(), [{ ssid: "hall", rssiDbm: -40, secured: true }]);
  });

  it("joins, and stays joined", async () => {
    const { time, radio, made } = bench([HALL]);
    const joined = radio.tryJoin({ ssid: "hall", password: "correct horse" });
    await time.pass(1000);
    made[0]!.connection = 500;
    await time.pass(1000);
    await joined;
    assert.deepEqual(made[0]!.asked, { SSID: "hall", password: "correct horse" });
    assert.deepEqual(radio.status(), { up: true, ssid: "hall", address: "10.0.0.9" });
    assert.equal(time.timersSet, 0);
  });

  it("tells a network that is not there from one that does not let it in", async () => {
    const attempt = async (ssid: string) => {
      const { time, radio } = bench([HALL]);
      const joined = radio.tryJoin({ ssid, password: "wrong password" });
      const refused = joined.then(
        () => "joined",
        (error: { code: string }) => error.code,
      );
      await time.pass(20_000);
      return refused;
    };
    assert.equal(await attempt("hell"), "wifi-not-found");
    assert.equal(await attempt("hall"), "network-down");
  });

  it("says that the password is wrong where the chip knows", async () => {
    const { time, radio } = bench([HALL], 300, () => "wifi-password-wrong");
    const refused = radio.tryJoin({ ssid: "hall", password: "wrong password" }).then(
      () => "joined",
      (error: { code: string }) => error.code,
    );
    await time.pass(20_000);
    assert.equal(await refused, "wifi-password-wrong");
  });

  it("says network-down when the radio does not start", async () => {
    const { radio } = bench([], "refuses");
    await assert.rejects(radio.tryJoin({ ssid: "hall", password: "" }), { code: "network-down" });
  });
});
