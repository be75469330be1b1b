import { LatchkeyError } from "../../../protocol/errors.ts";
import type { WifiSettings } from "../../../protocol/improv/rpc.ts";
import type { Timer, TimerHandle } from "../../../protocol/platform.ts";
import type { NetworkStatus } from "../../platform.ts";
import type { SeenWifi, WifiSetup } from "../../provisioning/wifi-setup.ts";
import type { FoundWifi, WiFi, WiFiConstructor, WifiFailure } from "./wifi.ts";

const SCAN_LIMIT_MS = 14_000;
const JOIN_LIMIT_MS = 15_000;
/** Of the 20 s that a join may take, what is left to look whether the network is there at all. */
const LOOK_LIMIT_MS = 4_000;
const LOOK_MS = 250;
const NOT_CONNECTED = 200;
const HAS_ADDRESS = 500;

/**
 * The SDK's radio for a node that has not been told its network. Where the chip does not say why a
 * join failed, a scan tells a network that is not there, and the rest is `network-down`.
 * The radio starts when it is first asked for something, which takes the program 0.3 s.
 */
export class RadioSetup implements WifiSetup {
  readonly #Io: WiFiConstructor;
  readonly #timer: Timer;
  readonly #failure: () => WifiFailure | undefined;
  #radio: WiFi | undefined;
  #ssid: string | undefined;

  constructor(
    Io: WiFiConstructor,
    timer: Timer,
    failure: () => WifiFailure | undefined = () => undefined,
  ) {
    this.#Io = Io;
    this.#timer = timer;
    this.#failure = failure;
  }

  scan(): Promise<readonly SeenWifi[]> {
    return this.#scan(SCAN_LIMIT_MS);
  }

  async tryJoin(settings: WifiSettings): Promise<void> {
    const { ssid, password } = settings;
    this.#ssid = ssid;
    try {
      const radio = this.#open();
      if (radio.connection !== NOT_CONNECTED) radio.disconnect();
      radio.connect({ SSID: ssid, ...(password === "" ? {} : { password }) });
    } catch (cause) {
      throw new LatchkeyError("network-down", { message: "the radio does not start", cause });
    }
    if (await this.#joined()) return;
    const failure = this.#failure();
    this.#radio?.disconnect();
    if (failure !== undefined) throw new LatchkeyError(failure);
    const seen = await this.#scan(LOOK_LIMIT_MS);
    if (seen.length > 0 && seen.every((other) => other.ssid !== ssid))
      throw new LatchkeyError("wifi-not-found");
    const message = "The Wi-Fi gave no address: a wrong password, or it is too far away.";
    throw new LatchkeyError("network-down", { message });
  }

  status(): NetworkStatus {
    const radio = this.#radio;
    if (radio === undefined || radio.connection < HAS_ADDRESS) return { up: false };
    const { address } = radio;
    return {
      up: true,
      ...(this.#ssid === undefined ? {} : { ssid: this.#ssid }),
      ...(address === undefined ? {} : { address }),
    };
  }

  #open(): WiFi {
    this.#radio ??= new this.#Io({});
    return this.#radio;
  }

  /** Whether there is an address, at the latest when the limit has passed. */
  #joined(): Promise<boolean> {
    return new Promise((resolve) => {
      const look = (leftMs: number): void => {
        const connection = this.#radio?.connection ?? NOT_CONNECTED;
        const over = leftMs <= 0 || connection === NOT_CONNECTED;
        if (connection >= HAS_ADDRESS || over) resolve(connection >= HAS_ADDRESS);
        else this.#timer.set(() => look(leftMs - LOOK_MS), LOOK_MS);
      };
      look(JOIN_LIMIT_MS);
    });
  }

  /** The strongest of each name. */
  #scan(limitMs: number): Promise<readonly SeenWifi[]> {
    return new Promise((resolve) => {
      const seen = new Map<string, SeenWifi>();
      let limit: TimerHandle | undefined;
      const end = (): void => {
        if (limit !== undefined) this.#timer.clear(limit);
        resolve([...seen.values()]);
      };
      limit = this.#timer.set(end, limitMs);
      const onFound = ({ SSID: ssid, RSSI: rssiDbm, security }: FoundWifi): void => {
        if (ssid === "" || (seen.get(ssid)?.rssiDbm ?? -Infinity) >= rssiDbm) return;
        seen.set(ssid, { ssid, rssiDbm, secured: security !== "none" });
      };
      try {
        this.#open().scan({ onFound, onComplete: end });
      } catch {
        end(); // it is looking already, or cannot
      }
    });
  }
}
