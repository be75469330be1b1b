import { Buzzer } from "../../hal/buzzer.ts";
import { Led } from "../../hal/led.ts";
import { DIAGNOSE } from "../../hal/pn532/commands.ts";
import { PN532 } from "../../hal/pn532/pn532.ts";
import { CardPresence, type PresenceHandler } from "../../hal/pn532/presence.ts";
import { Relay } from "../../hal/relay.ts";
import { concat, equalBytes } from "../../protocol/encoding/bytes.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { Log } from "../../protocol/platform.ts";
import type { ReaderConfig } from "../config.ts";
import { createDisplay, transferLimitMs } from "../display.ts";
import type { Platform } from "../platform.ts";
import { Lights } from "./lights.ts";
import { Painter } from "./painter.ts";

/** The reader's devices as the program uses them; tests bring their own. */
export interface Hardware {
  readonly relay: Pick<Relay, "energise" | "release" | "energised" | "close">;
  /** Whether the relay is energised, or was until a moment ago. */
  doorFree(): boolean;
  readonly lights: Pick<Lights, "show" | "close">;
  /** Absent when no display is configured. */
  readonly painter: Painter | undefined;
  /** Brings up the NFC controller. @throws pn532-… and bus-… */
  openNfc(): Promise<void>;
  /** The controller's tests of its line, its ROM and its RAM. @throws pn532-status, bus errors */
  testNfc(): Promise<void>;
  /** Begins to report cards, and recovers the controller when it fails. Once. */
  watchCards(onEvent: PresenceHandler): void;
  close(): Promise<void>;
}

/** Who pulls the door at the last moment has it open a little later. */
const DOOR_LAG_MS = 1_000;

/**
 * Makes every device. The relay comes first: until its output is configured, only a resistor
 * keeps the door shut.
 */
export function createHardware(platform: Platform, config: ReaderConfig, log: Log): Hardware {
  const { io, clock, timer } = platform;
  let shutAtMs = Number.NEGATIVE_INFINITY;
  const relay = new Relay({
    io: io.Digital,
    pin: config.relay.pin,
    activeLow: !config.relay.activeHigh,
    maxMs: config.relay.maxMs,
    clock,
    timer,
    onChange: (energised) => {
      if (!energised) shutAtMs = clock.monotonicMs();
      log.write("info", energised ? "relay-closed" : "relay-opened");
    },
  });
  const lights = createLights(platform, config);
  const display = createDisplay(platform, config);
  const painter = display && new Painter({ panel: display, timer, log });
  const pn532 = createPn532(platform, config, log);
  const presence = new CardPresence(pn532, { clock, timer, log });
  let watching = false;
  return {
    relay,
    lights,
    painter,
    openNfc: async () => {
      const { version } = await pn532.open();
      log.write("info", "nfc-ready", { firmware: version, irq: pn532.usesIrq });
    },
    doorFree: () => relay.energised || clock.monotonicMs() - shutAtMs < DOOR_LAG_MS,
    testNfc: () => testPn532(pn532),
    watchCards: (onEvent) => {
      if (watching) return;
      watching = true;
      presence.start(onEvent);
    },
    close: async () => {
      relay.close();
      lights.close();
      painter?.close();
      await presence.stop();
      await pn532.close();
      display?.close();
    },
  };
}

/** UM0701-02 §7.2.1: the line gives back what it got, ROM and RAM answer 00. */
async function testPn532(pn532: PN532): Promise<void> {
  const echo = Uint8Array.of(0x55, 0xaa, 0x00, 0xff);
  const heard = await pn532.diagnose(DIAGNOSE.communication, echo);
  const sent = concat(Uint8Array.of(DIAGNOSE.communication), echo);
  if (!equalBytes(heard, sent))
    throw new LatchkeyError("pn532-status", { detail: { test: "line" } });
  for (const test of ["rom", "ram"] as const) {
    const [status] = await pn532.diagnose(DIAGNOSE[test]);
    if (status !== 0x00) throw new LatchkeyError("pn532-status", { detail: { test } });
  }
}

function createLights(platform: Platform, config: ReaderConfig): Lights {
  const { io, timer } = platform;
  const { led, buzzer } = config;
  const light = (pin: number) => new Led({ io: io.Digital, pin, timer });
  const sound = buzzer?.active === true ? { digital: io.Digital } : { pwm: io.PWM };
  return new Lights(
    led && { green: light(led.green), red: light(led.red) },
    buzzer && new Buzzer({ pin: buzzer.pin, timer, ...sound }),
  );
}

function createPn532(platform: Platform, config: ReaderConfig, log: Log): PN532 {
  const { io, clock, timer } = platform;
  const { data, clock: clockPin, hz, port, reset, irq } = config.nfc;
  return new PN532({
    i2c: { io: io.I2C, data, clock: clockPin, hz, port, timeout: transferLimitMs(275, hz, 10) },
    recovery: { io: io.Digital },
    ...(reset === undefined ? {} : { reset: { io: io.Digital, pin: reset } }),
    ...(irq === undefined ? {} : { irq: { io: io.Digital, pin: irq } }),
    clock,
    timer,
    log,
  });
}
