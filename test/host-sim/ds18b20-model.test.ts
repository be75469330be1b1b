import assert from "node:assert/strict";
import { SerialLine } from "../../host-sim/board/serial.ts";
import { Ds18b20Model, type Ds18b20Options } from "../../host-sim/chips/ds18b20-model.ts";
import { OneWireUartBridge } from "../../host-sim/chips/one-wire-uart.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { type MasterTimes, wireMaster } from "./wire-master.ts";

function bench(options: Partial<Ds18b20Options> = {}, times: Partial<MasterTimes> = {}) {
  const master = wireMaster(times);
  const { world, wire } = master;
  const probe = new Ds18b20Model({ world, wire, ...options });
  probe.powerOn();
  master.wait(1_000);
  return { ...master, probe, scratchpad: () => scratchpadOf(master, probe) };
}

function scratchpadOf(master: ReturnType<typeof wireMaster>, probe: Ds18b20Model): string {
  master.command(probe, 0xbe);
  return toHex(master.read(9));
}

describe("the DS18B20 model at its line", () => {
  it("shows 85 °C after power-up, with the CRC that real ones were seen with", () => {
    const { scratchpad, probe } = bench();
    assert.equal(scratchpad(), "50054b467fff0c101c");
    assert.deepEqual(probe.violations, []);
  });

  it("has the CRC of published scratchpads and serial numbers", () => {
    const { scratchpad, probe, command, wait } = bench({ celsius: 15.125 });
    command(probe, 0x44);
    wait(750_000);
    assert.equal(scratchpad(), "f2004b467fff0c1069");
    // Maxim AN27.
    const example = bench({ family: 0x02, serial: fromHex("1cb801000000") });
    assert.equal(toHex(example.probe.rom), "021cb801000000a2");
  });

  it("answers a reset of 480 µs, and not one of 479", () => {
    assert.equal(bench({}, { resetUs: 480 }).reset(), true);
    assert.equal(bench({}, { resetUs: 479 }).reset(), false);
  });

  it("announces itself when it gets power, within the times of the data sheet", () => {
    const { world, wire } = wireMaster();
    for (let i = 0; i < 20; i++) {
      const edges: number[] = [];
      const stop = wire.onEdge((_, timeUs) => edges.push(timeUs - startUs));
      const probe = new Ds18b20Model({ world, wire, name: `specimen ${i}` });
      const startUs = world.nowUs();
      probe.powerOn();
      world.advance(1_000);
      stop();
      probe.powerOff();
      const [fall = 0, rise = 0] = edges;
      assert.ok(fall >= 15 && fall <= 60, `${fall}`);
      assert.ok(rise - fall >= 60 && rise - fall <= 240, `${rise - fall}`);
    }
  });

  it("gives its serial number to READ ROM, and listens on", () => {
    const { reset, write, read, probe } = bench();
    reset();
    write(0x33);
    assert.equal(toHex(read(8)), toHex(probe.rom));
    write(0xb4);
    assert.equal(read(1)[0], 0xff);
  });

  it("keeps silent when another one is meant, or a command is none", () => {
    const { reset, write, read, probe } = bench();
    const other = probe.rom.slice();
    other[3]! ^= 1;
    reset();
    write(0x55, ...other, 0xbe);
    assert.equal(toHex(read(9)), "ff".repeat(9));
    reset();
    write(0xcc, 0x99);
    assert.equal(toHex(read(2)), "ffff");
    reset();
    write(0x98);
    assert.equal(toHex(read(2)), "ffff");
  });

  it("is busy while it converts, for as long as the resolution takes", () => {
    for (const [configuration, limitMs, hex] of [
      [0x1f, 93.75, "9801"],
      [0x3f, 187.5, "9c01"],
      [0x5f, 375, "9e01"],
      [0x7f, 750, "9f01"],
    ] as const) {
      const { command, probe, readBit, wait, scratchpad } = bench({ celsius: 25.95, speed: 1 });
      command(probe, 0x4e, 0x4b, 0x46, configuration);
      command(probe, 0x44);
      wait(limitMs * 1000 - 1_000);
      assert.equal(readBit(), 0);
      wait(1_000);
      assert.equal(readBit(), 1);
      assert.ok(scratchpad().startsWith(hex), `${configuration}: ${scratchpad()}`);
    }
  });

  it("keeps a scratchpad until it loses power, and an EEPROM for good", () => {
    const { command, probe, readBit, scratchpad, wait } = bench();
    command(probe, 0x4e, 0x11, 0x22, 0xff);
    assert.equal(scratchpad().slice(4, 10), "11227f");
    command(probe, 0xb8);
    assert.equal(scratchpad().slice(4, 10), "4b467f");
    command(probe, 0x4e, 0x33, 0x44, 0x00);
    command(probe, 0x48);
    assert.equal(readBit(), 0);
    wait(10_000);
    assert.equal(readBit(), 1);
    probe.losePower();
    wait(1_000);
    assert.equal(scratchpad().slice(0, 10), "500533441f");
  });

  it("on parasite power says so, and a conversion without strong pull-up ends in 85 °C", () => {
    const { command, probe, readBit, scratchpad, wait } = bench({ parasite: true, celsius: 20 });
    command(probe, 0xb4);
    assert.equal(readBit(), 0);
    command(probe, 0x44);
    wait(750_000);
    assert.ok(scratchpad().startsWith("5005"));
  });

  it("takes part in an alarm search only while it has an alarm", () => {
    for (const [celsius, first] of [
      [76, [probeBit, 1 - probeBit]],
      [74, [1, 1]],
    ] as const) {
      const serial = new Uint8Array(6);
      const { command, probe, reset, write, readBit, wait } = bench({ celsius, serial });
      command(probe, 0x44);
      wait(750_000);
      reset();
      write(0xec);
      assert.deepEqual([readBit(), readBit()], first);
    }
  });

  it("two at once answer with the AND of their bits", () => {
    const { world, wire, wait, reset, write, read, probe } = bench();
    const second = new Ds18b20Model({ world, wire, name: "second" });
    second.powerOn();
    wait(1_000);
    reset();
    write(0x33);
    const both = probe.rom.map((byte, i) => byte & second.rom[i]!);
    assert.equal(toHex(read(8)), toHex(both));
  });

  for (const [what, times, complaint] of [
    ["slots without recovery", { zeroUs: 79.5, slotUs: 80 }, /no recovery/],
    ["slots that are too short", { slotUs: 50, zeroUs: 45 }, /shorter than 60/],
    ["a one that lasts too long", { oneUs: 25 }, /25 µs low is neither/],
    ["a zero that is too short", { zeroUs: 50 }, /50 µs low is neither/],
    ["a zero that lasts too long", { zeroUs: 130, slotUs: 140 }, /130 µs low is neither/],
  ] as const) {
    it(`writes down ${what}`, () => {
      const { reset, write, probe } = bench({}, times);
      reset();
      write(0xcc);
      assert.match(String(probe.violations), complaint);
    });
  }
});

/** The lowest bit of family 28. */
const probeBit = 0;

describe("the bridge between a UART and the line", () => {
  function bridge(baud: number) {
    const master = wireMaster();
    const line = new SerialLine(master.world);
    const received: number[] = [];
    line.connect({
      baud,
      receive(bytes) {
        received.push(...bytes);
        return 0;
      },
    });
    const made = new OneWireUartBridge(master.world, line, master.wire);
    const edges: number[] = [];
    master.wire.onEdge((_, timeUs) => edges.push(Math.round(timeUs * 10) / 10));
    return { ...master, line, received, edges, bridge: made };
  }

  it("turns F0 at 9600 baud into 521 µs low, 00 and FF at 115200 into slots", () => {
    const slow = bridge(9_600);
    slow.line.deliver(Uint8Array.of(0xf0));
    slow.wait(5_000);
    assert.deepEqual(slow.edges, [0, 520.8]);
    assert.deepEqual(slow.received, [0xf0]);
    const fast = bridge(115_200);
    fast.line.deliver(Uint8Array.of(0x00, 0xff));
    fast.wait(5_000);
    assert.deepEqual(fast.edges, [0, 78.1, 86.8, 95.5]);
    assert.deepEqual(fast.received, [0x00, 0xff]);
  });

  it("gives every byte back when nobody else is on the line", () => {
    const { line, wait, received } = bridge(115_200);
    const all = Uint8Array.from({ length: 256 }, (_, i) => i);
    line.deliver(all);
    wait(100_000);
    assert.equal(toHex(Uint8Array.from(received)), toHex(all));
  });

  it("hears what others do to the line, in the middle of each bit", () => {
    const { wire, wait, received } = bridge(115_200);
    const pull = (us: number) => {
      wire.drive("chip", "low");
      wait(us);
      wire.drive("chip", "none");
      wait(1_000);
    };
    for (const us of [12, 14, 21, 23, 30, 32, 200]) pull(us);
    assert.deepEqual(received, [0xff, 0xfe, 0xfe, 0xfc, 0xfc, 0xf8, 0x00]);
  });
});
