import { LatchkeyError } from "../../../protocol/errors.ts";

export interface DatabaseAddress {
  readonly flavour: "mariadb" | "postgres";
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly tls: boolean;
}

const SCHEMES = {
  "mysql:": { flavour: "mariadb", port: 3306 },
  "mariadb:": { flavour: "mariadb", port: 3306 },
  "postgres:": { flavour: "postgres", port: 5432 },
  "postgresql:": { flavour: "postgres", port: 5432 },
} as const;

const LOOPBACK = /^(localhost|127(\.[0-9]{1,3}){3}|\[::1\])$/;

/** Whether it names a server; anything else is the path of a file. */
export function isDatabaseUrl(text: string): boolean {
  return /^[a-z][a-z+]+:\/\//i.test(text);
}

/** Quotes nothing: the text may hold a password. */
function fail(what: string): LatchkeyError {
  return new LatchkeyError("config-invalid", {
    message: `The database's URL ${what}.`,
    detail: { field: "database" },
  });
}

/**
 * `mysql://user:password@host:3306/name` or `postgres://…`. To another machine it goes over TLS
 * with a certificate that is checked, unless `?tls=off` says otherwise.
 * @throws config-invalid, which quotes nothing of it
 */
export function parseDatabaseUrl(text: string): DatabaseAddress {
  const url = URL.parse(text);
  const scheme = url && SCHEMES[url.protocol as keyof typeof SCHEMES];
  if (!url || !scheme) throw fail("must begin with mysql:// or postgres://");
  const database = decoded(url.pathname.slice(1));
  const user = decoded(url.username);
  if (!/^[^/\0]+$/.test(database)) throw fail("must end with the database's name");
  if (user === "") throw fail("lacks the user's name");
  const tls = url.searchParams.get("tls") ?? (LOOPBACK.test(url.hostname) ? "off" : "on");
  const others = [...url.searchParams.keys()].some((name) => name !== "tls");
  if (others || !["on", "off"].includes(tls))
    throw fail("takes no parameter but tls=on or tls=off");
  return {
    flavour: scheme.flavour,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? scheme.port : Number(url.port),
    user,
    password: decoded(url.password),
    database,
    tls: tls === "on",
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw fail("has a % that stands for nothing");
  }
}
