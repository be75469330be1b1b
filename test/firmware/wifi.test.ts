import assert from "node:assert/strict";
import {
  type WiFi,
  type WifiFailure,
  WifiLink,
  type WifiLinkOptions,
} from "../../firmware/platform/moddable/wifi.ts";
import { wifiNetwork } from "../../firmware/platform/moddable/wifi-network.ts";
import { VirtualTime } from "../hal/virtual-time.ts";

/** The SDK's class with a radio that a test controls. */
class FakeWiFi implements WiFi {
  static made: FakeWiFi[] = [];
  static refuse = false;
  connection = 200;
  address: string | undefined;
  RSSI = -61;
  attempts = 0;
  readonly #onChanged: (property: string) => void;

  constructor({ onChanged = () => {} }: { onChanged?: (property: string) => void }) {
    if (FakeWiFi.refuse) throw new Error("CYW43 init failed");
    this.#onChanged = onChanged;
    FakeWiFi.made.push(this);
  }
  connect(): void {
    if (this.connection === 300) throw new Error("already connecting");
    this.attempts++;
    this.connection = 300;
  }
  disconnect(): void {
    this.connection = 200;
  }
  scan(): void {}
  close(): void {}
  become(connection: number, address?: string): void {
    this.connection = connection;
    this.address = address;
    this.#onChanged("connection");
  }
}

function bench(byte = 255, failure: WifiLinkOptions["failure"] = () => undefined) {
  FakeWiFi.made = [];
  FakeWiFi.refuse = false;
  const time = new VirtualTime();
  const events: string[] = [];
  const options: WifiLinkOptions = {
    ...{ io: FakeWiFi, failure },
    ssid: "hall",
    password: "correct horse",
    timer: time.timer,
    random: { bytes: (length) => new Uint8Array(length).fill(byte) },
    log: { write: (_level, event) => void events.push(event) },
  };
  const link = new WifiLink(options);
  const radio = (): FakeWiFi => FakeWiFi.made[0] ?? assert.fail("no radio");
  return { time, link, events, radio, options };
}

describe("the Wi-Fi link", () => {
  it("joins, and tells its address and signal", async () => {
    const { time, link, radio } = bench();
    const joined = link.join();
    await time.settle();
    assert.deepEqual(link.status(), { up: false, ssid: "hall" });
    radio().become(400);
    radio().become(500, "192.168.1.7");
    await joined;
    const up = { up: true, ssid: "hall", address: "192.168.1.7", rssiDbm: -61 };
    assert.deepEqual(link.status(), up);
    await link.join();
    assert.equal(radio().attempts, 1);
  });

  it("says network-down after its limit, and goes on trying", async () => {
    const { time, link, radio } = bench();
    await assert.rejects(time.until(link.join(4000)), { code: "network-down" });
    assert.equal(time.nowMs, 4000);
    await time.pass(60_000);
    assert.ok(radio().attempts > 1);
    radio().become(500, "10.0.0.3");
    await link.join();
    assert.equal(link.status().up, true);
  });

  it("waits twice as long after each refusal, up to a minute, and starts anew after success", async () => {
    const { time, link, radio } = bench(0);
    void link.join().catch(() => {});
    await time.settle();
    const pauses: number[] = [];
    for (let i = 0; i < 9; i++) {
      const before = radio().attempts;
      radio().become(200);
      const startMs = time.nowMs;
      while (radio().attempts === before) await time.pass(250);
      pauses.push(time.nowMs - startMs);
    }
    assert.deepEqual(pauses, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    radio().become(500, "10.0.0.3");
    radio().become(200);
    const before = radio().attempts;
    await time.pass(500);
    assert.equal(radio().attempts, before + 1);
  });

  it("spreads its attempts by chance between half of the pause and all of it", async () => {
    const { time, link, radio } = bench(255);
    void link.join().catch(() => {});
    await time.settle();
    radio().become(200);
    await time.pass(990);
    assert.equal(radio().attempts, 1);
    await time.pass(10);
    assert.equal(radio().attempts, 2);
  });

  it("notices a loss that nobody told it of", async () => {
    const { time, link, events, radio } = bench();
    const joined = link.join();
    await time.settle();
    radio().become(500, "10.0.0.3");
    await joined;
    radio().connection = 400;
    await time.pass(5000);
    assert.equal(link.status().up, false);
    assert.deepEqual(events, ["wifi-up", "wifi-down"]);
    await time.pass(1000);
    assert.equal(radio().attempts, 2);
  });

  it("ends an attempt that hangs, and outlives a radio that does not start", async () => {
    const { time, link, radio, events } = bench();
    FakeWiFi.refuse = true;
    void link.join().catch(() => {});
    await time.pass(400);
    assert.deepEqual(events, ["wifi-refused"]);
    FakeWiFi.refuse = false;
    await time.pass(3000);
    assert.equal(radio().attempts, 1);
    await time.pass(20_000);
    assert.equal(radio().attempts, 2);
    link.close();
    assert.equal(time.timersSet, 0);
  });

  describe("with a radio that knows why it was not let in", () => {
    const code = (join: Promise<unknown>): Promise<string> =>
      join.then(
        () => "joined",
        (error: { code: string }) => error.code,
      );

    for (const why of ["wifi-password-wrong", "wifi-not-found"] as const)
      it(`says ${why} at the node, once, and tries on as ever`, async () => {
        let failure: WifiFailure | undefined = why;
        const { time, events, radio, options } = bench(255, () => failure);
        const connect = () => () => assert.fail("nobody asked for anything");
        const resolve = () => {};
        const network = wifiNetwork({ ...options, resolve, connect });
        const first = code(network.join());
        await time.settle();
        radio().become(200);
        await time.pass(16_000);
        assert.equal(await first, why);
        assert.deepEqual(events, ["wifi-refused"]);
        assert.ok(radio().attempts > 1);
        failure = undefined;
        radio().become(500, "10.0.0.3");
        assert.equal(await code(network.join()), "joined");
      });

    it("says network-down to a request, which anything may be the reason of", async () => {
      const { time, radio, options } = bench(255, () => "wifi-password-wrong");
      const resolve = () => {};
      const connect = () => () => assert.fail("there is no link");
      const network = wifiNetwork({ ...options, resolve, connect });
      const url = "http://door.example/";
      const request = { method: "GET", url, headers: {}, body: "", timeoutMs: 1_000 } as const;
      const asked = code(network.request(request));
      await time.settle();
      radio().become(200);
      await time.pass(2_000);
      assert.equal(await asked, "network-down");
    });
  });
});
