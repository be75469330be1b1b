import { reportHealth } from "../handlers/health.ts";
import { publishKeys } from "../handlers/jwks.ts";
import { jsonResponse } from "../response.ts";
import type { Endpoint } from "./endpoint.ts";
import { list, oneOf, optional, text } from "./field.ts";
import { form, object } from "./form.ts";

const JWK = form({
  kty: oneOf(["OKP"]),
  crv: oneOf(["Ed25519"]),
  x: text(43, 43),
  use: oneOf(["sig"]),
  alg: oneOf(["EdDSA"]),
  kid: text(43, 43),
});

/** What the server says of itself. */
export const SERVICE_ENDPOINTS: readonly Endpoint[] = [
  {
    by: "reading",
    path: ".well-known/jwks.json",
    chapter: "service",
    summary: "The keys that sign tokens.",
    answer: form({ keys: list(object(JWK), 64, 1) }),
    handle: async (context) => jsonResponse(await publishKeys(context)),
  },
  {
    by: "reading",
    path: "healthz",
    chapter: "service",
    summary: "Whether database and Redis answer.",
    answer: form({
      status: oneOf(["ok"]),
      broker: optional(oneOf(["connected", "broker-unavailable"])),
    }),
    handle: async (context) => jsonResponse(await reportHealth(context)),
  },
];
