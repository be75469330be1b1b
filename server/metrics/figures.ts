import type { ServiceResponse } from "../context.ts";
import type { MetricsPlace } from "./metrics-place.ts";
import type { PrometheusMetrics } from "./prometheus.ts";

/** Figures, and the page or port where they are shown. */
export interface Figures {
  readonly metrics: PrometheusMetrics;
  /** Beside the endpoints; absent where they have a port of their own. */
  readonly metricsPage?: (authorization: string | undefined) => Promise<ServiceResponse>;
  /** Of its own, once it listens. */
  readonly port: number | undefined;
  /** @throws address-in-use */
  listen(): Promise<void>;
  close(): Promise<void>;
}

/** What counts is loaded for whoever looks at it only. */
export async function openFigures(place: MetricsPlace): Promise<Figures> {
  const { PrometheusMetrics } = await import("./prometheus.ts");
  const { listenForScrapes, metricsResponse } = await import("./metrics-page.ts");
  const metrics = new PrometheusMetrics();
  const { port } = place;
  if (port === undefined)
    return {
      metrics,
      metricsPage: (authorization) => metricsResponse(metrics, place, authorization),
      port,
      listen: async () => {},
      close: async () => {},
    };
  let listener: Awaited<ReturnType<typeof listenForScrapes>> | undefined;
  return {
    metrics,
    get port() {
      return listener?.port;
    },
    async listen() {
      listener = await listenForScrapes(metrics, { ...place, port });
    },
    close: async () => listener?.close(),
  };
}
