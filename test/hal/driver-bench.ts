import { encodeCommandFrame } from "../../hal/pn532/frame.ts";
import { type I2CHost, PN532, type PN532Settings } from "../../hal/pn532/pn532.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import { ScriptedChip, type ScriptStep } from "./scripted-chip.ts";
import { VirtualTime } from "./virtual-time.ts";

export const SAM = "0000ff03fdd414011700";
export const SAM_OK = "0000ff02fed5151600";
export const VERSION = "0000ff02fed4022a00";
export const VERSION_OK = "0000ff06fad50332010607e800";
export const LIST = "0000ff04fcd44a0100e100";
export const LIST_OK = "0000ff15ebd54b01010344200704518dfaa961800677777102802300";

export const command = (code: number, hex: string) => toHex(encodeCommandFrame(code, fromHex(hex)));

/** The chip's frame for a reply: same form, D5 instead of D4, code + 1. */
export function reply(code: number, hex: string): string {
  const frame = encodeCommandFrame(code + 1, fromHex(hex));
  frame[frame.length > 262 ? 8 : 5] = 0xd5;
  frame[frame.length - 2]! -= 1;
  return toHex(frame);
}

export function bench(steps: readonly ScriptStep[], more: Partial<PN532Settings & I2CHost> = {}) {
  const time = new VirtualTime();
  const chip = new ScriptedChip(time, steps);
  const { clock, timer } = time;
  const i2c = { io: chip.io, data: 4, clock: 5 };
  const pn532 = new PN532({ i2c, clock, timer, ...more });
  return { time, chip, pn532, run: <T>(promise: Promise<T>) => time.until(promise) };
}

export const code = (wanted: string) => (error: unknown) =>
  isLatchkeyError(error) && error.code === wanted;
