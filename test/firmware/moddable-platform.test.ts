import assert from "node:assert/strict";
import { chipRandom } from "../../firmware/platform/moddable/chip-random.ts";
import { chipSystem, WATCHDOG_MS } from "../../firmware/platform/moddable/chip-system.ts";
import { consoleSerial } from "../../firmware/platform/moddable/console-serial.ts";
import { regionFlash } from "../../firmware/platform/moddable/region-flash.ts";
import { moddableTimer } from "../../firmware/platform/moddable/timer.ts";
import { usbLog } from "../../firmware/platform/moddable/usb-log.ts";
import type { Serial, SerialOptions } from "../../hal/ecma419.ts";
import type { NativeFlash, NativeUsb } from "../../hal/native/natives.ts";
import { fromUtf8, toUtf8 } from "../../protocol/encoding/utf8.ts";
import { VirtualTime } from "../hal/virtual-time.ts";

function fakeFlash(bytes = 8192) {
  const memory = new Uint8Array(bytes).fill(0xff);
  const calls: string[] = [];
  const natives: NativeFlash = {
    bytes: () => bytes,
    read: (_region, offset, length) => memory.slice(offset, offset + length).buffer,
    isErased: (_region, offset, length) =>
      memory.slice(offset, offset + length).every((byte) => byte === 0xff),
    erase: (region, offset) => void calls.push(`erase ${region} ${offset}`),
    program: (region, offset, data) => {
      if (data[0] === 0x66) throw new Error("worn");
      calls.push(`program ${region} ${offset} ${data.length}`);
    },
  };
  return { memory, calls, natives };
}

function fakeUsb(room = 1000) {
  let typed: Uint8Array<ArrayBuffer> | undefined;
  const state = { room, out: "" };
  const usb: NativeUsb = {
    room: () => state.room,
    read: () => {
      const bytes = typed?.buffer;
      typed = undefined;
      return bytes;
    },
    write: (bytes) => {
      const taken = Math.min(bytes.length, state.room);
      state.out += fromUtf8(bytes.slice(0, taken), "out");
      return taken;
    },
  };
  return { usb, state, type: (text: string) => (typed = toUtf8(text).slice()) };
}

describe("the flash of the image", () => {
  it("reaches its region and nothing beside it", () => {
    const { natives, calls, memory } = fakeFlash();
    const flash = regionFlash(natives, 1);
    assert.deepEqual([flash.sizeBytes, flash.sectorBytes, flash.pageBytes], [8192, 4096, 256]);
    memory[8191] = 7;
    assert.deepEqual(flash.read(8190, 2), Uint8Array.of(0xff, 7));
    assert.deepEqual([flash.isErased!(0, 8191), flash.isErased!(8191, 1)], [true, false]);
    flash.erase(4096);
    flash.program(256, new Uint8Array(512));
    assert.deepEqual(calls, ["erase 1 4096", "program 1 256 512"]);
    for (const wrong of [
      () => flash.read(8191, 2),
      () => flash.read(-1, 1),
      () => flash.isErased!(8190, 3),
      () => flash.read(0.5, 1),
      () => flash.erase(8192),
      () => flash.erase(256),
      () => flash.program(8192 - 256, new Uint8Array(512)),
      () => flash.program(255, new Uint8Array(256)),
      () => flash.program(0, new Uint8Array(255)),
    ])
      assert.throws(wrong, RangeError);
    assert.equal(calls.length, 2);
  });

  it("says storage-failed when the chip does not take it", () => {
    const flash = regionFlash(fakeFlash().natives, 0);
    const page = new Uint8Array(256).fill(0x66);
    assert.throws(() => flash.program(0, page), { code: "storage-failed" });
  });
});

describe("the chip's random source", () => {
  it("is asked in pieces, and refuses when one is refused", () => {
    const asked: number[] = [];
    const bytes = (length: number) => {
      asked.push(length);
      return asked.length > 3 ? undefined : new Uint8Array(length).fill(asked.length).buffer;
    };
    const random = chipRandom({ bytes });
    assert.equal(random.bytes(1500)[1400], 2);
    assert.deepEqual(asked, [1024, 476]);
    assert.throws(() => random.bytes(2000), { code: "random-unhealthy" });
  });
});

describe("the chip itself", () => {
  it("is watched from the first moment on, and says why it started", () => {
    const calls: string[] = [];
    const board = {
      bootReason: () => 3,
      chipId: () => "E661A4D1234567AB",
      chipSecret: () => secret(),
      uptimeMs: () => 1,
      watch: (ms: number) => void calls.push(`watch ${ms}`),
      feed: () => void calls.push("feed"),
      restart: () => assert.fail("restart"),
      heapFree: () => 1234,
      idle: () => void calls.push("idle"),
    };
    let secret = (): ArrayBuffer | undefined => undefined;
    const system = chipSystem(board, "1.2.3");
    assert.deepEqual(calls, [`watch ${WATCHDOG_MS}`]);
    system.feedWatchdog();
    system.idle!();
    assert.deepEqual(calls.slice(1), ["feed", "idle"]);
    assert.deepEqual([system.bootReason, system.chipId], ["watchdog", "e661a4d1234567ab"]);
    assert.equal(system.heapFreeBytes(), 1234);
    assert.equal(system.chipSecret!(), undefined);
    secret = () => Uint8Array.of(1, 2).buffer;
    assert.deepEqual(system.chipSecret!(), Uint8Array.of(1, 2));
    secret = () => {
      throw new Error("ECC");
    };
    assert.throws(() => system.chipSecret!(), { code: "storage-failed" });
  });
});

describe("the timers of the SDK", () => {
  function bench() {
    const time = new VirtualTime();
    let cleared = 0;
    const timer = moddableTimer({
      set: (callback, delayMs) => {
        assert.ok(Number.isInteger(delayMs) && delayMs < 2 ** 31, `${delayMs}`);
        return time.timer.set(callback, delayMs) as object;
      },
      clear: (id) => {
        cleared++;
        time.timer.clear(id);
      },
    });
    return { time, timer, clears: () => cleared };
  }

  it("are never early, whole milliseconds, and a month is no problem", async () => {
    const { time, timer } = bench();
    const fired: number[] = [];
    timer.set(() => fired.push(time.nowMs), 10.2);
    timer.set(() => fired.push(time.nowMs), 30 * 86_400_000);
    await time.pass(31 * 86_400_000);
    assert.ok(fired[0]! >= 10.2 && fired[0]! <= 12.2, `${fired[0]}`);
    assert.ok(fired[1]! >= 30 * 86_400_000);
  });

  it("clear once, and not at all when they have fired", async () => {
    const { time, timer, clears } = bench();
    const first = timer.set(() => {}, 5);
    await time.pass(10);
    timer.clear(first);
    assert.equal(clears(), 0);
    const second = timer.set(() => assert.fail("cleared"), 5);
    timer.clear(second);
    timer.clear(second);
    assert.equal(clears(), 1);
    await time.pass(10);
  });
});

describe("the console of the image", () => {
  function bench() {
    const time = new VirtualTime();
    const far = fakeUsb();
    let options: SerialOptions | undefined;
    let sent = "";
    class Uart implements Serial {
      constructor(given: SerialOptions) {
        options = given;
      }
      read = () => toUtf8("u").slice().buffer;
      write(buffer: ArrayBuffer | Uint8Array): void {
        sent += fromUtf8(new Uint8Array(buffer), "sent");
      }
      close(): void {}
    }
    const Port = consoleSerial(Uart, far.usb, time.timer, 0);
    let heard = "";
    const port = new Port({
      transmit: 0,
      baud: 115_200,
      onReadable(count) {
        heard += fromUtf8(new Uint8Array(this.read(count)!), "heard");
      },
    });
    return { time, far, Port, port, uart: () => options!, sent: () => sent, heard: () => heard };
  }

  it("hears both ports and answers on both", async () => {
    const { time, far, port, uart, sent, heard } = bench();
    far.type("status");
    await time.pass(20);
    uart().onReadable!.call(port, 1);
    assert.equal(heard(), "statusu");
    port.write(toUtf8("READY"));
    assert.deepEqual([sent(), far.state.out], ["READY", "READY"]);
    port.close();
    assert.equal(time.timersSet, 0);
  });

  it("is one port: what goes to a sensor or a gateway is not on USB", () => {
    const { far, Port, sent } = bench();
    new Port({ transmit: 4, baud: 9600 }).write(toUtf8("secret"));
    assert.deepEqual([sent(), far.state.out], ["secret", ""]);
  });

  it("is not held up by a USB port where nobody reads", () => {
    const { far, port, sent } = bench();
    far.state.room = 2;
    port.write(toUtf8("READY"));
    assert.deepEqual([sent(), far.state.out], ["READY", "RE"]);
  });

  it("logs whole lines to USB or none", () => {
    const { usb, state } = fakeUsb(80);
    const log = usbLog(usb, { monotonicMs: () => 12.6 });
    log.write("info", "boot", { reason: "reset" });
    assert.equal(state.out, '{"at_ms":13,"level":"info","event":"boot","reason":"reset"}\r\n');
    state.room = 20;
    log.write("warn", "wifi-down");
    assert.equal(state.out.split("\n").length, 2);
  });
});
