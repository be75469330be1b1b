import { reportHealth } from "../handlers/health.ts";
import { publishKeys } from "../handlers/jwks.ts";
import { reportLife, reportReadiness } from "../handlers/ready.ts";
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

const ok = oneOf(["ok"]);
const CHECKS = form({ database: ok, ephemera: ok, migrations: ok, clock: ok });

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
  {
    by: "reading",
    path: "livez",
    chapter: "service",
    summary: "This process answers; nothing that it depends on counts.",
    answer: form({ status: oneOf(["alive"]) }),
    handle: async () => jsonResponse(await reportLife()),
  },
  {
    by: "reading",
    path: "readyz",
    chapter: "service",
    summary: "Whether a balancer should send requests here: stores, schema and clock.",
    answer: form({ status: oneOf(["ready"]), checks: object(CHECKS) }),
    handle: async (context) => jsonResponse(await reportReadiness(context)),
  },
];
