import { rawJsonResponse } from "../response.ts";
import { APPLICATION_ENDPOINTS } from "./application-endpoints.ts";
import { BADGE_ENDPOINTS } from "./badge-endpoints.ts";
import { BADGE_MANAGEMENT_ENDPOINTS } from "./badge-management-endpoints.ts";
import { CARD_ENDPOINTS } from "./card-endpoints.ts";
import type { Endpoint } from "./endpoint.ts";
import { FLEET_ENDPOINTS } from "./fleet-endpoints.ts";
import { everything, form } from "./form.ts";
import { HUMAN_ENDPOINTS } from "./human-endpoints.ts";
import { ISSUER_ENDPOINTS } from "./issuer-endpoints.ts";
import { MANDATE_ENDPOINTS } from "./mandate-endpoints.ts";
import { NODE_ENDPOINTS } from "./node-endpoints.ts";
import { openApiDocument } from "./openapi.ts";
import { OPERATOR_ENDPOINTS } from "./operator-endpoints.ts";
import { OVERSIGHT_ENDPOINTS } from "./oversight-endpoints.ts";
import { PEOPLE_ENDPOINTS } from "./people-endpoints.ts";
import { PUBLICATION_ENDPOINTS } from "./publication-endpoints.ts";
import { READING_ENDPOINTS } from "./reading-endpoints.ts";
import { RULE_ENDPOINTS } from "./rule-endpoints.ts";
import { SERVICE_ENDPOINTS } from "./service-endpoints.ts";
import { VISITOR_ENDPOINTS } from "./visitor-endpoints.ts";

const documents: { [served: string]: string } = {};

/** The text of the document: it is the same for everybody, so it is written once. */
function documentText(withApplications: boolean): string {
  documents[String(withApplications)] ??= JSON.stringify(
    openApiDocument(ENDPOINTS, withApplications),
  );
  return documents[String(withApplications)]!;
}

/** Every endpoint of the server. What is not in here is not found, and not in the document. */
export const ENDPOINTS: readonly Endpoint[] = Object.freeze([
  ...NODE_ENDPOINTS,
  ...BADGE_ENDPOINTS,
  ...HUMAN_ENDPOINTS,
  ...READING_ENDPOINTS,
  ...CARD_ENDPOINTS,
  ...FLEET_ENDPOINTS,
  ...BADGE_MANAGEMENT_ENDPOINTS,
  ...RULE_ENDPOINTS,
  ...PEOPLE_ENDPOINTS,
  ...VISITOR_ENDPOINTS,
  ...ISSUER_ENDPOINTS,
  ...OVERSIGHT_ENDPOINTS,
  ...OPERATOR_ENDPOINTS,
  ...PUBLICATION_ENDPOINTS,
  ...MANDATE_ENDPOINTS,
  ...APPLICATION_ENDPOINTS,
  ...SERVICE_ENDPOINTS,
  {
    by: "public",
    path: "openapi.json",
    chapter: "service",
    summary: "This document.",
    query: form({}),
    answer: everything(),
    async handle({ applications, rates, limits }, _query, { remoteAddress }) {
      const rate = limits.documentByAddress;
      await rates.take({ limit: "document-by-address", rate, subject: remoteAddress });
      return rawJsonResponse(documentText(applications !== undefined));
    },
  },
]);
