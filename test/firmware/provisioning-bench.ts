import { parseReaderConfig } from "../../firmware/config.ts";
import { FlashConfigStore } from "../../firmware/provisioning/flash-config-store.ts";
import type { Provisioning } from "../../firmware/provisioning/provisioning.ts";
import { startUnconfigured, storedConfig } from "../../firmware/provisioning/unconfigured-node.ts";
import { I2CBus } from "../../host-sim/board/i2c-bus.ts";
import { boardIo } from "../../host-sim/board/io.ts";
import { Pins } from "../../host-sim/board/pins.ts";
import { PowerGate } from "../../host-sim/board/power-gate.ts";
import { SerialLine } from "../../host-sim/board/serial.ts";
import { Ssd1306Model } from "../../host-sim/display/ssd1306-model.ts";
import { FlashModel } from "../../host-sim/flash/flash-model.ts";
import { NetworkModel } from "../../host-sim/net/network-model.ts";
import { type AccessPoint, WifiModel } from "../../host-sim/net/wifi-model.ts";
import { nodePlatform } from "../../host-sim/node-platform.ts";
import { Trace } from "../../host-sim/world/trace.ts";
import { World } from "../../host-sim/world/world.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { toLatchkeyError } from "../../protocol/errors.ts";

export const LAB: AccessPoint = { ssid: "lab", password: "correct horse", rssiDbm: -52 };
const POINTS = [LAB, { ssid: "guests", password: "", rssiDbm: -71 }];

const CONSOLE = { transmit: 0, receive: 1, port: 0, baud: 115_200, echo: true } as const;
const DISPLAY = { data: 2, clock: 3, hz: 400_000, port: 1, address: 0x3c } as const;

/** Nobody here compares runs, and hashing is most of the work on XS. */
class NoTrace extends Trace {
  override record(): void {}
}

export interface ProvisioningBenchOptions {
  readonly seed?: string;
  readonly radio?: boolean;
  /** What the flash holds at first. */
  readonly stored?: Uint8Array;
}

/** A board without a configuration, on a desk with two access points. */
export function provisioningBench(options: ProvisioningBenchOptions = {}) {
  const idle = async () => {
    for (let turn = 0; turn < 40; turn++) await null;
  };
  const world = new World({ seed: options.seed ?? "bench", idle, trace: new NoTrace() });
  const pins = new Pins(world);
  const line = new SerialLine(world);
  const { data, clock, address } = DISPLAY;
  const bus = new I2CBus({ world, pins, data, clock, name: "display" });
  const display = new Ssd1306Model({ world, address });
  bus.attach(display);
  display.powerOn();
  const io = boardIo({ pins, buses: [bus], serials: new Map([[CONSOLE.transmit, line]]) });
  const wifi = new WifiModel(world, POINTS);
  const flash = new FlashModel({
    ...{ rng: world.rng("config"), sizeBytes: 8192 },
    ...(options.stored === undefined ? {} : { image: options.stored }),
  });
  const store = new FlashConfigStore(flash);
  const provisioning: Provisioning = {
    store,
    ...(options.radio === false ? {} : { wifi }),
    check: (json) => void parseReaderConfig(json),
  };
  const logged: string[] = [];
  let restarts = 0;
  const platform = nodePlatform({
    ...{ world, io, crypto: nobleCrypto, gate: new PowerGate() },
    flash: new FlashModel({ rng: world.rng("flash") }),
    network: new NetworkModel({ world, backend: () => Promise.reject(new Error("none")) }),
    ...{ bootReason: "power-on", chipId: "e66118604b2f5a27", version: "1.2.3" },
    onRestart: () => void restarts++,
    onLog: (...entry) => void logged.push(JSON.stringify(entry)),
  });
  let said: number[] = [];
  line.onData((bytes) => void said.push(...bytes));
  let reason = toLatchkeyError(undefined);
  try {
    storedConfig(provisioning, parseReaderConfig);
  } catch (error) {
    reason = toLatchkeyError(error);
  }
  const board = { console: CONSOLE, display: DISPLAY };
  const node = startUnconfigured(platform, { provisioning, product: "reader", board, reason });
  return {
    ...{ world, line, wifi, flash, store, display, node, logged },
    get restarts() {
      return restarts;
    },
    /** Everything that the node sent since the last call. */
    heard(): Uint8Array {
      const bytes = Uint8Array.from(said);
      said = [];
      return bytes;
    },
    pass: (ms: number) => world.runFor(ms * 1000),
  };
}
