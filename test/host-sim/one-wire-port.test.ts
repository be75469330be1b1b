import assert from "node:assert/strict";
import { boardIo } from "../../host-sim/board/io.ts";
import { PowerGate } from "../../host-sim/board/power-gate.ts";
import { pinBench } from "../hal/pin-bench.ts";

const PIN = 22;

function bench() {
  const pinned = pinBench("port");
  const { pins } = pinned;
  const gate = new PowerGate();
  const { OneWirePort, Digital } = gate.io(boardIo({ pins, buses: [] }));
  const pin = pins.pin(PIN);
  pin.pull("resistor", "up");
  return {
    ...pinned,
    gate,
    pin,
    Digital,
    Port: OneWirePort!,
    port: new OneWirePort!({ pin: PIN }),
  };
}

/** That the pulses are those of the PIO program is test/hal/onewire-pio.node.test.ts. */
describe("a simulated OneWirePort", () => {
  it("never drives high, and plays a reset and slots", async () => {
    const { pin, pins, port, pass } = bench();
    port.reset();
    await pass(2);
    assert.deepEqual(port.read(), Uint8Array.of(1, 1, 1));
    port.write(Uint8Array.of(0, 1));
    await pass(1);
    assert.deepEqual(port.read(), Uint8Array.of(0, 1));
    pin.drive("other", "low");
    assert.equal(pins.shorts, 0);
    port.reset();
    await pass(2);
    assert.deepEqual(port.read(), Uint8Array.of(0, 0, 0));
  });

  it("hears a bus without its resistor as one that stays low", async () => {
    const { pin, port, pass } = bench();
    pin.pull("resistor", "none");
    port.write(Uint8Array.of(1, 1));
    await pass(2);
    assert.deepEqual(port.read(), new Uint8Array(0));
  });

  it("keeps what it was given, whatever the caller does with it", async () => {
    const { port, pass } = bench();
    const bits = Uint8Array.of(0, 0);
    port.write(bits);
    bits.fill(1);
    await pass(2);
    assert.deepEqual(port.read(), Uint8Array.of(0, 0));
  });

  it("owns its pin until it is closed, also in the middle of a reset", async () => {
    const { port, pin, pass, Digital, Port } = bench();
    const input = { pin: PIN, mode: Digital.Input };
    assert.throws(() => new Digital(input), /in use/);
    port.reset();
    assert.equal(pin.level, 0);
    port.close();
    port.close();
    assert.equal(pin.level, 1);
    const next = new Port({ pin: PIN });
    await pass(5);
    assert.equal(next.read(), undefined);
    assert.throws(() => port.reset(), /closed/);
  });

  it("a program without power plays nothing, and lets go with the board's restart", async () => {
    const { gate, pin, pins, port, pass, Port } = bench();
    port.reset();
    gate.cut();
    pins.releaseAll();
    assert.equal(pin.level, 1);
    await pass(5);
    port.write(Uint8Array.of(0));
    port.reset();
    assert.equal(pin.level, 1);
    await pass(5);
    assert.equal(port.read(), undefined);
    assert.throws(() => new Port({ pin: 12 }), /power/);
  });
});
