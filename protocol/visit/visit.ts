import { type BadgeDecision, parseBadgeDecision, writeBadgeDecision } from "../badge/verify.ts";
import type { JsonObject, JsonReader } from "../json/reader.ts";

/**
 * A visitor at a reader, without a badge: the reader shows a request as a QR code, the visitor's
 * telephone answers it to the server, and the reader asks the server what became of it.
 */
export const VISIT_PATH = "identity_human/ih_visit";
/** What the telephone asks for, and answers to. */
export const VISIT_REQUEST_PATH = "identity_human/ih_visit_request";
export const VISIT_PRESENT_PATH = "identity_human/ih_visit_present";

/** What fits on the display as a QR code; see `qrCode`. */
export const VISIT_TEXT_MAX = 38;
const EXPIRES_IN_MAX = 60;

/** The reader asks, sealed. */
export interface VisitQuestion {
  /** The request that stands on the display. */
  readonly requestId?: string;
  /** It is about to end: another one, please, if nobody has answered it. */
  readonly renew: boolean;
}

export type VisitAnswer =
  | { readonly state: "waiting" }
  /** To be shown: capitals, digits and ` $%*+-./:`. */
  | {
      readonly state: "open";
      readonly requestId: string;
      readonly text: string;
      /** Seconds, at most 60. */
      readonly expiresIn: number;
    }
  /** About the request that was asked about, once. */
  | { readonly state: "decided"; readonly decision: BadgeDecision };

export function writeVisitQuestion({ requestId, renew }: VisitQuestion): JsonObject {
  return { ...(requestId !== undefined && { request_id: requestId }), renew };
}

/** @throws malformed */
export function parseVisitQuestion(body: JsonReader): VisitQuestion {
  const requestId = body.optionalUuid("request_id");
  return { ...(requestId !== undefined && { requestId }), renew: body.boolean("renew") };
}

export function writeVisitAnswer(answer: VisitAnswer): JsonObject {
  const { state } = answer;
  if (state === "waiting") return { state };
  if (state === "decided") return { state, ...writeBadgeDecision(answer.decision) };
  const { requestId, text, expiresIn } = answer;
  return { state, request_id: requestId, text, expires_in: expiresIn };
}

/** @throws malformed */
export function parseVisitAnswer(body: JsonReader): VisitAnswer {
  const state = body.oneOf("state", ["waiting", "open", "decided"]);
  if (state === "waiting") return { state };
  if (state === "decided") return { state, decision: parseBadgeDecision(body) };
  const text = body.string("text", { max: VISIT_TEXT_MAX });
  if (!/^[0-9A-Z $%*+./:-]+$/.test(text))
    throw body.wrong("text", "more than a QR code here holds");
  const expiresIn = body.uint("expires_in", { max: EXPIRES_IN_MAX });
  return { state, requestId: body.uuid("request_id"), text, expiresIn };
}
