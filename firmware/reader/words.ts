import type { ErrorCode } from "../../protocol/error-codes.ts";
import type { FaultAt } from "./machine.ts";

/** What stands on an error screen: a title, the cause, what to do. At most 21 characters each. */
export interface ErrorWords {
  readonly title: string;
  readonly cause: string;
  readonly next: string;
}

const SERVER_DOWN: ErrorWords = {
  title: "SERVER DOWN",
  cause: "No answer",
  next: "Is the server up?",
};
const BAD_SERVER: ErrorWords = {
  title: "BAD SERVER",
  cause: "Answer not genuine",
  next: "Check server_keys",
};
const STORAGE: ErrorWords = {
  title: "NO STORAGE",
  cause: "Flash does not hold",
  next: "Replace the board",
};
const REFUSED: ErrorWords = {
  title: "REFUSED",
  cause: "Server refuses reader",
  next: "See server audit log",
};

const ERROR_WORDS: Readonly<Partial<Record<ErrorCode, ErrorWords>>> = Object.freeze({
  "network-down": {
    title: "NO NETWORK",
    cause: "Not connected",
    next: "Check Wi-Fi settings",
  },
  "wifi-password-wrong": {
    title: "NO NETWORK",
    cause: "Wrong Wi-Fi password",
    next: "Provision it again",
  },
  "wifi-not-found": {
    title: "NO NETWORK",
    cause: "Wi-Fi not in reach",
    next: "Check its name",
  },
  "network-timeout": SERVER_DOWN,
  "network-failed": { ...SERVER_DOWN, cause: "Connection failed" },
  "tls-unavailable": { ...BAD_SERVER, cause: "Image has no https", next: "Use another image" },
  "tls-untrusted": { ...BAD_SERVER, cause: "Certificate not ours", next: "Check tls_roots" },
  "tls-name-wrong": { ...BAD_SERVER, cause: "Name in certificate", next: "Check base_url" },
  "tls-expired": { ...BAD_SERVER, cause: "Certificate expired", next: "Renew it or its root" },
  unavailable: { ...SERVER_DOWN, cause: "Server is not ready" },
  internal: { title: "SERVER FAULT", cause: "Server has a problem", next: "See the server's log" },
  "not-found": { ...BAD_SERVER, cause: "Not there", next: "Check base_url" },
  "not-latchkey": { ...BAD_SERVER, cause: "Not a Latchkey server", next: "Check base_url" },
  "server-untrusted": { ...BAD_SERVER, cause: "Signature not trusted" },
  "envelope-invalid": { ...BAD_SERVER, cause: "Sealed answer damaged", next: "Check the network" },
  malformed: { ...BAD_SERVER, cause: "Answer malformed", next: "Update the older side" },
  "unsupported-version": { ...BAD_SERVER, cause: "Other version", next: "Update the older side" },
  "rate-limited": { title: "SERVER BUSY", cause: "Too many requests", next: "Waiting" },
  "node-revoked": { ...REFUSED, title: "REVOKED", cause: "Identity was revoked" },
  "node-unknown": { ...REFUSED, cause: "Reader is not known" },
  "node-pending": { title: "PENDING", cause: "Awaiting approval", next: "Approve this reader" },
  "node-exists": { ...REFUSED, cause: "Other key registered" },
  "registration-refused": { ...REFUSED, next: "Check comm_key" },
  "enrol-token-invalid": { ...REFUSED, cause: "Token is not valid", next: "Issue a new token" },
  "tenant-unknown": { ...REFUSED, cause: "Tenant is not known", next: "Check tenant_id" },
  "tenant-mismatch": { ...REFUSED, cause: "Of another tenant", next: "Check tenant_id" },
  "signature-invalid": { ...REFUSED, cause: "Reader not recognised" },
  "clock-untrusted": { title: "NO TIME", cause: "Clock is not set", next: "Waiting for server" },
  "challenge-expired": { ...SERVER_DOWN, title: "SERVER SLOW", cause: "Challenge expired" },
  "random-unhealthy": {
    title: "NO RANDOM",
    cause: "Random source failed",
    next: "Replace the board",
  },
  "storage-full": { ...STORAGE, cause: "Flash is full", next: "Erase and enrol again" },
  "storage-corrupt": { ...STORAGE, cause: "Stored key damaged", next: "Enrol again" },
  "storage-failed": STORAGE,
  "config-invalid": { title: "BAD CONFIG", cause: "Setting not usable", next: "Run doctor" },
  "bus-stuck": { title: "NO READER", cause: "I2C bus is stuck", next: "Check SDA and SCL" },
  "bus-nack": { title: "NO READER", cause: "PN532 not on the bus", next: "Check its wiring" },
  "pn532-unsupported": { title: "NO READER", cause: "Not a PN532", next: "Check the module" },
});

const NO_READER: ErrorWords = {
  title: "NO READER",
  cause: "PN532 does not answer",
  next: "Check power and wires",
};
const OTHER: ErrorWords = { title: "ERROR", cause: "", next: "See console: log" };

/** The error screen for a code, by the place where it happened. */
export function errorWords(code: ErrorCode, at: FaultAt): ErrorWords {
  const words = ERROR_WORDS[code];
  if (words !== undefined) return words;
  return at === "nfc" ? NO_READER : { ...OTHER, cause: code.slice(0, 21) };
}

const DENIAL_WORDS: Readonly<Record<string, string>> = Object.freeze({
  "badge-unknown": "Unknown badge",
  "badge-revoked": "Badge was revoked",
  "badge-suspended": "Badge is suspended",
  "badge-cloned": "Badge is a copy",
  "sdm-mac-invalid": "Badge is a copy",
  "sdm-counter-stale": "Badge is a copy",
  "sdm-malformed": "Badge is damaged",
  "mode-mismatch": "For another reader",
  "entitlement-denied": "No access here",
  "outside-schedule": "Not at this time",
  "credential-revoked": "Visit was called off",
  "credential-suspended": "Visit is on hold",
  "credential-expired": "Visit is over",
  "badge-payload-invalid": "Damaged, or a copy",
  "ndef-malformed": "Badge is damaged",
  "badge-not-ours": "Not one of our badges",
  "card-unsupported": "Not one of our badges",
  "card-status": "Card refuses to talk",
  "card-key-wrong": "Badge has other keys",
  "card-proof-invalid": "Badge is a copy",
  "card-mac-invalid": "Badge is not genuine",
  "card-auth-delay": "Badge needs a rest",
  "card-auth-refused": "Badge is locked",
  "badge-changed": "One badge at a time",
  "several-badges": "One badge at a time",
  "tenant-mismatch": "Other organisation",
  "signature-invalid": "Badge is not genuine",
  "decision-mismatch": "Answer not genuine",
  "decision-late": "Answer came too late",
  "server-untrusted": "Server not genuine",
  "not-latchkey": "Server not genuine",
  "envelope-invalid": "Answer not genuine",
  malformed: "Answer not genuine",
  "network-timeout": "Server too slow",
  "network-failed": "Server not reachable",
  "network-down": "No network",
  unavailable: "Server not ready",
  "challenge-expired": "Too slow, tap again",
  "challenge-used": "Please tap again",
  "rate-limited": "Too many attempts",
  replay: "Answer not genuine",
});

/** A denial's reason for the person at the door; a code that nobody foresaw is shown as it is. */
export function denialWords(reason: string): string {
  return Object.hasOwn(DENIAL_WORDS, reason) ? DENIAL_WORDS[reason]! : reason.slice(0, 21);
}

const MOVED: readonly string[] = Object.freeze(["badge-moved", "card-timeout", "card-protocol"]);

/** Whether the badge was not held long enough; nothing is wrong with it. */
export function wasMoved(reason: string): boolean {
  return MOVED.includes(reason);
}
