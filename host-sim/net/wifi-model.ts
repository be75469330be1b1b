import type { NetworkStatus } from "../../firmware/platform.ts";
import type { SeenWifi, WifiSetup } from "../../firmware/provisioning/wifi-setup.ts";
import type { ErrorCode } from "../../protocol/error-codes.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { WifiSettings } from "../../protocol/improv/rpc.ts";
import type { World } from "../world/world.ts";

export interface AccessPoint {
  readonly ssid: string;
  /** Empty for an open one. */
  readonly password: string;
  readonly rssiDbm: number;
}

/** As a CYW43439 takes them: a scan of all channels, a join with DHCP, a refused handshake. */
const SCAN_US = 1_600_000;
const JOIN_US = 2_400_000;
const REFUSED_US = 3_100_000;
const NOT_FOUND_US = 5_000_000;

/** The radio of a board and the access points around it. */
export class WifiModel implements WifiSetup {
  readonly #world: World;
  readonly points: AccessPoint[];
  #joined: string | undefined;
  /** Attempts so far. */
  attempts = 0;

  constructor(world: World, points: readonly AccessPoint[]) {
    this.#world = world;
    this.points = [...points];
  }

  scan(): Promise<readonly SeenWifi[]> {
    const seen = this.points.map(({ ssid, rssiDbm, password }) => ({
      ...{ ssid, rssiDbm },
      secured: password !== "",
    }));
    return this.#after(SCAN_US, () => seen);
  }

  tryJoin({ ssid, password }: WifiSettings): Promise<void> {
    this.attempts++;
    this.#joined = undefined;
    const point = this.points.find((known) => known.ssid === ssid);
    if (point === undefined) return this.#refuse(NOT_FOUND_US, "wifi-not-found");
    if (point.password !== password) return this.#refuse(REFUSED_US, "wifi-password-wrong");
    return this.#after(JOIN_US, () => {
      this.#joined = ssid;
    });
  }

  status(): NetworkStatus {
    const ssid = this.#joined;
    return ssid === undefined ? { up: false } : { up: true, ssid, address: "10.0.0.17" };
  }

  #refuse(delayUs: number, code: ErrorCode): Promise<never> {
    return this.#after(delayUs, () => {
      throw new LatchkeyError(code);
    });
  }

  #after<T>(delayUs: number, work: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#world.task(delayUs, () => {
        try {
          resolve(work());
        } catch (error) {
          reject(error as Error);
        }
      });
    });
  }
}
