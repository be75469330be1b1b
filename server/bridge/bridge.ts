import { type HeaderSource, readRequest, requestBehind } from "./http-request.ts";

/** How an existing back end is bound to its Latchkey server. */
export interface BridgeOptions {
  /** The Latchkey server: `https://id.example`, or `http` to this machine. */
  readonly serverUrl: string;
  /** The back end's own token, `lkb_…`; keep it where passwords are kept. */
  readonly token: string;
  /** How long the server may take; 5 s when absent. */
  readonly timeoutMs?: number;
}

/** What the server says of an application; nothing in it comes from the application itself. */
export interface Claims {
  /** The identity hash. */
  readonly sub: string;
  readonly tid: string;
  /** This back end's name. */
  readonly aud: string;
  readonly sid: string;
  /** `STD`: a key in software; `HS`: one that hardware holds. */
  readonly acr: "STD" | "HS";
  /** As it stands at this request. */
  readonly role: string;
  readonly iat: number;
  readonly exp: number;
}

/** An application's request that has come once and opened. */
export interface Authenticated {
  /** SHA-256 of its public key, 64 hexadecimal digits. */
  readonly identityHash: string;
  readonly tenantId: string;
  readonly claims: Claims;
  readonly role: string;
  readonly body: Record<string, unknown>;
}

/** Why a request is refused. `statusCode` and `status` are what frameworks look for. */
export class BridgeError extends Error {
  readonly code: string;
  readonly status: number;
  readonly statusCode: number;
  /** RFC 9457. */
  readonly problem: Readonly<Record<string, unknown>>;

  constructor(problem: Readonly<Record<string, unknown>>) {
    super(String(problem["title"]));
    this.code = String(problem["code"]);
    this.status = Number(problem["status"]);
    this.statusCode = this.status;
    this.problem = problem;
  }
}

export interface Bridge {
  /**
   * Who asks, and what: opens the sealed request with the server's help. Everything that is not a
   * fresh request of an application to this back end is refused.
   * @throws BridgeError
   */
  authenticate(request: unknown): Promise<Authenticated>;
  /**
   * Answers it sealed, once. `response` is what the framework gives to answer with; of Hono the
   * context, of a fetch handler the request. Gives the `Response` where one is to be returned.
   * @throws BridgeError
   */
  sendEncrypted(response: unknown, body: object, options?: AnswerOptions): Promise<Response>;
  /** Answers with the reason of a refusal; throws again what is none. */
  sendProblem(response: unknown, error: unknown): Promise<Response>;
  /** @throws BridgeError forbidden-role */
  requireRole(claims: Claims, ...roles: readonly string[]): void;
  /** @throws BridgeError assurance-too-low */
  requireAssurance(claims: Claims, level: "STD" | "HS"): void;
}

export interface AnswerOptions {
  /** 200 when absent. The application hears it sealed as well. */
  readonly status?: number;
}

/** What ia_open, ia_seal (an envelope) and a refusal (RFC 9457) have in them. */
interface ServerAnswer extends Readonly<Record<string, unknown>> {
  readonly identity_hash: string;
  readonly tenant_id: string;
  readonly claims: Claims;
  readonly role: string;
  readonly body: Record<string, unknown>;
  readonly reply_id: string;
}

function refusal(status: number, code: string, title: string): BridgeError {
  return new BridgeError({ type: `/docs/errors#${code}`, title, status, code });
}

function checkUrl(text: string): string {
  const { protocol, hostname } = new URL(text);
  const local = ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
  if (protocol === "https:" || (protocol === "http:" && local)) return text.replace(/\/$/, "");
  throw new TypeError("serverUrl: https, or http to this machine: bodies travel opened");
}

/** As much as is used of what frameworks give to answer with. */
interface Responder {
  /** Fastify. */
  code?(status: number): { headers(headers: object): { send(body: string): unknown } };
  /** Hono. */
  newResponse?(body: string, status: number, headers: object): Response;
  /** `node:http` and Express. */
  writeHead?(status: number, headers: object): { end(body: string): void };
}

/** Answers the way the framework has it, so that headers which it has set already go along. */
function answer(response: unknown, status: number, type: string, value: object): Response {
  const target = response as Responder;
  const body = JSON.stringify(value);
  const headers = { "content-type": type, "cache-control": "no-store" };
  if (target.newResponse !== undefined) return target.newResponse(body, status, headers);
  // Fastify wants its reply back.
  if (target.code !== undefined)
    return target.code(status).headers(headers).send(body) as unknown as Response;
  target.writeHead?.(status, headers).end(body);
  return new Response(body, { status, headers });
}

/**
 * Protects endpoints of an existing back end. It keeps no key and no session: the Latchkey server
 * opens and seals, the bridge carries.
 * @example
 * const bridge = identityBridge({ serverUrl, token });
 * const { identityHash, body } = await bridge.authenticate(req);
 * return bridge.sendEncrypted(res, { status: "ok" }, { status: 200 });
 */
export function identityBridge({ serverUrl, token, timeoutMs = 5000 }: BridgeOptions): Bridge {
  const url = checkUrl(serverUrl);
  /** Which answer is owed to which request that is under way. */
  const owed = new WeakMap<object, string>();

  async function ask(path: string, headers: object, body: string): Promise<ServerAnswer> {
    const unavailable = refusal(503, "unavailable", "The identity server does not answer.");
    const response = await fetch(`${url}/identity_app/${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}`, ...headers },
      body,
      redirect: "error",
      signal: AbortSignal.timeout(timeoutMs),
    }).catch(() => undefined);
    const value = (await response?.json().catch(() => undefined)) as ServerAnswer | undefined;
    if (response?.status === 200 && value !== undefined) return value;
    // Its own token is this back end's affair, not the application's.
    const code = value?.["code"];
    if (typeof code !== "string" || code === "unauthenticated") throw unavailable;
    throw new BridgeError(value!);
  }

  return {
    async authenticate(request) {
      const { source, header, method, target, body } = await readRequest(request as HeaderSource);
      const jwt = /^Bearer ([\w.-]{1,2048})$/i.exec(header("authorization") ?? "")?.[1];
      if (jwt === undefined) throw refusal(401, "unauthenticated", "There is no access token.");
      const asked = { "x-latchkey-token": jwt, "x-latchkey-target": `${method} ${target}` };
      const opened = await ask("ia_open", asked, body);
      owed.set(source, `${opened.identity_hash} ${opened.reply_id}`);
      return {
        identityHash: opened.identity_hash,
        tenantId: opened.tenant_id,
        claims: opened.claims,
        role: opened.role,
        body: opened.body,
      };
    },

    async sendEncrypted(response, body, { status = 200 } = {}) {
      const source = requestBehind(response);
      const reply = owed.get(source);
      owed.delete(source);
      if (reply === undefined)
        throw refusal(500, "internal", "There is no authenticated request to answer.");
      const plain = JSON.stringify({ status, body });
      const envelope = await ask("ia_seal", { "x-latchkey-reply": reply }, plain);
      return answer(response, status, "application/json", envelope);
    },

    async sendProblem(response, error) {
      if (!(error instanceof BridgeError)) throw error;
      return answer(response, error.status, "application/problem+json", error.problem);
    },

    requireRole({ role }, ...roles) {
      if (!roles.includes(role)) throw refusal(403, "forbidden-role", "This role may not do that.");
    },

    requireAssurance({ acr }, level) {
      if (level === "HS" && acr !== "HS")
        throw refusal(403, "assurance-too-low", "This needs a key that hardware holds.");
    },
  };
}
