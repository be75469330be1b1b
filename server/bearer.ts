import { LatchkeyError } from "../protocol/errors.ts";
import type { ServiceRequest } from "./context.ts";

/** The bearer token of a request (RFC 6750 §2.1). @throws unauthenticated */
export function bearerToken({ headers }: Pick<ServiceRequest, "headers">): string {
  const match = /^Bearer ([A-Za-z0-9._~+/-]{1,2048}=*)$/i.exec(headers["authorization"] ?? "");
  if (match === null) throw new LatchkeyError("unauthenticated");
  return match[1]!;
}
