import type { ConfigStore } from "./config-store.ts";
import type { WifiSetup } from "./wifi-setup.ts";

/** What a platform hands in so that its node can be given a configuration over the console. */
export interface Provisioning {
  readonly store: ConfigStore;
  /** Absent on a board without a radio. */
  readonly wifi?: WifiSetup;
  /** Refuses a configuration that this image cannot run. @throws config-invalid */
  readonly check: (json: string) => void;
}
