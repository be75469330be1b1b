import { LatchkeyError } from "../../protocol/errors.ts";

/** Where figures are shown, and to whom. */
export interface MetricsPlace {
  /** 127.0.0.1 when absent. */
  readonly host?: string;
  /** A port of its own; without one they are at `/metrics` beside the endpoints. */
  readonly port?: number;
  /** Whoever has it may look; needed wherever others than this machine can ask. */
  readonly token?: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

const TOKEN_LENGTH_MIN = 16;

function invalid(message: string): LatchkeyError {
  return new LatchkeyError("config-invalid", { message, detail: { field: "metrics" } });
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

/** `9464` or `0.0.0.0:9464` or `[::]:9464`. */
function parsePlace(text: string): { host?: string; port: number } {
  const found = /^(?:(\[[0-9a-f:.]+\]|[\w.-]+):)?(\d{1,5})$/i.exec(text);
  const port = Number(found?.[2]);
  if (found === null || port > 65_535) throw invalid("metrics: not [host:]port");
  const host = found[1]?.replace(/^\[|\]$/g, "");
  return { ...(host !== undefined && { host }), port };
}

/**
 * Where figures are to be shown, or `undefined` for nowhere.
 * @param given what a command line says, before `LATCHKEY_METRICS`
 * @throws config-invalid
 */
export function metricsFrom(env: Environment, given?: string): MetricsPlace | undefined {
  const text = given ?? env["LATCHKEY_METRICS"];
  const token = env["LATCHKEY_METRICS_TOKEN"];
  if (text === undefined && token === undefined) return undefined;
  if (token !== undefined && token.length < TOKEN_LENGTH_MIN)
    throw invalid(`LATCHKEY_METRICS_TOKEN has fewer than ${TOKEN_LENGTH_MIN} characters.`);
  const place = text === undefined ? {} : parsePlace(text);
  const { host = "127.0.0.1" } = place as { host?: string };
  if (token === undefined && !isLoopback(host))
    throw invalid("Metrics on the network need LATCHKEY_METRICS_TOKEN.");
  return { ...place, ...(token !== undefined && { token }) };
}
