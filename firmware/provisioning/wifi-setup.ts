import type { WifiSettings } from "../../protocol/improv/rpc.ts";
import type { NetworkStatus } from "../platform.ts";

export interface SeenWifi {
  readonly ssid: string;
  readonly rssiDbm: number;
  readonly secured: boolean;
}

/** The radio, for a node that has not been told its network. Absent where there is none. */
export interface WifiSetup {
  /** The networks in reach, within 15 s; empty when there are none, or when it cannot look. */
  scan(): Promise<readonly SeenWifi[]>;
  /**
   * Joins, within 20 s; stays joined. Called again, it leaves the one before.
   * @throws wifi-password-wrong, wifi-not-found, network-down (any other reason, or the limit)
   */
  tryJoin(settings: WifiSettings): Promise<void>;
  status(): NetworkStatus;
}
