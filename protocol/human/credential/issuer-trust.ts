import type { HumanVerifier } from "../../crypto/p256.ts";
import { fromBase64 } from "../../encoding/base64.ts";
import { toHex } from "../../encoding/hex.ts";
import { LatchkeyError } from "../../errors.ts";
import type { JsonReader } from "../../json/reader.ts";
import { KnownHeaders } from "../jose/known-headers.ts";
import { type Certificate, parseCertificate } from "../x509/certificate.ts";
import { KEY_USAGE } from "../x509/extensions.ts";
import { PATH_MAX, validatePath } from "../x509/path.ts";

/** Longest certificate in an `x5c`, in characters of base64. */
const X5C_TEXT_MAX = 12_288;

/** Whom a verifier trusts, for what. */
export interface IssuerAnchor {
  /**
   * The `iss` that the certificate speaks for: a URL, or a `did:lastid:…` that is mapped to it.
   * An anchor vouches for its own issuer only, so that none can speak in another's name.
   */
  readonly issuer: string;
  /** DER of the certificate at the top; it does not travel with the credential. */
  readonly certificate: Uint8Array;
  /** `vct`s that it may issue; all when absent. */
  readonly types?: readonly string[];
  /** Serial numbers, hexadecimal, of what the anchor has certified and withdrawn since. */
  readonly withdrawn?: readonly string[];
}

interface KnownChain {
  /** At which it ends. */
  readonly anchor: IssuerAnchor;
  readonly publicKey: Uint8Array;
  readonly notBefore: number;
  readonly notAfter: number;
}

/** Whether it may vouch for that issuer, for that type if one is named. */
function speaksFor({ issuer, types }: IssuerAnchor, asked: string, vct?: string): boolean {
  return issuer === asked && (vct === undefined || (types?.includes(vct) ?? true));
}

/** Finds the key of an issuer from the chain in a token's header (RFC 7515 §4.1.6). */
export class IssuerTrust {
  readonly #crypto: HumanVerifier;
  readonly #anchors: readonly {
    readonly anchor: IssuerAnchor;
    readonly certificate: Certificate;
  }[];
  /** Headers of credentials whose signature was good, for `verifySdJwt`. */
  readonly headers = new KnownHeaders();
  /** By the header that it stood in: only chains that were validated get in. */
  readonly #known = new WeakMap<JsonReader, KnownChain>();

  /** @throws certificate-invalid */
  constructor(crypto: HumanVerifier, anchors: readonly IssuerAnchor[]) {
    this.#crypto = crypto;
    this.#anchors = anchors.map((anchor) => ({
      anchor,
      certificate: parseCertificate(crypto, anchor.certificate),
    }));
  }

  /** Whether an issuer is trusted with a type. */
  mayIssue(issuer: string, vct: string): boolean {
    return this.#anchors.some(({ anchor }) => speaksFor(anchor, issuer, vct));
  }

  /** The key identifiers of an issuer's anchors, as far as their certificates have them. */
  keyIdsOf(issuer: string): Uint8Array[] {
    return this.#anchors
      .filter(({ anchor }) => anchor.issuer === issuer)
      .flatMap(({ certificate: { subjectKeyId } }) => subjectKeyId ?? []);
  }

  /**
   * The public key of the leaf of `x5c`, whose chain ends at an anchor of this issuer; of one that
   * is trusted with the type, if there is one: what one anchor may is not another's of that name.
   * @throws issuer-untrusted; the cause says what is wrong with the chain
   */
  keyOf(header: JsonReader, issuer: string, nowUnix: number, vct?: string): Uint8Array {
    try {
      const known = this.#known.get(header);
      const inTime = known && nowUnix >= known.notBefore && nowUnix <= known.notAfter;
      if (inTime && speaksFor(known.anchor, issuer, vct)) return known.publicKey;
      const chain = this.#texts(header).map((text) =>
        parseCertificate(this.#crypto, fromBase64(text, "x5c")),
      );
      const own = this.#anchors.filter(({ anchor }) => speaksFor(anchor, issuer, vct));
      const anchors = own.map(({ certificate }) => certificate);
      const usage = KEY_USAGE.digitalSignature;
      const top = validatePath(this.#crypto, chain, { anchors, nowUnix, usage });
      const { anchor } = own.find(({ certificate }) => certificate === top)!;
      if (anchor.withdrawn?.includes(toHex(chain.at(-1)!.serial)))
        throw new LatchkeyError("certificate-revoked");
      return this.#remember(header, anchor, [...chain, top]);
    } catch (cause) {
      throw new LatchkeyError("issuer-untrusted", { cause });
    }
  }

  #texts(header: JsonReader): string[] {
    return header.array("x5c", { max: PATH_MAX }).map((text) => {
      if (typeof text !== "string" || text.length > X5C_TEXT_MAX)
        throw new LatchkeyError("certificate-invalid");
      return text;
    });
  }

  #remember(header: JsonReader, anchor: IssuerAnchor, chain: readonly Certificate[]): Uint8Array {
    const { publicKey } = chain[0]!;
    const notBefore = Math.max(...chain.map((one) => one.notBefore));
    const notAfter = Math.min(...chain.map((one) => one.notAfter));
    this.#known.set(header, { anchor, publicKey, notBefore, notAfter });
    return publicKey;
  }
}
