/**
 * Presentations that must be refused, each with the code that says why: RFC 9901 §7, SD-JWT VC,
 * and what kept libraries accept. One table, because other implementations are run through it too.
 */
import { toBase64Url } from "../../protocol/encoding/base64.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { p256Jwk } from "../../protocol/human/jose/p256-jwk.ts";
import { NOW } from "./human-family.ts";
import { FORGED_DISCLOSURES, type Forgery } from "./human-forged-disclosures.ts";
import { attempt, digest, holder, jwsOf, rawDisclosure, TYP, thief } from "./human-issuer.ts";

const name = rawDisclosure(["salt1", "name", "Alice"]);
const none = (part: unknown) => toBase64Url(toUtf8(JSON.stringify(part)));

/** The good presentation with one part replaced after it was signed. */
function tampered(change: (parts: string[]) => void): string {
  const good = attempt({ claims: { _sd: [digest(name)] }, disclosures: [name] });
  const parts = good.split("~");
  change(parts);
  return parts.join("~");
}

const header: readonly Forgery[] = [
  {
    name: "alg none without a signature",
    code: "jws-algorithm",
    presentation: `${none({ alg: "none", typ: TYP })}.${none({ iss: "x" })}.~`,
  },
  { name: "alg HS256", code: "jws-algorithm", presentation: attempt({ header: { alg: "HS256" } }) },
  { name: "alg es256", code: "jws-algorithm", presentation: attempt({ header: { alg: "es256" } }) },
  {
    name: "alg in an array",
    code: "jws-algorithm",
    presentation: attempt({ header: { alg: ["ES256"] } }),
  },
  { name: "typ of a JWT", code: "jws-type", presentation: attempt({ header: { typ: "JWT" } }) },
  {
    name: "typ vc+sd-jwt",
    code: "jws-type",
    presentation: attempt({ header: { typ: "vc+sd-jwt" } }),
  },
  {
    name: "typ of a status list",
    code: "jws-type",
    presentation: attempt({ header: { typ: "statuslist+jwt" } }),
  },
  {
    name: "an unknown crit",
    code: "jws-critical",
    presentation: attempt({ header: { crit: ["x"], x: 1 } }),
  },
  { name: "an empty crit", code: "jws-critical", presentation: attempt({ header: { crit: [] } }) },
  {
    name: "b64 false",
    code: "jws-critical",
    presentation: attempt({ header: { crit: ["b64"], b64: false } }),
  },
];

const signature: readonly Forgery[] = [
  {
    name: "another issuer's signature",
    code: "signature-invalid",
    presentation: attempt({ issuerKey: thief }),
  },
  {
    name: "a payload changed after signing",
    code: "signature-invalid",
    presentation: tampered((parts) => {
      const [head, , seal] = parts[0]!.split(".");
      parts[0] = `${head}.${none({ iss: "https://issuer.example", admin: true })}.${seal}`;
    }),
  },
  {
    name: "a signature cut to 63 bytes",
    code: "signature-invalid",
    presentation: tampered((parts) => {
      parts[0] = parts[0]!.slice(0, -2);
      if (parts[0].endsWith("-")) parts[0] = `${parts[0].slice(0, -1)}A`;
    }),
  },
  {
    name: "a signature of zeros",
    code: "signature-invalid",
    presentation: tampered((parts) => {
      parts[0] = `${parts[0]!.split(".").slice(0, 2).join(".")}.${"A".repeat(86)}`;
    }),
  },
  {
    name: "no signature",
    code: "signature-invalid",
    presentation: tampered((parts) => {
      parts[0] = `${parts[0]!.split(".").slice(0, 2).join(".")}.`;
    }),
  },
  {
    name: "padding in the token",
    code: "jws-malformed",
    presentation: tampered((parts) => {
      parts[0] = `${parts[0]}==`;
    }),
  },
  {
    name: "a fourth part",
    code: "jws-malformed",
    presentation: tampered((parts) => {
      parts[0] = `${parts[0]}.AA`;
    }),
  },
  {
    name: "no tilde at all",
    code: "jws-malformed",
    presentation: jwsOf({ alg: "ES256", typ: TYP }, {}),
  },
  { name: "nothing", code: "jws-malformed", presentation: "" },
];

const times: readonly Forgery[] = [
  {
    name: "an exp in the past",
    code: "credential-expired",
    presentation: attempt({ claims: { exp: NOW } }),
  },
  {
    name: "an nbf in the future",
    code: "credential-not-yet-valid",
    presentation: attempt({ claims: { nbf: NOW + 61 } }),
  },
  {
    name: "an iat in the future",
    code: "credential-not-yet-valid",
    presentation: attempt({ claims: { iat: NOW + 61 } }),
  },
  {
    name: "exp as text",
    code: "credential-date-invalid",
    presentation: attempt({ claims: { exp: String(NOW + 9) } }),
  },
  {
    name: "nbf as text",
    code: "credential-date-invalid",
    presentation: attempt({ claims: { nbf: "0" } }),
  },
  {
    name: "exp null",
    code: "credential-date-invalid",
    presentation: attempt({ claims: { exp: null } }),
  },
];

const binding: readonly Forgery[] = [
  { name: "no key binding", code: "key-binding-missing", presentation: attempt({ lastPart: "" }) },
  {
    name: "no cnf",
    code: "holder-key-missing",
    presentation: attempt({ claims: { cnf: undefined } }),
  },
  {
    name: "cnf with a private key",
    code: "holder-key-invalid",
    presentation: attempt({ claims: { cnf: { jwk: { ...p256Jwk(holder.publicKey), d: "AA" } } } }),
  },
  {
    name: "cnf off the curve",
    code: "holder-key-invalid",
    presentation: attempt({
      claims: { cnf: { jwk: { ...p256Jwk(holder.publicKey), y: p256Jwk(holder.publicKey)["x"] } } },
    }),
  },
  {
    name: "cnf by kid",
    code: "holder-key-invalid",
    presentation: attempt({ claims: { cnf: { kid: "1" } } }),
  },
  {
    name: "key binding by another key",
    code: "signature-invalid",
    presentation: attempt({ kbKey: thief }),
  },
  {
    name: "key binding with typ JWT",
    code: "jws-type",
    presentation: attempt({ kbHeader: { typ: "JWT" } }),
  },
  {
    name: "key binding with alg none",
    code: "jws-algorithm",
    presentation: attempt({ kbHeader: { alg: "none" } }),
  },
  {
    name: "key binding with crit",
    code: "jws-critical",
    presentation: attempt({ kbHeader: { crit: ["x"] } }),
  },
  {
    name: "key binding with a key of its own",
    code: "signature-invalid",
    presentation: attempt({ kbKey: thief, kbHeader: { jwk: p256Jwk(thief.publicKey) } }),
  },
  {
    name: "key binding for another audience",
    code: "key-binding-audience",
    presentation: attempt({ kb: { aud: "https://shop.example" } }),
  },
  {
    name: "key binding for several audiences",
    code: "key-binding-audience",
    presentation: attempt({ kb: { aud: ["x509_hash:door.example"] } }),
  },
  {
    name: "key binding without audience",
    code: "key-binding-audience",
    presentation: attempt({ kb: { aud: undefined } }),
  },
  {
    name: "key binding to another nonce",
    code: "key-binding-nonce",
    presentation: attempt({ kb: { nonce: "old" } }),
  },
  {
    name: "key binding without nonce",
    code: "key-binding-nonce",
    presentation: attempt({ kb: { nonce: undefined } }),
  },
  {
    name: "key binding one day old",
    code: "key-binding-time",
    presentation: attempt({ kb: { iat: NOW - 86_400 } }),
  },
  {
    name: "key binding from the future",
    code: "key-binding-time",
    presentation: attempt({ kb: { iat: NOW + 61 } }),
  },
  {
    name: "key binding with iat as text",
    code: "key-binding-time",
    presentation: attempt({ kb: { iat: String(NOW) } }),
  },
  {
    name: "key binding without iat",
    code: "key-binding-time",
    presentation: attempt({ kb: { iat: undefined } }),
  },
  {
    name: "key binding over other disclosures",
    code: "key-binding-hash",
    presentation: tampered((parts) => {
      parts.splice(1, 1); // takes the disclosure away, which the issuer's digest allows
    }),
  },
  {
    name: "key binding without sd_hash",
    code: "key-binding-hash",
    presentation: attempt({ kb: { sd_hash: undefined } }),
  },
  {
    name: "a key binding of 70,000 characters",
    code: "sd-jwt-too-large",
    presentation: attempt({ lastPart: "A".repeat(70_000) }),
  },
  {
    name: "an element where the key binding belongs",
    code: "jws-malformed",
    presentation: attempt({ lastPart: "AAAA" }),
  },
];

export const FORGERIES: readonly Forgery[] = [
  ...header,
  ...signature,
  ...FORGED_DISCLOSURES,
  ...times,
  ...binding,
];
