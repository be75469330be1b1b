import type { Ds18b20Model } from "../../host-sim/chips/ds18b20-model.ts";
import { OneWireWire } from "../../host-sim/chips/one-wire-wire.ts";
import { pinBench } from "../hal/pin-bench.ts";

/** What a master does at its pin, µs; every test may stray from it. */
export interface MasterTimes {
  readonly resetUs: number;
  readonly oneUs: number;
  readonly zeroUs: number;
  readonly slotUs: number;
  readonly readAtUs: number;
}

const TIMES: MasterTimes = { resetUs: 500, oneUs: 6, zeroUs: 70, slotUs: 80, readAtUs: 12 };

/**
 * A 1-Wire master that moves the line by hand, by the data sheet: chip models are tested with it,
 * without UART and without driver.
 */
export function wireMaster(times: Partial<MasterTimes> = {}) {
  const { world } = pinBench("wire");
  const wire = new OneWireWire(world);
  const t = { ...TIMES, ...times };
  const low = (us: number) => {
    wire.drive("master", "low");
    world.advance(us);
    wire.drive("master", "none");
  };
  const master = {
    world,
    wire,
    wait: (us: number) => world.advance(us),
    /** A reset; whether somebody was there. */
    reset(): boolean {
      low(t.resetUs);
      let present = false;
      for (let us = 0; us < 500; us += 5) {
        world.advance(5);
        if (wire.level === 0) present = true;
      }
      return present;
    },
    writeBit(bit: number): void {
      const lowUs = bit === 1 ? t.oneUs : t.zeroUs;
      low(lowUs);
      world.advance(t.slotUs - lowUs);
    },
    readBit(): number {
      low(t.oneUs);
      world.advance(t.readAtUs - t.oneUs);
      const bit = wire.level;
      world.advance(t.slotUs - t.readAtUs);
      return bit;
    },
    write(...bytes: readonly number[]): void {
      for (const byte of bytes) {
        for (let bit = 0; bit < 8; bit++) master.writeBit((byte >> bit) & 1);
      }
    },
    read(length: number): Uint8Array {
      return Uint8Array.from({ length }, () => {
        let byte = 0;
        for (let bit = 0; bit < 8; bit++) byte |= master.readBit() << bit;
        return byte;
      });
    },
    /** A reset, MATCH ROM and a function command. */
    command(probe: Ds18b20Model, ...bytes: readonly number[]): void {
      master.reset();
      master.write(0x55, ...probe.rom, ...bytes);
    },
  };
  return master;
}
