import { sealedTarget } from "../protocol/application/back-end-request.ts";
import { malformed } from "../protocol/errors.ts";
import { decodeBody, encodeBody } from "../protocol/json/body.ts";
import { fromProblem } from "../protocol/json/problem.ts";
import { type JsonObject, parseObject } from "../protocol/json/reader.ts";
import { type Envelope, parseEnvelope, writeEnvelope } from "../protocol/node/envelope.ts";
import type { NodeSession } from "../protocol/node/node-session.ts";
import type { HttpClient, HttpResponse } from "../protocol/platform.ts";

/** What a back end answered; both came sealed. */
export interface BackEndAnswer {
  /** As the back end said it: the status on the wire is anybody's to change. */
  readonly status: number;
  readonly body: JsonObject;
}

/** Where and how long. */
export interface BackEndCall {
  readonly http: HttpClient;
  readonly audience: string;
  /** Absolute. */
  readonly url: string;
  readonly timeoutMs: number;
}

/** The envelope in an answer of any status, or the error that the back end sent without one. */
function envelopeIn({ status, body }: HttpResponse): Envelope {
  const sealed = (() => {
    try {
      const answer = parseObject(body);
      return answer.has("ct") ? parseEnvelope(answer) : undefined;
    } catch {
      return undefined;
    }
  })();
  if (sealed === undefined) throw fromProblem(status, body);
  return sealed;
}

/** Posts a payload sealed to a back end and opens its answer. @throws what the back end answers */
export async function callBackEnd(
  session: NodeSession,
  { http, audience, url, timeoutMs }: BackEndCall,
  payload: object,
): Promise<BackEndAnswer> {
  const { pathname, search } = new URL(url);
  const path = sealedTarget(audience, "POST", `${pathname}${search}`);
  const headers = {
    "content-type": "application/json",
    accept: "application/json, application/problem+json",
    authorization: `Bearer ${session.token.token}`,
  };
  const plain = await session.exchange(path, encodeBody(payload), async (envelope) => {
    const body = JSON.stringify(writeEnvelope(envelope));
    return envelopeIn(await http.request({ method: "POST", url, headers, body, timeoutMs }));
  });
  const answer = decodeBody(plain);
  const status = answer.uint("status", { max: 599 });
  if (status < 200) throw malformed("status", "not one of an answer");
  return { status, body: answer.object("body").value };
}
