import { FLASH_REGION } from "../../../hal/native/natives.ts";
import { fromUtf8 } from "../../../protocol/encoding/utf8.ts";
import { LatchkeyError, toLatchkeyError } from "../../../protocol/errors.ts";
import { parseReaderConfig, type ReaderConfig } from "../../config.ts";
import { readConfigImage } from "../../config-image.ts";
import type { Network, Platform } from "../../platform.ts";
import { type ReaderHandle, startReader } from "../../reader/reader.ts";
import type { HttpClientOptions } from "./http-client.ts";
import { noNetwork } from "./no-network.ts";
import { type ModdableParts, moddablePlatform } from "./platform.ts";
import { regionFlash } from "./region-flash.ts";
import type { WifiLinkOptions } from "./wifi.ts";
import { wifiNetwork } from "./wifi-network.ts";

export { plainConnect } from "./http-client.ts";
export { nativeBoard, nativeFlash, nativeRandom, nativeUsb } from "./natives.ts";

/** What the image's `main` has in its hands: the SDK's classes and the functions of C. */
export interface ReaderHost extends Omit<ModdableParts, "network"> {
  /** Absent on a board without Wi-Fi. */
  readonly wireless?: Pick<WifiLinkOptions, "io"> & Omit<HttpClientOptions, "timer">;
}

/** How often a node without a usable configuration says so. */
const COMPLAINT_MS = 5_000;

/**
 * Starts the reader with the configuration that lies in flash. Without one, or with a damaged
 * one, the door stays shut and the USB port says every five seconds what to do.
 */
export function runReader(host: ReaderHost): ReaderHandle | undefined {
  try {
    const config = storedConfig(host);
    const platform = moddablePlatform({ ...host, network: (base) => network(host, config, base) });
    return startReader(platform, config);
  } catch (error) {
    complain(host, toLatchkeyError(error));
    return undefined;
  }
}

function storedConfig(host: ReaderHost): ReaderConfig {
  const region = regionFlash(host.flash, FLASH_REGION.configuration);
  const json = readConfigImage((offset, length) => region.read(offset, length));
  if (json !== undefined) return parseReaderConfig(json);
  const message = "nobody has given this board a configuration yet";
  throw new LatchkeyError("config-missing", { message });
}

function network(
  { wireless }: ReaderHost,
  { wifi }: ReaderConfig,
  { timer, random, log }: Omit<Platform, "network">,
): Network {
  if (wireless === undefined) return noNetwork("this board has no network");
  if (wifi === undefined) return noNetwork("the configuration names no Wi-Fi");
  const password = wifi.password && fromUtf8(wifi.password.bytes, "wifi.password");
  return wifiNetwork({
    ...wireless,
    ...{ ssid: wifi.ssid, timer, random, log },
    ...(password === undefined ? {} : { password }),
  });
}

/** Says it again and again: whoever opens a terminal later has to see it too. */
function complain(host: ReaderHost, error: LatchkeyError): void {
  const { system, timer, log } = moddablePlatform({ ...host, network: () => noNetwork("") });
  const { code, message, next } = error;
  const turn = (): void => {
    timer.set(turn, COMPLAINT_MS);
    system.feedWatchdog();
    log.write("error", "not-started", { code, message, next, chip: system.chipId });
  };
  turn();
}
