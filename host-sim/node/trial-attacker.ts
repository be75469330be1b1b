import { fromBase64, toBase64 } from "../../protocol/encoding/base64.ts";
import { VERIFY_PATH } from "../../protocol/node/endpoints.ts";
import type { HttpRequest, HttpResponse } from "../../protocol/platform.ts";
import type { Backend } from "../net/network-model.ts";
import type { Prng } from "../world/prng.ts";
import type { Simulation } from "./simulation.ts";

/** What was heard is kept for so many requests. */
const HEARD_MAX = 40;

/** Somebody on the wire between reader and server, who may do with messages as he likes. */
export class TrialAttacker {
  readonly #rng: Prng;
  readonly #heard: { readonly request: HttpRequest; readonly response: HttpResponse }[] = [];
  #kind: "listen" | "replay" | "tamper" = "listen";

  constructor(sim: Simulation) {
    this.#rng = sim.world.rng("attacker");
    sim.network.intercept = (request, forward) => this.#pass(request, forward);
  }

  /** The result makes him listen only. */
  begin(kind: "replay" | "tamper"): () => void {
    this.#kind = kind;
    return () => {
      this.#kind = "listen";
    };
  }

  async #pass(request: HttpRequest, forward: Backend): Promise<HttpResponse> {
    if (this.#kind === "tamper" && request.url.endsWith(VERIFY_PATH))
      await forward(spoilt(request));
    if (this.#kind === "replay") {
      for (const { request: old } of this.#heard.slice(-4)) await forward(old);
      if (this.#heard.length > 0 && this.#rng.chance(0.2)) {
        const same = this.#heard.filter(({ request: { url } }) => url === request.url);
        if (same.length > 0) return this.#rng.pick(same).response;
      }
    }
    const response = await forward(request);
    this.#heard.push({ request, response });
    if (this.#heard.length > HEARD_MAX) this.#heard.shift();
    return response;
  }
}

/** The same answer to the challenge, but the signature is another one. */
function spoilt(request: HttpRequest): HttpRequest {
  const body = JSON.parse(request.body) as Record<string, unknown>;
  const signature = fromBase64(String(body["signature_b64"]));
  signature[0] = signature[0]! ^ 1;
  return { ...request, body: JSON.stringify({ ...body, signature_b64: toBase64(signature) }) };
}
