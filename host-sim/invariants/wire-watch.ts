import { CHALLENGE_PATH, REGISTER_PATH, VERIFY_PATH } from "../../protocol/node/endpoints.ts";
import type { Report } from "./violation.ts";
import type { WatchedExchange } from "./watched.ts";

type Json = Readonly<Record<string, unknown>>;

/** Answers that a challenge gets once it was found and used up. */
const USED_UP = ["signature-invalid", "challenge-expired", "key-agreement-failed", "node-pending"];

/** Looks at what passes the server's door in clear: keys, challenges, numbers of envelopes. */
export class WireWatch {
  readonly #report: Report;
  readonly #onNode: (nodeUid: string) => void;
  readonly #sequences = new Set<string>();
  readonly #nonces = new Set<string>();
  readonly #answered = new Set<string>();
  #key: string | undefined;
  #nodeUid: string | undefined;

  constructor(report: Report, onNode: (nodeUid: string) => void) {
    this.#report = report;
    this.#onNode = onNode;
  }

  exchanged({ path, request, response }: WatchedExchange): void {
    const asked = parsed(request.body);
    const answer = parsed(response.body);
    if (asked === undefined || answer === undefined) return;
    const ok = response.status === 200;
    if (path === REGISTER_PATH && ok) this.#registered(asked, answer);
    if (path === CHALLENGE_PATH && ok) this.#fresh(String(answer["nonce"]), "a nonce");
    if (path === CHALLENGE_PATH && ok) this.#fresh(String(answer["server_epk"]), "a server's key");
    const usedUp = ok || USED_UP.includes(String(answer["code"]));
    if (path === VERIFY_PATH && usedUp) this.#verified(String(asked["challenge_id"]));
    if (ok && "seq" in asked) this.#sequence(`${asked["sid"]} ${asked["seq"]}`);
  }

  #registered(asked: Json, answer: Json): void {
    const key = String(asked["node_pk"]);
    const nodeUid = String(answer["node_uid"]);
    if (this.#key !== undefined && this.#key !== key)
      this.#report("one-key", "the reader has registered a second key");
    if (this.#nodeUid !== undefined && this.#nodeUid !== nodeUid)
      this.#report("one-key", "the reader has become another node");
    this.#key = key;
    this.#nodeUid = nodeUid;
    this.#onNode(nodeUid);
  }

  #fresh(value: string, what: string): void {
    if (this.#nonces.has(value)) this.#report("nonce-once", `${what} was given out twice`);
    this.#nonces.add(value);
  }

  #verified(challengeId: string): void {
    if (this.#answered.has(challengeId))
      this.#report("challenge-once", `node challenge ${challengeId} was answered twice`);
    this.#answered.add(challengeId);
  }

  #sequence(name: string): void {
    if (this.#sequences.has(name)) this.#report("sequence-once", `envelope ${name} passed twice`);
    this.#sequences.add(name);
  }
}

/** What was damaged on the way is nothing to look at. */
function parsed(body: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}
