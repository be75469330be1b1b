import { toHex } from "../protocol/encoding/hex.ts";
import type { ErrorCode } from "../protocol/error-codes.ts";
import type { ServiceContext } from "./context.ts";
import type { Rate } from "./limits.ts";
import { type Subject, subjectOf } from "./rate-limiter.ts";
import { SERVER_CHAIN } from "./store/audit-chain.ts";
import type { AuditEntry } from "./store/records.ts";
import { unixSeconds } from "./wall-clock.ts";

/** What somebody proves himself to be. */
export type LoginWay = "operator" | "back-end" | "application" | "node";

/** Somebody who proves who he is, or fails to. */
export interface Login {
  /** Absent where an address tries several. */
  readonly way?: LoginWay;
  /** Proved, or merely claimed; absent where nothing says which. */
  readonly tenantId?: string | undefined;
  /** What the row says of him; of a person behind an application the identity hash and no more. */
  readonly who: AuditEntry["data"];
  readonly from?: Subject;
}

/** Refusals that a row of their own was not written for. */
interface Counted {
  readonly tenantId: string;
  readonly way: LoginWay | undefined;
  readonly code: string;
  readonly since: number;
  until: number;
  count: number;
}

type Parts = Pick<ServiceContext, "records" | "rates" | "limits" | "clock">;

/** What is counted becomes a row after this; a replica that is killed loses no more of it. */
const COUNTED_SECONDS = 600;

const addressOf = ({ way, from }: Login) =>
  way === "application" || from === undefined ? {} : { from };

/**
 * Logins in the audit log. Each that succeeds is a row, written before it is answered. Refusals
 * are rows at a bounded rate and a number beyond it, because nobody may fill the disk by failing;
 * the bound for strangers is one for all of them, so that no answer's time tells which names exist.
 */
export class LoginLog {
  readonly #parts: Parts;
  readonly #counted = new Map<string, Counted>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** A session is about to be opened. @throws unavailable */
  opened(login: Login & { readonly way: LoginWay }): Promise<void> {
    const { way, tenantId = SERVER_CHAIN, who } = login;
    return this.#write(tenantId, `${way}-login`, { ...who, ...addressOf(login) });
  }

  /**
   * A good token has come. There are no sessions behind tokens, so its first use at an address is
   * the login, and its first one after half a day. @throws unavailable
   */
  async tokenUsed(login: Login & { readonly way: LoginWay }, tokenHash: Uint8Array): Promise<void> {
    const { loginsByToken, loginRowsByToken } = this.#parts.limits;
    const token = toHex(tokenHash);
    const here = subjectOf(token, login.from ?? "here");
    if (!(await this.#allows("logins-by-token", loginsByToken, here))) return;
    try {
      // Whoever has stolen one and comes from ever new addresses writes no more rows than this.
      const mayWrite = await this.#allows("login-rows-by-token", loginRowsByToken, token);
      if (mayWrite) await this.opened(login);
      else this.#count(login.tenantId ?? SERVER_CHAIN, login.way, "ok");
    } catch (error) {
      // It is refused now, and will not be the first use when it comes again.
      this.#count(login.tenantId ?? SERVER_CHAIN, login.way, "unavailable");
      throw error;
    }
  }

  /**
   * @param code what it was refused with, also where the answer says less
   * @param proved whether it was the key's holder: then strangers do not use up its rows
   */
  async refused(login: Login, code: ErrorCode, proved: boolean): Promise<void> {
    const { refusalRowsBySubject, refusalRows } = this.#parts.limits;
    const subject = subjectOf(login.tenantId, JSON.stringify(login.who));
    await this.#refusal("login-refused", login, { code }, () =>
      proved
        ? this.#allows("refusal-rows-by-subject", refusalRowsBySubject, subject)
        : this.#allows("refusal-rows", refusalRows, "all"),
    );
  }

  /** The failure after which no other is taken for a while. */
  async lockedOut(login: Login, limit: string, code: ErrorCode): Promise<void> {
    const { refusalRows } = this.#parts.limits;
    await this.#refusal("login-locked-out", login, { limit, code }, () =>
      this.#allows("refusal-rows", refusalRows, "all"),
    );
  }

  /** Writes down what was counted for long enough. @throws unavailable */
  async sweep(nowAt: number): Promise<void> {
    await this.#writeCounted((counted) => Math.abs(nowAt - counted.since) >= COUNTED_SECONDS);
  }

  /** Writes down all that was counted; `undefined` when there is nothing. */
  flush(): Promise<void> | undefined {
    return this.#counted.size === 0 ? undefined : this.#writeCounted(() => true);
  }

  #allows(limit: string, rate: Rate, subject: Subject): Promise<boolean> {
    return this.#parts.rates.allows({ limit, rate, subject });
  }

  async #write(tenantId: string, kind: string, data: AuditEntry["data"]): Promise<void> {
    const at = unixSeconds(this.#parts.clock);
    await this.#parts.records.audit({ tenantId, at, kind, data });
  }

  /** The refusal stands, also where it cannot be written down: then it is counted. */
  async #refusal(
    kind: string,
    login: Login,
    data: AuditEntry["data"],
    mayWrite: () => Promise<boolean>,
  ): Promise<void> {
    const { way, who } = login;
    const code = String(data["code"]);
    let tenantId = SERVER_CHAIN;
    try {
      tenantId = await this.#chainOf(login);
      const all = { ...(way && { way }), ...who, ...addressOf(login), ...data };
      if (await mayWrite()) await this.#write(tenantId, kind, all);
      else this.#count(tenantId, way, code);
    } catch {
      this.#count(tenantId, way, code);
    }
  }

  /** A tenant that does not exist gets no chain: anybody could make up any number of them. */
  async #chainOf({ tenantId }: Login): Promise<string> {
    if (tenantId === undefined) return SERVER_CHAIN;
    return (await this.#parts.records.tenant(tenantId)) === undefined ? SERVER_CHAIN : tenantId;
  }

  #count(tenantId: string, way: LoginWay | undefined, code: string): void {
    const at = unixSeconds(this.#parts.clock);
    this.#add({ tenantId, way, code, since: at, until: at, count: 1 });
  }

  #add(more: Counted): void {
    const key = `${more.tenantId} ${more.way} ${more.code}`;
    const known = this.#counted.get(key);
    if (known === undefined) this.#counted.set(key, more);
    else {
      known.count += more.count;
      known.until = more.until;
    }
  }

  async #writeCounted(which: (counted: Counted) => boolean): Promise<void> {
    const rows = [...this.#counted].filter(([, counted]) => which(counted));
    for (const [key] of rows) this.#counted.delete(key);
    const written = rows.map(async ([, counted]) => {
      const { tenantId, way, code, since, until, count } = counted;
      const data = { ...(way && { way }), code, count, since, until };
      try {
        await this.#write(tenantId, "logins-counted", data);
      } catch (error) {
        this.#add(counted);
        throw error;
      }
    });
    await Promise.all(written);
  }
}
