import { SSD1306 } from "../hal/ssd1306.ts";
import type { NodeConfig } from "./node-config.ts";
import type { Platform } from "./platform.ts";

/**
 * The limit of one transfer: its bytes, and a while for a chip that stretches the clock. The
 * Pico's default of 200 ms would hold up the event loop for as long when a bus is stuck.
 */
export function transferLimitMs(bytesMax: number, hz: number, stretchMs: number): number {
  return Math.ceil((bytesMax * 9 * 1000) / hz) + stretchMs;
}

/** The display of a node, if it is configured. It is not spoken to yet. */
export function createDisplay(
  platform: Pick<Platform, "io" | "timer">,
  config: Pick<NodeConfig, "display">,
): SSD1306 | undefined {
  const { display } = config;
  if (display === undefined) return undefined;
  const { io, timer } = platform;
  const { data, clock, hz, port, address, reset } = display;
  return new SSD1306({
    i2c: { io: io.I2C, data, clock, hz, port, address, timeout: transferLimitMs(130, hz, 5) },
    timer,
    ...(reset === undefined ? {} : { reset: { io: io.Digital, pin: reset } }),
  });
}
