import type { Network } from "../../platform.ts";
import { type HttpClientOptions, TcpHttpClient } from "./http-client.ts";
import { WifiLink, type WifiLinkOptions } from "./wifi.ts";

export type WifiNetworkOptions = WifiLinkOptions & Omit<HttpClientOptions, "timer">;

/** Wi-Fi below, HTTP above. */
export function wifiNetwork(options: WifiNetworkOptions): Network {
  const link = new WifiLink(options);
  const http = new TcpHttpClient(options);
  return Object.freeze({
    async join() {
      await link.join();
      return link.status();
    },
    status: () => link.status(),
    async request(request) {
      // A socket on a link that is down would only time out, seconds later.
      if (!link.status().up) await link.join(request.timeoutMs);
      return http.request(request);
    },
  } satisfies Network);
}
