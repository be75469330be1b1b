import { toHex } from "../../protocol/encoding/hex.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { parseCertificate } from "../../protocol/human/x509/certificate.ts";
import { KEY_USAGE } from "../../protocol/human/x509/extensions.ts";
import { unixSeconds } from "../wall-clock.ts";
import { changeBook, ISSUER_KEYS_MAX, TRUSTED_MAX, type TrustedIssuer } from "./issuer-book.ts";
import type { RegistryContext } from "./person.ts";

const conflict = (message: string): LatchkeyError => new LatchkeyError("conflict", { message });

/** Of a certificate in the audit log. */
function nameOf({ crypto }: RegistryContext, certificate: Uint8Array): string {
  return toHex(crypto.sha256(certificate));
}

/** Whether others can be under it, now. @throws certificate-invalid, -untrusted, -expired */
function checkAnchor({ human, clock }: RegistryContext, der: Uint8Array): void {
  const { isCa, keyUsage = 0, notBefore, notAfter } = parseCertificate(human, der);
  if (!isCa || (keyUsage & KEY_USAGE.certSign) === 0)
    throw new LatchkeyError("certificate-untrusted", {
      message: "An anchor certifies others: this certificate is no CA's.",
    });
  const nowUnix = unixSeconds(clock);
  if (nowUnix < notBefore || nowUnix > notAfter) throw new LatchkeyError("certificate-expired");
}

/**
 * Takes an issuer's invitations from now on, for these zones and types only. The same anchor again
 * replaces what was said of it; another of the same name stands beside it.
 * @param own the tenant's own issuer, in whose name nobody else can speak
 * @throws conflict, certificate-invalid, certificate-untrusted, certificate-expired
 */
export async function trustIssuer(
  context: RegistryContext,
  tenantId: string,
  order: Omit<TrustedIssuer, "addedAt">,
  { own, by }: { readonly own: string; readonly by: string },
): Promise<void> {
  const { issuer, certificate, types, zones } = order;
  if (issuer === own) throw conflict("The tenant speaks for itself: nobody else is mapped to it.");
  checkAnchor(context, certificate);
  const anchor = nameOf(context, certificate);
  const added = { ...order, addedAt: unixSeconds(context.clock) };
  await changeBook(context, tenantId, (book) => {
    const others = book.trusted.filter(
      (one) => one.issuer !== issuer || nameOf(context, one.certificate) !== anchor,
    );
    if (others.length >= TRUSTED_MAX) throw conflict(`More than ${TRUSTED_MAX} anchors.`);
    const data = { by, issuer, anchor, types: types.join(" "), zones: zones.join(" ") };
    const next = { ...book, trusted: [...others, added] };
    return { book: next, kind: "issuer-trusted", data, result: undefined };
  });
}

/** Ends all that an issuer may, at once. @throws not-found */
export function distrustIssuer(
  context: RegistryContext,
  tenantId: string,
  issuer: string,
  by: string,
): Promise<undefined> {
  return changeBook(context, tenantId, (book) => {
    const trusted = book.trusted.filter((one) => one.issuer !== issuer);
    if (trusted.length === book.trusted.length) throw new LatchkeyError("not-found");
    const data = { by, issuer };
    return { book: { ...book, trusted }, kind: "issuer-distrusted", data, result: undefined };
  });
}

/** The tenant signs with another key from now on; gives its number. @throws conflict */
export function rotateIssuerKey(
  context: RegistryContext,
  tenantId: string,
  by: string,
): Promise<number> {
  return changeBook(context, tenantId, (book) => {
    const number = book.keys.at(-1)!.number + 1;
    if (number > ISSUER_KEYS_MAX) throw conflict(`An issuer has at most ${ISSUER_KEYS_MAX} keys.`);
    const keys = [...book.keys, { number, addedAt: unixSeconds(context.clock) }];
    const data = { by, number };
    return { book: { ...book, keys }, kind: "issuer-key-added", data, result: number };
  });
}

/**
 * From now on nothing counts that a former key has signed, whenever that was: for a key that was
 * stolen, or whose credentials have all expired.
 * @throws conflict for the key that signs now, not-found for one that there is not, or is no more
 */
export function withdrawIssuerKey(
  context: RegistryContext,
  tenantId: string,
  number: number,
  by: string,
): Promise<undefined> {
  const withdrawnAt = unixSeconds(context.clock);
  return changeBook(context, tenantId, (book) => {
    const known = book.keys.find((key) => key.number === number);
    if (known?.withdrawnAt !== undefined || known === undefined)
      throw new LatchkeyError("not-found");
    if (known === book.keys.at(-1)) throw conflict("It is the key that signs now: rotate first.");
    const keys = book.keys.map((key) => (key === known ? { ...key, withdrawnAt } : key));
    const data = { by, number };
    return { book: { ...book, keys }, kind: "issuer-key-withdrawn", data, result: undefined };
  });
}
