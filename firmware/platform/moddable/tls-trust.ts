import type { CryptoProvider } from "../../../protocol/crypto/provider.ts";
import { equalBytes } from "../../../protocol/encoding/bytes.ts";
import { LatchkeyError } from "../../../protocol/errors.ts";
import type { TimeHint } from "./time-hint.ts";
import { type X509Facts, x509Facts } from "./x509-facts.ts";

/** More than a root, two authorities and the server have no chain that a node needs to follow. */
const CHAIN_MAX = 4;
const HINT_REACH_S = 20 * 365 * 86_400;

export interface TlsTrustOptions {
  /** SHA-256 of the SubjectPublicKeyInfo of authorities, or of the server itself. */
  readonly pins: readonly Uint8Array[];
  readonly crypto: Pick<CryptoProvider, "sha256">;
  /** Whether the key of `issuer` signed `certificate`; both DER. May throw. */
  readonly isSignedBy: (certificate: Uint8Array, issuer: Uint8Array) => boolean;
  /** Unix seconds, once the server has said so under its signature. */
  readonly nowUnix: () => number | undefined;
  /** What a time server says, unsigned; it can only make a certificate end earlier. */
  readonly hint?: Pick<TimeHint, "ask" | "unix">;
  /** When the image was built, Unix seconds: it is not earlier than that. */
  readonly builtUnix: number;
}

/**
 * Whether to go on with a server that shows these certificates. The first certificate, from the
 * server's upwards, whose key is pinned ends the chain: pinning is all the trust that there is, no
 * list of public authorities counts.
 *
 * Dates need the time, and the time comes from the server's signed answer, over this connection.
 * Until there is one, a certificate may have begun at any time, and must not have ended before the
 * image was built, nor before what a time server says (docs/security.md has why that is enough).
 * @throws tls-untrusted, tls-name-wrong, tls-expired
 */
export function checkChain(
  options: TlsTrustOptions,
  host: string,
  chain: readonly Uint8Array[],
): void {
  const { pins, crypto } = options;
  const facts = factsOf(chain.slice(0, CHAIN_MAX));
  const isPinned = ({ spki }: X509Facts): boolean => {
    const hash = crypto.sha256(spki);
    return pins.some((pin) => equalBytes(pin, hash));
  };
  const end = facts.findIndex(isPinned);
  if (end < 0) throw untrusted("its certificates end at no key that is pinned");
  if (!facts[0]!.isP256)
    throw untrusted(
      "the server's key is not ECDSA on P-256, which is all that this node can check",
    );
  for (let i = 0; i < end; i++) {
    if (!facts[i + 1]!.isAuthority) throw untrusted("a certificate was given by no authority");
    if (!isSigned(options, chain[i]!, chain[i + 1]!))
      throw untrusted("a certificate's signature is wrong, or of a kind that it cannot check");
  }
  checkName(host, facts[0]!);
  for (const one of facts.slice(0, end + 1)) checkDates(options, one);
}

function untrusted(message: string): LatchkeyError {
  return new LatchkeyError("tls-untrusted", { message });
}

function factsOf(chain: readonly Uint8Array[]): X509Facts[] {
  try {
    return chain.map(x509Facts);
  } catch (cause) {
    const message = "a certificate cannot be read";
    throw new LatchkeyError("tls-untrusted", { message, cause });
  }
}

function isSigned({ isSignedBy }: TlsTrustOptions, one: Uint8Array, issuer: Uint8Array): boolean {
  try {
    return isSignedBy(one, issuer);
  } catch {
    return false; // an algorithm that the SDK does not know
  }
}

/** RFC 6125 §6.4.3: a star stands for one whole label, the first. */
function checkName(host: string, { names }: X509Facts): void {
  const wanted = host.toLowerCase();
  const parent = wanted.indexOf(".") < 0 ? undefined : `*${wanted.slice(wanted.indexOf("."))}`;
  if (names.some((name) => name === wanted || name === parent)) return;
  const message = `the certificate is for ${names.join(", ") || "no name"}, not for ${host}`;
  throw new LatchkeyError("tls-name-wrong", { message });
}

function checkDates(options: TlsTrustOptions, facts: X509Facts): void {
  const now = options.nowUnix();
  if (facts.notAfter < (now ?? earliest(options))) throw new LatchkeyError("tls-expired");
  if (now !== undefined && facts.notBefore > now)
    throw new LatchkeyError("tls-expired", { message: "a certificate is not valid yet" });
}

/** It is not before that, as far as the node knows without a signed answer. */
function earliest({ builtUnix, hint }: TlsTrustOptions): number {
  const said = hint?.unix() ?? 0;
  // No image is in use for so long: a clock that is that wrong knows nothing.
  return said > builtUnix && said < builtUnix + HINT_REACH_S ? said : builtUnix;
}
