/** What can happen to one request on its way (`docs/scenarios.md` names the same words). */
export type NetworkFault =
  /** The request is lost: the node waits until its limit. */
  | { readonly kind: "drop" }
  /** The server handles the request, its answer is lost. */
  | { readonly kind: "half-open" }
  /** The server gets the request twice; the node gets the first answer. */
  | { readonly kind: "duplicate" }
  /** The answer comes this much later. */
  | { readonly kind: "delay"; readonly ms: number }
  /** One character of the body is another one when it arrives. */
  | { readonly kind: "corrupt"; readonly direction: "up" | "down" }
  /** The answer's body ends in the middle. */
  | { readonly kind: "truncate" }
  /** The name is not known. */
  | { readonly kind: "dns" }
  /** A sign-in page answers in the server's place: 200 and HTML. */
  | { readonly kind: "captive-portal" }
  /** Nobody listens at the port. */
  | { readonly kind: "server-down" }
  /** The server takes the request and restarts: it may have acted, the connection is gone. */
  | { readonly kind: "reset" }
  /** A proxy in front of the server answers 502 and HTML. */
  | { readonly kind: "bad-gateway" };

export type NetworkFaultKind = NetworkFault["kind"];

export const SIGN_IN_PAGE =
  "<!doctype html><title>Sign in</title><h1>Welcome to our guest Wi-Fi</h1>";
export const BAD_GATEWAY_PAGE = "<html><head><title>502 Bad Gateway</title></head></html>";
