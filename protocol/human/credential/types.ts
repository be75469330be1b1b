import { isPlainText, type JsonObject, type JsonValue } from "../../json/reader.ts";

/** Forms that a claim can have. */
export type ClaimKind = "text" | "email" | "date" | "boolean";

export interface ClaimType {
  readonly name: string;
  readonly kind: ClaimKind;
  readonly mandatory: boolean;
  /** `always`: the holder decides each time whether to show it; `never`: it is in the open. */
  readonly sd: "always" | "never";
  /** What a person reads beside the value. */
  readonly label: string;
}

/** A kind of credential (SD-JWT VC §6). */
export interface CredentialType {
  readonly vct: string;
  readonly name: string;
  readonly description: string;
  readonly claims: readonly ClaimType[];
}

const claim = (
  name: string,
  kind: ClaimKind,
  label: string,
  rules: Partial<Pick<ClaimType, "mandatory" | "sd">> = {},
): ClaimType => Object.freeze({ name, kind, label, mandatory: false, sd: "always", ...rules });

/** In which role its holder shows it; every type has it, so that roles are never mixed. */
const PERSONA = claim("persona", "text", "Persona", { mandatory: true, sd: "never" });

const must = { mandatory: true } as const;

const TYPES = {
  base: {
    vct: "urn:lastid:base:1",
    name: "LastID.Base",
    description: "The holder controls an identity, with this device.",
    claims: [PERSONA],
  },
  displayName: {
    vct: "urn:lastid:display-name:1",
    name: "LastID.DisplayName",
    description: "How the holder wants to be called.",
    claims: [PERSONA, claim("display_name", "text", "Name", must)],
  },
  verifiedEmail: {
    vct: "urn:lastid:verified-email:1",
    name: "LastID.VerifiedEmail",
    description: "The holder receives mail at this address.",
    claims: [
      PERSONA,
      claim("email", "email", "E-mail", must),
      claim("email_domain", "text", "E-mail domain"),
      claim("verified_on", "date", "Verified on", must),
    ],
  },
  age: {
    vct: "urn:lastid:age:1",
    name: "LastID.Age",
    description: "Whether the holder has reached an age. The date of birth is no part of it.",
    claims: [
      PERSONA,
      ...["12", "14", "16", "18", "21", "65"].map((age) =>
        claim(`age_over_${age}`, "boolean", `Age over ${age}`),
      ),
    ],
  },
  employment: {
    vct: "urn:lastid:employment:1",
    name: "LastID.Employment",
    description: "The holder works for this employer.",
    claims: [
      PERSONA,
      claim("employer", "text", "Employer", must),
      claim("role", "text", "Role"),
      claim("department", "text", "Department"),
      claim("employed_since", "date", "Employed since"),
    ],
  },
  doorVisitor: {
    vct: "urn:latchkey:door-visitor:1",
    name: "Latchkey.DoorVisitor",
    description: "The holder may enter a zone on one day.",
    claims: [
      PERSONA,
      claim("tenant", "text", "Site", { ...must, sd: "never" }),
      claim("zone", "text", "Zone", { ...must, sd: "never" }),
      claim("valid_on", "date", "Valid on", { ...must, sd: "never" }),
      claim("visitor", "text", "Visitor"),
      claim("host", "text", "Host"),
    ],
  },
} as const satisfies Record<string, CredentialType>;

/** The types that are issued and read here, by a short name. */
export const CREDENTIAL_TYPES: Readonly<Record<keyof typeof TYPES, CredentialType>> =
  Object.freeze(TYPES);

/** The type of a `vct`, or `undefined`. */
export function credentialType(vct: unknown): CredentialType | undefined {
  return Object.values(CREDENTIAL_TYPES).find((type) => type.vct === vct);
}

/** The type as the document that its issuer publishes (SD-JWT VC §6.2, §9). */
export function typeMetadata({ vct, name, description, claims }: CredentialType): JsonObject {
  return {
    vct,
    name,
    description,
    display: [{ locale: "en", name, description }],
    claims: claims.map((one) => ({
      path: [one.name],
      display: [{ locale: "en", label: one.label }],
      mandatory: one.mandatory,
      sd: one.sd,
    })),
  };
}

const TEXT_MAX = 128;

function isText(value: JsonValue): value is string {
  const short = typeof value === "string" && value.length > 0 && value.length <= TEXT_MAX;
  return short && isPlainText(value);
}

/** Whether a value has the form of its kind. */
export function fitsKind(value: JsonValue, kind: ClaimKind): boolean {
  if (kind === "boolean") return typeof value === "boolean";
  if (!isText(value)) return false;
  if (kind === "date") return /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/.test(value);
  return kind === "text" || /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value);
}
