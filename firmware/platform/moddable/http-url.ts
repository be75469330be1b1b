import { LatchkeyError } from "../../../protocol/errors.ts";

export interface HttpUrl {
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  /** As it goes into the `Host` header. */
  readonly authority: string;
  /** With the query, beginning with a slash. */
  readonly path: string;
}

/** An absolute http or https URL to its parts. There is no `URL` on the device. @throws network-failed */
export function parseHttpUrl(url: string): HttpUrl {
  const match = /^(https?):\/\/([A-Za-z0-9.-]{1,253})(?::([0-9]{1,5}))?(\/[!-~]*)?$/.exec(url);
  const port = match?.[3] === undefined ? undefined : Number(match[3]);
  if (match === null || port === 0 || (port ?? 0) > 65_535)
    throw new LatchkeyError("network-failed", { message: "the server's address cannot be used" });
  const secure = match[1] === "https";
  const host = match[2]!;
  return {
    secure,
    host,
    port: port ?? (secure ? 443 : 80),
    authority: port === undefined ? host : `${host}:${port}`,
    path: match[4] ?? "/",
  };
}

/** Whether it is an address already, which no name server is asked for. */
export function isIpv4(host: string): boolean {
  const parts = host.split(".");
  return (
    parts.length === 4 && parts.every((part) => /^[0-9]{1,3}$/.test(part) && Number(part) < 256)
  );
}
