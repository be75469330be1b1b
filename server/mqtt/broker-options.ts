import { LatchkeyError } from "../../protocol/errors.ts";

/** The protocol as people call it; MQTT.js numbers them 4 and 5. */
export type MqttVersion = "3.1.1" | "5";

export interface BrokerOptions {
  /** `mqtt://host[:port]`, or `mqtts://` for TLS; without a name and a password. */
  readonly url: string;
  /** `3.1.1` when absent: every broker speaks it. */
  readonly version?: MqttVersion;
  readonly username?: string;
  readonly password?: string;
  /** How long to wait before the broker is tried again, in ms; 5000 when absent. */
  readonly retryMs?: number;
}

function refused(field: string, message: string): LatchkeyError {
  return new LatchkeyError("config-invalid", {
    message: `${field}: ${message}`,
    detail: { field },
  });
}

/**
 * What may be published to. Credentials in the URL are refused: it is on the command line, which
 * every user of the machine can read, and in logs.
 * @throws config-invalid
 */
export function checkBrokerOptions(options: BrokerOptions): BrokerOptions {
  const url = URL.canParse(options.url) ? new URL(options.url) : undefined;
  const scheme = url?.protocol === "mqtt:" || url?.protocol === "mqtts:";
  if (url === undefined || !scheme || url.hostname === "")
    throw refused("mqtt", "not mqtt://host:port or mqtts://host:port");
  if (url.username !== "" || url.password !== "")
    throw refused("mqtt", "name and password belong into the environment, not into the URL");
  if (!/^\/?$/.test(url.pathname) || url.search !== "" || url.hash !== "")
    throw refused("mqtt", "nothing may stand behind host and port");
  if (options.password !== undefined && options.username === undefined)
    throw refused("mqtt", "a password without a name");
  return options;
}
