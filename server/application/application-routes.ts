import {
  APP_CHALLENGE_PATH,
  APP_OPEN_PATH,
  APP_REGISTER_PATH,
  APP_SEAL_PATH,
  APP_VERIFY_PATH,
} from "../../protocol/application/endpoints.ts";
import type { JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import type { ServiceContext, ServiceRequest } from "../context.ts";
import type { ApplicationOptions } from "./application-options.ts";
import { openForBackEnd, sealForBackEnd } from "./open-for-back-end.ts";
import { registerApplication } from "./register-application.ts";
import { requestAppChallenge, verifyApplication } from "./verify-application.ts";

/** An application itself: the message proves itself, and a page may send it. */
export interface ApplicationRoute {
  readonly by: "application";
  readonly handle: (
    context: ServiceContext,
    applications: ApplicationOptions,
    body: JsonReader,
    request: ServiceRequest,
  ) => Promise<JsonObject>;
}

/** A back end, by its token. */
export interface BackEndRoute {
  readonly by: "back-end";
  readonly handle: (context: ServiceContext, request: ServiceRequest) => Promise<JsonObject>;
}

export const APPLICATION_ROUTES: readonly (readonly [string, ApplicationRoute | BackEndRoute])[] = [
  [APP_REGISTER_PATH, { by: "application", handle: registerApplication }],
  [APP_CHALLENGE_PATH, { by: "application", handle: requestAppChallenge }],
  [APP_VERIFY_PATH, { by: "application", handle: verifyApplication }],
  [APP_OPEN_PATH, { by: "back-end", handle: openForBackEnd }],
  [APP_SEAL_PATH, { by: "back-end", handle: sealForBackEnd }],
];
