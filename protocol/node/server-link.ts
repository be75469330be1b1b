import { LatchkeyError, toLatchkeyError } from "../errors.ts";
import { fromProblem, PROBLEM_CONTENT_TYPE } from "../json/problem.ts";
import { type JsonObject, type JsonReader, parseObject } from "../json/reader.ts";
import type { HttpClient, HttpResponse } from "../platform.ts";
import type { Waits } from "./waits.ts";

export interface PostOptions {
  readonly timeoutMs: number;
  /** Access token, sent as a bearer. */
  readonly token?: string;
}

/** JSON over HTTP to one server. Knows nothing of keys: what it brings is not yet believed. */
export class ServerLink {
  readonly #baseUrl: string;
  readonly #http: HttpClient;
  readonly #waits: Waits;

  /** @param baseUrl without a slash at the end */
  constructor(baseUrl: string, http: HttpClient, waits: Waits) {
    this.#baseUrl = baseUrl;
    this.#http = http;
    this.#waits = waits;
  }

  /**
   * Posts an object and reads the object that comes back with status 200. The request is handed
   * to the network before this returns its promise, so that the caller can compute meanwhile.
   * @throws network-down, network-timeout, network-failed, not-latchkey, cancelled, and any code
   *   that a server's problem document may carry
   */
  post(path: string, body: JsonObject, options: PostOptions): Promise<JsonReader> {
    return this.postText(path, JSON.stringify(body), options);
  }

  /** The same of an object that is text already. */
  async postText(path: string, json: string, options: PostOptions): Promise<JsonReader> {
    const { timeoutMs, token } = options;
    const sent = this.#send(path, json, timeoutMs, token);
    // The client has a limit of its own, but a door must not depend on it.
    const response = await this.#waits.limit(sent, timeoutMs, "network-timeout");
    if (response.status !== 200) throw fromProblem(response.status, response.body);
    try {
      return parseObject(response.body);
    } catch (cause) {
      throw new LatchkeyError("not-latchkey", { cause, detail: { status: 200 } });
    }
  }

  async #send(
    path: string,
    body: string,
    timeoutMs: number,
    token: string | undefined,
  ): Promise<HttpResponse> {
    const headers = {
      "content-type": "application/json",
      accept: `application/json, ${PROBLEM_CONTENT_TYPE}`,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    };
    const url = `${this.#baseUrl}/${path}`;
    try {
      return await this.#http.request({ method: "POST", url, headers, body, timeoutMs });
    } catch (error) {
      throw toLatchkeyError(error, "network-failed");
    }
  }
}
