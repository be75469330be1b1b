import { LatchkeyError, toLatchkeyError } from "../protocol/errors.ts";
import type { ServiceContext } from "./context.ts";

/** What must be in order before a replica is sent requests. */
export interface Readiness {
  readonly ready: boolean;
  /** `ok`, or what is wrong, by what was looked at. */
  readonly checks: Readonly<Record<"database" | "ephemera" | "migrations" | "clock", string>>;
}

type Parts = Pick<ServiceContext, "records" | "ephemera" | "clock">;

/** As far as replicas may be apart, see docs/server.md; further and a token of one is refused. */
const CLOCKS_APART_MS = 30_000;
/** Before anything of this was written: the clock of a machine that has not heard the time. */
const EARLIEST_MS = Date.UTC(2026, 0, 1);
/** The newest row of the audit log may be from a replica that is a little ahead. */
const BEHIND_MS = 300_000;

async function outcome<T>(work: Promise<T>): Promise<T | LatchkeyError> {
  return work.catch((error: unknown) => toLatchkeyError(error));
}

const stateOf = (found: unknown): string => (found instanceof LatchkeyError ? found.code : "ok");

/** Asks database and ephemera, and compares the clock with theirs. Never rejects. */
export async function checkReadiness({ records, ephemera, clock }: Parts): Promise<Readiness> {
  const [standing, theirs] = await Promise.all([
    outcome(records.standing()),
    outcome(ephemera.clockMs()),
  ]);
  const nowMs = clock.unixMs();
  const known = standing instanceof LatchkeyError ? undefined : standing;
  const others = [known?.clockMs, theirs].filter((ms) => typeof ms === "number");
  const isApart = others.some((ms) => Math.abs(ms - nowMs) > CLOCKS_APART_MS);
  const isBehind = nowMs < EARLIEST_MS || (known?.newestAt ?? 0) * 1000 > nowMs + BEHIND_MS;
  // A newer program has been here: what it keeps may mean something else.
  const migrated = known === undefined || known.schema === known.known;
  const checks = {
    database: stateOf(standing),
    ephemera: stateOf(theirs),
    migrations: migrated ? stateOf(standing) : "unsupported-version",
    clock: isApart || isBehind ? "clock-untrusted" : "ok",
  };
  return { ready: Object.values(checks).every((state) => state === "ok"), checks };
}

/** @throws unavailable, which names the first that is not in order */
export function requireReady({ checks }: Readiness): void {
  const wrong = Object.entries(checks).find(([, state]) => state !== "ok");
  if (wrong === undefined) return;
  const [field, state] = wrong;
  const message = `not ready: ${field} is ${state}`;
  throw new LatchkeyError("unavailable", { message, detail: { field, retry_after: 2 } });
}
