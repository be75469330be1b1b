import assert from "node:assert/strict";
import { I2CBus } from "../../host-sim/board/i2c-bus.ts";
import { boardIo } from "../../host-sim/board/io.ts";
import { Pins } from "../../host-sim/board/pins.ts";
import type { Card } from "../../host-sim/nfc/card.ts";
import { NfcField } from "../../host-sim/nfc/field.ts";
import type { Pn532Behaviour } from "../../host-sim/pn532/behaviour.ts";
import { Pn532 } from "../../host-sim/pn532/pn532.ts";
import { World } from "../../host-sim/world/world.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";

export const IRQ_PIN = 7;
export const RESET_PIN = 6;
export const ACK = "0000ff00ff00";
export const NACK = "0000ffff0000";

/** A frame from the host, built here by hand: test and model share no codec. */
export function hostFrame(packet: string, tfi = 0xd4): string {
  return frameOf([tfi, ...fromHex(packet)]);
}

/** A frame of the chip with these data behind TFI. */
export function chipFrame(packet: string): string {
  return frameOf([0xd5, ...fromHex(packet)]);
}

function frameOf(bytes: number[]): string {
  const n = bytes.length;
  const head =
    n > 255 ? [0xff, 0xff, n >> 8, n & 255, -((n >> 8) + (n & 255)) & 255] : [n, -n & 255];
  const dcs = -bytes.reduce((a, b) => a + b, 0) & 255;
  return toHex(Uint8Array.from([0, 0, 255, ...head, ...bytes, dcs, 0]));
}

/** A 14443-4 card that answers `reply(command)`; everything it is told is written down. */
export function fakeCard(
  uid = "04518dfaa96180",
  reply: (apdu: Uint8Array) => Uint8Array = (apdu) => Uint8Array.of(...apdu, 0x90, 0x00),
  timeUs = 1000,
): Card & { heard: string[] } {
  const heard: string[] = [];
  return {
    uid: fromHex(uid),
    atqa: 0x0344,
    sak: 0x20,
    ats: fromHex("067777710280"),
    heard,
    fieldOn: () => heard.push("on"),
    fieldOff: () => heard.push("off"),
    deselect: () => heard.push("deselect"),
    apdu: (command) => {
      heard.push(toHex(command));
      return { response: reply(command), timeUs };
    },
  };
}

/** The chip on a bus, and a host that knows nothing but bytes. */
export class Bench {
  readonly world: World;
  readonly pins: Pins;
  readonly bus: I2CBus;
  readonly field: NfcField;
  readonly chip: Pn532;
  readonly io: ReturnType<typeof boardIo>;
  readonly i2c: InstanceType<ReturnType<typeof boardIo>["I2C"]>;

  constructor(behaviour: Partial<Pn532Behaviour> = {}, idle = () => Promise.resolve()) {
    this.world = new World({ seed: "pn532", idle });
    this.pins = new Pins(this.world);
    this.bus = new I2CBus({ world: this.world, pins: this.pins, data: 4, clock: 5 });
    this.field = new NfcField(this.world);
    this.chip = new Pn532({
      world: this.world,
      field: this.field,
      pins: this.pins,
      irqPin: IRQ_PIN,
      resetPin: RESET_PIN,
      bus: { data: 4, clock: 5 },
      behaviour: { busyNack: 0, jitter: 0, ...behaviour },
    });
    this.bus.attach(this.chip.i2c);
    this.io = boardIo({ pins: this.pins, buses: [this.bus] });
    this.i2c = new this.io.I2C({ data: 4, clock: 5, hz: 100_000, address: 0x24 });
  }

  /** A bench whose chip is booted and out of LowVbat. */
  static awake(behaviour: Partial<Pn532Behaviour> = {}): Bench {
    const bench = new Bench(behaviour);
    bench.wait(10);
    assert.equal(bench.command("1401"), "15");
    return bench;
  }

  wait(ms: number): void {
    this.world.advance(ms * 1000);
  }

  write(hex: string): void {
    this.i2c.write(fromHex(hex));
  }

  /** Raw bytes of one read, status byte first. */
  read(length: number): string {
    return toHex(new Uint8Array(this.i2c.read(length)));
  }

  /** The same, `nack` when the address was not acknowledged. */
  tryRead(length: number): string {
    try {
      return this.read(length);
    } catch {
      return "nack";
    }
  }

  /** Polls until ready or `limitMs`; `"timeout"` then. The whole rest of the read as hex. */
  poll(length: number, limitMs = 2000): string {
    const endUs = this.world.nowUs() + limitMs * 1000;
    while (this.world.nowUs() < endUs) {
      if (this.tryRead(1) === "01") return this.read(length).slice(2);
      this.wait(0.5);
    }
    return "timeout";
  }

  /** Sends a packet and reads the ACK. */
  send(packet: string): void {
    this.write(hostFrame(packet));
    assert.equal(this.poll(7, 20), ACK);
  }

  /** The packet of the answer behind TFI, or `timeout`; frames are checked byte by byte. */
  receive(limitMs = 2000): string {
    const raw = this.poll(276, limitMs);
    if (raw === "timeout") return raw;
    const bytes = fromHex(raw);
    const extended = bytes[3] === 0xff && bytes[4] === 0xff;
    const length = extended ? bytes[5]! * 256 + bytes[6]! : bytes[3]!;
    const start = extended ? 8 : 5;
    const packet = toHex(bytes.slice(start + 1, start + length));
    assert.equal(raw.slice(0, 2 * (start + length + 2)), chipFrame(packet));
    return packet;
  }

  command(packet: string, limitMs = 2000): string {
    this.send(packet);
    return this.receive(limitMs);
  }

  /** Lists one card with a few tries, as a driver would. */
  list(): string {
    this.command("3205ff0100");
    return this.command("4a0100");
  }

  /** RSTPD_N low for a millisecond, then the time to boot. */
  pulseReset(): void {
    const pin = this.pins.pin(RESET_PIN);
    pin.drive("test", "low");
    this.wait(1);
    pin.drive("test", "none");
    this.wait(5);
  }
}
