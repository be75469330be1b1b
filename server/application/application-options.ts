import { LatchkeyError } from "../../protocol/errors.ts";

/** What a server must know to serve applications; without it their endpoints are not there. */
export interface ApplicationOptions {
  /**
   * Origins of the web pages that may speak to it, such as `https://shop.example`. Programs that
   * are no browsers send none and are let in. Passkeys count for the hosts of these origins.
   */
  readonly origins: readonly string[];
}

/** `https://host[:port]` as a browser spells it; `http` for this machine only. */
function isOrigin(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { origin, protocol, hostname } = new URL(text);
  return origin === text && (protocol === "https:" || hostname === "localhost");
}

/** @throws config-invalid */
export function checkApplicationOptions(options: ApplicationOptions): ApplicationOptions {
  const wrong = options.origins.find((origin) => !isOrigin(origin));
  if (wrong === undefined) return options;
  throw new LatchkeyError("config-invalid", {
    message: `${wrong} is no origin: https://host, or http://localhost:port, and nothing behind it`,
    detail: { field: "origins" },
  });
}

/** The relying party ids (WebAuthn §4) that a passkey may be for. */
export function relyingParties({ origins }: ApplicationOptions): string[] {
  return origins.map((origin) => new URL(origin).hostname);
}
