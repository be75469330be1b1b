import {
  FLASH_REGION,
  type NativeFlash,
  type NativeRadio,
  WIFI_FAILURES,
} from "../../../hal/native/natives.ts";
import { fromUtf8 } from "../../../protocol/encoding/utf8.ts";
import { type LatchkeyError, toLatchkeyError } from "../../../protocol/errors.ts";
import { refuse } from "../../config-fields.ts";
import type { NodeConfig } from "../../node-config.ts";
import type { Network, Platform, UpdateBoard } from "../../platform.ts";
import { FlashConfigStore } from "../../provisioning/flash-config-store.ts";
import type { Provisioning } from "../../provisioning/provisioning.ts";
import {
  startUnconfigured,
  storedConfig,
  type UnconfiguredOptions,
} from "../../provisioning/unconfigured-node.ts";
import { WiredNetwork } from "../../wired/wired-network.ts";
import type { Connect, HttpClientOptions } from "./http-client.ts";
import { noNetwork } from "./no-network.ts";
import { type ModdableParts, moddablePlatform, type NetworkBase } from "./platform.ts";
import { RadioSetup } from "./radio-setup.ts";
import { regionFlash } from "./region-flash.ts";
import type { TimeHintOptions } from "./time-hint.ts";
import { moddableTimer } from "./timer.ts";
import type { TlsTrust } from "./tls-connect.ts";
import type { WifiFailure, WifiLinkOptions } from "./wifi.ts";
import { wifiNetwork } from "./wifi-network.ts";

/** What the image's `main` has in its hands: the SDK's classes and the functions of C. */
export interface NodeHost extends Omit<ModdableParts, "network" | "consoleTransmit"> {
  /** Absent on a board without Wi-Fi. */
  readonly wireless?: Pick<WifiLinkOptions, "io"> & Omit<HttpClientOptions, "timer">;
  readonly radio: NativeRadio;
  /** In an image with TLS. */
  readonly tls?: (trust: TlsTrust) => Connect;
  /** Comes with it. */
  readonly timeHint?: (options: Omit<TimeHintOptions, "io">) => NonNullable<TlsTrust["hint"]>;
  /** In an image with slots: chooses the image, which may restart the board (`slotUpdates`). */
  readonly updates?: (flash: NativeFlash) => UpdateBoard | undefined;
}

/** A configuration that was understood, and the program that runs with it. */
export interface ConfiguredNode {
  readonly config: NodeConfig;
  start(platform: Platform): unknown;
}

/** What an image is for. */
export interface Product {
  /** `reader` or `sensor`. */
  readonly name: string;
  /** @throws config-invalid */
  parse(json: string): ConfiguredNode;
}

/**
 * Where a board has console and display as long as no configuration says otherwise: as
 * `latchkey init` writes them (docs/wiring.md).
 */
const UNCONFIGURED_BOARD: UnconfiguredOptions["board"] = Object.freeze({
  console: Object.freeze({ transmit: 0, receive: 1, port: 0, baud: 115_200, echo: true } as const),
  display: Object.freeze({ data: 2, clock: 3, port: 1, hz: 400_000, address: 0x3c } as const),
});
const COMPLAINT_MS = 1_000;

/**
 * Starts the product with the configuration that lies in flash. Without one that can be used, the
 * door stays shut and the board waits on its console for one.
 */
export function runNode(host: NodeHost, product: Product): void {
  const provisioning = provisioningOf(host, product);
  let node: ConfiguredNode;
  let update: UpdateBoard | undefined;
  try {
    update = updatesOf(host);
    node = storedConfig(provisioning, (json) => runnable(host, product, json));
  } catch (error) {
    const reason = toLatchkeyError(error);
    const { console } = UNCONFIGURED_BOARD;
    const platform = platformOf(host, console?.transmit, () => noNetwork("no configuration"));
    const options = { provisioning, product: product.name, board: UNCONFIGURED_BOARD, reason };
    startUnconfigured(platform, options);
    return;
  }
  const { config } = node;
  const network = (base: NetworkBase) => networkOf(host, config, base);
  const platform = platformOf(host, config.console?.transmit, network);
  try {
    node.start({ ...platform, provisioning, ...(update === undefined ? {} : { update }) });
  } catch (error) {
    complain(platform, toLatchkeyError(error));
  }
}

/** @throws firmware-rollback: nothing of this image is to run */
function updatesOf({ updates, flash }: NodeHost): UpdateBoard | undefined {
  try {
    return updates?.(flash);
  } catch (error) {
    // Without a place for the boot state there are no updates, but there is still a door.
    if (toLatchkeyError(error).code === "storage-failed") return undefined;
    throw error;
  }
}

function platformOf(
  host: NodeHost,
  consoleTransmit: number | undefined,
  network: ModdableParts["network"],
): Platform {
  return moddablePlatform({ ...host, consoleTransmit, network });
}

function provisioningOf(host: NodeHost, product: Product): Provisioning {
  const { wireless, timers, flash, radio } = host;
  const store = new FlashConfigStore(regionFlash(flash, FLASH_REGION.configuration));
  const check = (json: string) => void runnable(host, product, json);
  if (wireless === undefined) return { store, check };
  return {
    store,
    check,
    wifi: new RadioSetup(wireless.io, moddableTimer(timers), failureOf(radio)),
  };
}

/** @throws config-invalid, also for what is right and cannot be done by this image */
function runnable({ wireless, tls }: NodeHost, product: Product, json: string): ConfiguredNode {
  const node = product.parse(json);
  const { baseUrl, wifi, wired } = node.config;
  if (baseUrl.startsWith("https:") && tls === undefined)
    refuse("base_url", "must be http://: this image has no TLS");
  if (wifi !== undefined && wireless === undefined)
    refuse("wifi", "cannot be used: this board has no radio; `wired` tells it of a cable");
  if (wifi === undefined && wired === undefined)
    refuse(wireless === undefined ? "wired" : "wifi", "is missing: the node has no network");
  return node;
}

function networkOf(host: NodeHost, config: NodeConfig, base: NetworkBase): Network {
  const { io, wireless, tls } = host;
  const { timer, random, log, crypto } = base;
  const { wifi, wired, baseUrl, tlsRoots } = config;
  if (wired !== undefined) {
    const { direction: pin, ...line } = wired;
    const direction = pin === undefined ? {} : { direction: { io: io.Digital, pin } };
    return new WiredNetwork({ io: io.Serial, ...line, ...direction, timer, log, baseUrl });
  }
  // `runnable` lets nothing through that has neither.
  if (wifi === undefined || wireless === undefined) return noNetwork("the node has no network");
  const password = wifi.password && fromUtf8(wifi.password.bytes, "wifi.password");
  return wifiNetwork({
    ...wireless,
    connect: (nowUnix) =>
      tls?.({ pins: tlsRoots ?? [], crypto, nowUnix, ...hintOf(host, config, base) }) ??
      wireless.connect,
    ...{ ssid: wifi.ssid, timer, random, log, failure: failureOf(host.radio) },
    ...(password === undefined ? {} : { password }),
  });
}

function failureOf(radio: NativeRadio): () => WifiFailure | undefined {
  return () => WIFI_FAILURES[radio.failure()];
}

/** Nothing but certificates asks for it. */
function hintOf(
  { wireless, timeHint }: NodeHost,
  { timeServer: host }: NodeConfig,
  { clock, timer, random, log }: NetworkBase,
): Pick<TlsTrust, "hint"> {
  if (wireless === undefined || timeHint === undefined || host === undefined) return {};
  const { resolve } = wireless;
  return { hint: timeHint({ resolve, host, clock, timer, random, log }) };
}

/**
 * Says why it could not start until somebody hears it, or the watchdog, which is not fed, starts
 * the board again. The door is shut.
 */
function complain({ timer, log }: Platform, { code, message, next }: LatchkeyError): void {
  const turn = (): void => {
    log.write("error", "not-started", { code, message, next });
    timer.set(turn, COMPLAINT_MS);
  };
  turn();
}
