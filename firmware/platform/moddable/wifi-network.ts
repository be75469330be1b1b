import { LatchkeyError } from "../../../protocol/errors.ts";
import type { Network } from "../../platform.ts";
import { type Connect, type HttpClientOptions, TcpHttpClient } from "./http-client.ts";
import { WifiLink, type WifiLinkOptions } from "./wifi.ts";

export type WifiNetworkOptions = WifiLinkOptions &
  Omit<HttpClientOptions, "timer" | "connect"> & {
    /** Made with the time that the node will know later. */
    readonly connect: (nowUnix: () => number | undefined) => Connect;
  };

/** Wi-Fi below, HTTP above. */
export function wifiNetwork(options: WifiNetworkOptions): Network {
  const link = new WifiLink(options);
  let nowUnix = (): number | undefined => undefined;
  const http = new TcpHttpClient({ ...options, connect: options.connect(() => nowUnix()) });
  return Object.freeze({
    async join() {
      try {
        await link.join();
      } catch (error) {
        // To whoever stands before the node it is more than that there is no network.
        throw link.failure === undefined
          ? error
          : new LatchkeyError(link.failure, { cause: error });
      }
      return link.status();
    },
    status: () => link.status(),
    useTime(given) {
      nowUnix = given;
    },
    async request(request) {
      // A socket on a link that is down would only time out, seconds later.
      if (!link.status().up) await link.join(request.timeoutMs);
      return http.request(request);
    },
  } satisfies Network);
}
