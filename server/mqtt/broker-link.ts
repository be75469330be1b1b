import { connect, type IClientOptions, type MqttClient } from "mqtt";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { BrokerOptions } from "./broker-options.ts";

export interface MqttMessage {
  readonly topic: string;
  readonly payload: string;
  readonly retain: boolean;
}

export interface BrokerLinkOptions extends BrokerOptions {
  readonly clientId: string;
  /** What the broker says to everybody when this end is lost. */
  readonly will: MqttMessage;
  readonly onUp: () => void;
  /** Without an error when the connection just closed. May come again and again. */
  readonly onDown: (error?: Error) => void;
}

const CONNECT_TIMEOUT_MS = 10_000;
const KEEPALIVE_SECONDS = 30;

function clientOptions(options: BrokerLinkOptions): IClientOptions {
  const { version, username, password, retryMs = 5000, clientId, will } = options;
  return {
    protocolVersion: version === "5" ? 5 : 4,
    clientId,
    // Nothing is subscribed to, and what is not acknowledged is in the database.
    clean: true,
    keepalive: KEEPALIVE_SECONDS,
    connectTimeout: CONNECT_TIMEOUT_MS,
    reconnectPeriod: retryMs,
    // A broker that refuses today may be given the right password tomorrow.
    reconnectOnConnackError: true,
    will: { ...will, payload: Buffer.from(will.payload), qos: 1 },
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
  };
}

/** The connection to a broker: comes back by itself, and says when it is up and down. */
export class BrokerLink {
  readonly #client: MqttClient;
  /** MQTT.js says nothing more to those whose message it has not sent when it ends. */
  readonly #waiting = new Set<(cause: Error) => void>();

  constructor(options: BrokerLinkOptions) {
    const { url, onUp, onDown } = options;
    this.#client = connect(url, clientOptions(options));
    this.#client.on("connect", onUp);
    this.#client.on("close", () => onDown());
    this.#client.on("error", onDown);
  }

  /**
   * Resolves when the broker has acknowledged it (QoS 1). While there is no connection it waits
   * for one: whoever waits for the promise sends no more than what is under way.
   * @throws broker-unavailable when the broker refuses it, or the link is closed
   */
  publish({ topic, payload, retain }: MqttMessage): Promise<void> {
    return new Promise((resolve, reject) => {
      const refuse = (cause: Error): void => {
        this.#waiting.delete(refuse);
        reject(new LatchkeyError("broker-unavailable", { cause }));
      };
      this.#waiting.add(refuse);
      this.#client.publish(topic, payload, { qos: 1, retain }, (error) => {
        if (error) return refuse(error);
        this.#waiting.delete(refuse);
        resolve();
      });
    });
  }

  /** Says `last` if there is a connection, and ends, within some seconds whatever the broker does. */
  async close(last: MqttMessage): Promise<void> {
    const client = this.#client;
    client.removeAllListeners("close");
    client.options.reconnectPeriod = 0;
    if (client.connected) {
      await soon(this.publish(last));
      // With a proper farewell the broker does not speak the will as well.
      await soon(client.endAsync());
    }
    // Between two attempts MQTT.js does not say when it has ended.
    await soon(client.endAsync(true));
    for (const refuse of [...this.#waiting]) refuse(new Error("the link was closed"));
  }
}

/** Waits a second at most, and does not mind if it fails. */
async function soon(promise: Promise<unknown>): Promise<void> {
  const late = new Promise<void>((resolve) => setTimeout(resolve, 1000).unref());
  await Promise.race([promise.catch(() => {}), late]);
}
