import {
  APP_CHALLENGE_PATH,
  APP_CREATE_BACK_END_PATH,
  APP_OPEN_PATH,
  APP_REGISTER_PATH,
  APP_SEAL_PATH,
  APP_SET_ROLE_PATH,
  APP_VERIFY_PATH,
} from "../../protocol/application/endpoints.ts";
import type { JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import type { ServiceContext, ServiceRequest } from "../context.ts";
import type { Operator } from "../store/operators.ts";
import type { ApplicationOptions } from "./application-options.ts";
import { createBackEndFor, setRoleFor } from "./manage-applications.ts";
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

/** An administrator of the tenant, by his token. */
export interface ManagementRoute {
  readonly by: "operator";
  readonly handle: (
    context: ServiceContext,
    operator: Operator,
    body: JsonReader,
  ) => Promise<JsonObject>;
}

type Entry = readonly [string, ApplicationRoute | BackEndRoute | ManagementRoute];

export const APPLICATION_ROUTES: readonly Entry[] = [
  [APP_REGISTER_PATH, { by: "application", handle: registerApplication }],
  [APP_CHALLENGE_PATH, { by: "application", handle: requestAppChallenge }],
  [APP_VERIFY_PATH, { by: "application", handle: verifyApplication }],
  [APP_OPEN_PATH, { by: "back-end", handle: openForBackEnd }],
  [APP_SEAL_PATH, { by: "back-end", handle: sealForBackEnd }],
  [APP_CREATE_BACK_END_PATH, { by: "operator", handle: createBackEndFor }],
  [APP_SET_ROLE_PATH, { by: "operator", handle: setRoleFor }],
];
