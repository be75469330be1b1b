import type { HumanCrypto, SignEs256 } from "../protocol/crypto/p256.ts";
import { LatchkeyError } from "../protocol/errors.ts";
import { bindKey } from "../protocol/human/sd-jwt/key-binding.ts";
import { type ClaimQuery, selectDisclosures } from "../protocol/human/sd-jwt/present.ts";
import { type JsonReader, parseObject } from "../protocol/json/reader.ts";
import { VISIT_PRESENT_PATH, VISIT_REQUEST_PATH } from "../protocol/visit/visit.ts";

/** Posts JSON to the server. */
export type Post = (
  path: string,
  body: object,
) => Promise<{ readonly status: number; readonly body: string }>;

export interface VisitorOptions {
  readonly crypto: HumanCrypto;
  readonly publicKey: Uint8Array;
  readonly sign: SignEs256;
  readonly post: Post;
  readonly nowUnix: () => number;
}

/** What a request asks for. */
export interface AskedVisit {
  readonly audience: string;
  readonly nonce: string;
  readonly queries: readonly ClaimQuery[];
}

/** The code in what a display shows: at the end of a link, or behind the product's name. */
export function codeIn(text: string): string {
  return /[0-9A-Z]+$/.exec(text)?.[0] ?? "";
}

/** A visitor's telephone: a key, a credential, and a camera for what stands on displays. */
export class Visitor {
  readonly #options: VisitorOptions;
  /** An invitation, as its issuer gave it. */
  credential: string | undefined;

  constructor(options: VisitorOptions) {
    this.#options = options;
  }

  get publicKey(): Uint8Array {
    return this.#options.publicKey;
  }

  /** What the code asks for. @throws what the server refuses with */
  async ask(text: string): Promise<AskedVisit> {
    const request = await this.#post(VISIT_REQUEST_PATH, { code: codeIn(text) });
    const [query] = request.object("dcql_query").objects("credentials", { max: 1 });
    const claims = query!.objects("claims", { max: 32 });
    return {
      audience: request.string("client_id"),
      nonce: request.string("nonce"),
      queries: claims.map((claim) => claim.array("path", { max: 8 }) as ClaimQuery),
    };
  }

  /** A presentation for that request. */
  async present({ audience, nonce, queries }: AskedVisit): Promise<string> {
    const { crypto, sign, nowUnix } = this.#options;
    if (this.credential === undefined) throw new LatchkeyError("claim-unavailable");
    const shown = selectDisclosures(crypto, this.credential, queries);
    return bindKey(crypto, shown, { audience, nonce, sign, nowUnix: nowUnix() });
  }

  /** Gives a presentation to the door behind a code. @throws what the server refuses with */
  async give(text: string, presentation: string): Promise<void> {
    const vp_token = { visit: [presentation] };
    await this.#post(VISIT_PRESENT_PATH, { code: codeIn(text), vp_token });
  }

  /** Scans, and answers. @throws what the server refuses with */
  async scan(text: string): Promise<void> {
    await this.give(text, await this.present(await this.ask(text)));
  }

  async #post(path: string, body: object): Promise<JsonReader> {
    const { status, body: text } = await this.#options.post(path, body);
    const answer = parseObject(text, "answer", { length: 65_536, depth: 12 });
    if (status === 200) return answer;
    throw new VisitRefused(answer.string("code"));
  }
}

/** The server refuses; `code` is its own. */
export class VisitRefused extends Error {
  readonly code: string;
  constructor(code: string) {
    super(code);
    this.code = code;
  }
}
