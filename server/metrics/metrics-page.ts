import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { constantTimeEqual } from "../../protocol/crypto/constant-time.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import type { ServiceResponse } from "../context.ts";
import { nodeCrypto } from "../node-crypto.ts";
import { problemResponse } from "../response.ts";
import type { MetricsPlace } from "./metrics-place.ts";
import type { PrometheusMetrics } from "./prometheus.ts";

/** Slow scrapers are let go. */
const TIMEOUT_MS = 10_000;

/** Hashed on both sides, so that neither the token nor its length shows in the time it takes. */
function isToken(header: string | undefined, token: string): boolean {
  const hash = (text: string) => nodeCrypto.sha256(Buffer.from(text));
  return constantTimeEqual(hash(header ?? ""), hash(`Bearer ${token}`));
}

/** The page of figures, for who may see it. */
export async function metricsResponse(
  metrics: PrometheusMetrics,
  { token }: Pick<MetricsPlace, "token">,
  authorization: string | undefined,
): Promise<ServiceResponse> {
  if (token !== undefined && !isToken(authorization, token))
    return problemResponse(new LatchkeyError("unauthenticated"));
  const headers = { "content-type": metrics.contentType, "cache-control": "no-store" };
  return { status: 200, headers, body: await metrics.page() };
}

export interface MetricsListener {
  readonly port: number;
  close(): Promise<void>;
}

async function answer(
  metrics: PrometheusMetrics,
  place: MetricsPlace,
  { method, url, headers }: IncomingMessage,
  out: ServerResponse,
): Promise<void> {
  const asked = method === "GET" && url === "/metrics";
  const given = asked
    ? await metricsResponse(metrics, place, headers.authorization)
    : problemResponse(new LatchkeyError("not-found"));
  out.writeHead(given.status, given.headers).end(given.body);
}

/** A port of its own, which need not be where the doors are. @throws address-in-use */
export async function listenForScrapes(
  metrics: PrometheusMetrics,
  place: MetricsPlace & { readonly port: number },
): Promise<MetricsListener> {
  const { host = "127.0.0.1", port } = place;
  const server = createServer({ requestTimeout: TIMEOUT_MS }, (request, out) => {
    answer(metrics, place, request, out).catch(() => out.destroy());
  });
  await listening(server, host, port);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listening(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause) =>
      reject(new LatchkeyError("address-in-use", { cause, detail: { host, port } })),
    );
    server.listen({ host, port }, resolve);
  });
}
