/** Each rule of path validation, lists and DER by itself: with all others kept. */
import assert from "node:assert/strict";
import { nobleHuman as crypto } from "../../protocol/crypto/noble-p256.ts";
import { concat } from "../../protocol/encoding/bytes.ts";
import { commonName, parseCertificate, signed } from "../../protocol/human/x509/certificate.ts";
import { readCrl } from "../../protocol/human/x509/crl.ts";
import {
  element,
  explicit,
  octetString,
  oid,
  sequence,
  TAG,
} from "../../protocol/human/x509/der.ts";
import { DerReader } from "../../protocol/human/x509/der-reader.ts";
import {
  basicConstraints,
  crlNumber,
  KEY_USAGE,
  keyUsage,
} from "../../protocol/human/x509/extensions.ts";
import { validatePath } from "../../protocol/human/x509/path.ts";
import { ecdsaSha256 } from "../../protocol/human/x509/public-key.ts";
import { NO_EXPIRY_UNIX, readTime, writeTime } from "../../protocol/human/x509/time.ts";
import { throwsCode } from "./error-code.ts";
import { csrOf, family, HOUR, lend, NOW, testKey } from "./human-family.ts";
import { forge } from "./human-forged-certificate.ts";

const { digitalSignature, certSign, crlSign } = KEY_USAGE;
const [top, middle] = [testKey(20), testKey(21)];
const [topName, middleName] = [commonName("top"), commonName("middle")];

const anchor = parseCertificate(
  crypto,
  forge(top, {
    ...{ issuer: topName, subject: topName, publicKey: top.publicKey },
    extensions: [anyDepth(), keyUsage(certSign)],
  }),
);

/** basicConstraints of a CA without a path length. */
function anyDepth(): Uint8Array {
  const value = octetString(sequence(Uint8Array.of(1, 1, 255)));
  return sequence(oid("551d13"), Uint8Array.of(1, 1, 255), value);
}

function chain(extensions: Uint8Array[], leaf?: Uint8Array[]): Uint8Array[] {
  const own = { issuer: topName, subject: middleName, publicKey: middle.publicKey };
  return [
    forge(middle, { issuer: middleName, ...(leaf !== undefined && { extensions: leaf }) }),
    forge(top, { ...own, extensions }),
  ];
}

const validate = (ders: readonly Uint8Array[]) =>
  validatePath(
    crypto,
    ders.map((der) => parseCertificate(crypto, der)),
    { anchors: [anchor], nowUnix: NOW, usage: digitalSignature },
  );

describe("a chain of three", () => {
  it("is good through a CA that may sign certificates", () => {
    assert.equal(validate(chain([anyDepth(), keyUsage(certSign)])), anchor);
  });

  it("is not, through one that is no CA but may sign certificates", () => {
    for (const extensions of [[basicConstraints(false), keyUsage(certSign)], [keyUsage(certSign)]])
      throwsCode(() => validate(chain(extensions)), "certificate-untrusted");
  });

  it("is not, through a CA whose key is for something else, or for nothing", () => {
    for (const extensions of [[anyDepth(), keyUsage(crlSign)], [anyDepth()]])
      throwsCode(() => validate(chain(extensions)), "certificate-untrusted");
  });

  it("does not end in a CA, though its key may sign", () => {
    const leaf = [anyDepth(), keyUsage(digitalSignature | certSign)];
    throwsCode(
      () => validate(chain([anyDepth(), keyUsage(certSign)], leaf)),
      "certificate-untrusted",
    );
  });

  it("is not, out of order or with a link left out", () => {
    const [leaf, ca] = chain([anyDepth(), keyUsage(certSign)]) as [Uint8Array, Uint8Array];
    for (const wrong of [[ca, leaf], [leaf], [leaf, leaf, ca]])
      throwsCode(() => validate(wrong), "certificate-untrusted");
  });
});

describe("a root", () => {
  it("does not delegate to its own key", async () => {
    const csr = await csrOf(testKey(100));
    const validity = { notBefore: NOW };
    throwsCode(() => lend((root) => root.delegateDevice(csr, "x", validity)), "csr-invalid");
    throwsCode(() => lend((root) => root.delegateRevocation(csr, validity)), "csr-invalid");
  });
});

describe("a list", () => {
  /** A list with these extensions and entries, by the revocation key. */
  async function listOf(extensions: Uint8Array[], entry: Uint8Array[] = []) {
    const us = await family();
    const revoker = parseCertificate(crypto, us.revoker);
    const entries = entry.length === 0 ? [] : [sequence(...entry)];
    const body = sequence(
      ...[element(TAG.integer, Uint8Array.of(1)), ecdsaSha256(), revoker.issuer],
      ...[writeTime(NOW), writeTime(NOW + HOUR), ...entries],
      element(explicit(0), sequence(...extensions)),
    );
    return { us, revoker, der: signed(body, await us.revokerKey.sign(body)) };
  }
  const number = crlNumber(Uint8Array.of(2, 1, 1));
  /** issuingDistributionPoint: a list of some of the certificates only. */
  const partial = sequence(oid("551d1c"), Uint8Array.of(1, 1, 255), octetString(sequence()));

  it("signed by a key that may not sign lists is refused, though the signature is good", async () => {
    const { us, der } = await listOf([number]);
    const device = parseCertificate(crypto, us.device);
    const posing = { ...device, publicKey: us.revokerKey.publicKey };
    throwsCode(() => readCrl(crypto, der, posing, NOW), "crl-invalid");
  });

  it("that covers a part only is not taken for the whole", async () => {
    const { revoker, der } = await listOf([number, partial]);
    throwsCode(() => readCrl(crypto, der, revoker, NOW), "crl-invalid");
    const whole = await listOf([number]);
    assert.equal(readCrl(crypto, whole.der, whole.revoker, NOW).number, 1);
  });

  it("with a critical extension of an entry, or without a number, is refused", async () => {
    const serial = element(TAG.integer, Uint8Array.of(5));
    const entry = sequence(serial, writeTime(NOW), sequence(partial));
    const critical = await listOf([number], [entry]);
    throwsCode(() => readCrl(crypto, critical.der, critical.revoker, NOW), "crl-invalid");
    const other = sequence(oid("2a0304"), octetString(sequence()));
    const unnumbered = await listOf([other]);
    throwsCode(() => readCrl(crypto, unnumbered.der, unnumbered.revoker, NOW), "crl-invalid");
  });
});

describe("DER", () => {
  const reader = (...bytes: number[]) => new DerReader(Uint8Array.from(bytes), "malformed");

  it("has one spelling of a length", () => {
    assert.equal(reader(4, 1, 7).content(TAG.octetString).length, 1);
    for (const bytes of [
      [4, 0x81, 1, 7],
      [4, 0x82, 0, 1, 7],
      [4, 0x83, 0, 0, 1, 7],
      [4, 0x80, 7, 0, 0],
      [4, 2, 7],
      [4, 0x81],
      [4],
      [],
    ])
      throwsCode(() => reader(...bytes).content(TAG.octetString), "malformed");
    const long = concat(Uint8Array.of(4, 0x82, 0, 200), new Uint8Array(200));
    throwsCode(() => new DerReader(long, "malformed").content(TAG.octetString), "malformed");
  });

  it("has one spelling of a number and of true", () => {
    assert.deepEqual(reader(2, 2, 0, 128).unsigned(), Uint8Array.of(128));
    for (const bytes of [
      [2, 2, 0, 127],
      [2, 1, 128],
      [2, 0],
    ])
      throwsCode(() => reader(...bytes).unsigned(), "malformed");
    assert.equal(reader(1, 1, 255).boolean(), true);
    for (const bytes of [
      [1, 1, 1],
      [1, 0],
      [1, 2, 255, 255],
    ])
      throwsCode(() => reader(...bytes).boolean(), "malformed");
    throwsCode(() => reader(2, 5, 1, 0, 0, 0, 0).small(), "malformed");
    throwsCode(() => reader(2, 5, 0, 128, 0, 0, 0).small(), "malformed");
  });

  it("has times that exist, in the form of RFC 5280", () => {
    const time = (text: string) => {
      const tag = text.length === 13 ? TAG.utcTime : TAG.generalizedTime;
      const bytes = element(
        tag,
        Uint8Array.from(text, (char) => char.charCodeAt(0)),
      );
      return readTime(new DerReader(bytes, "malformed"));
    };
    assert.equal(time("700101000000Z"), 0);
    assert.equal(time("240229235959Z"), 1_709_251_199);
    assert.equal(time("491231235959Z"), 2_524_607_999);
    assert.equal(time("20500101000000Z"), 2_524_608_000);
    assert.equal(time("500101000000Z"), -631_152_000);
    assert.equal(time("99991231235959Z"), NO_EXPIRY_UNIX);
    for (const wrong of ["230229000000Z", "241301000000Z", "240100000000Z", "240132000000Z"])
      throwsCode(() => time(wrong), "malformed");
    for (const wrong of ["240101240000Z", "240101006000Z", "240101000060Z", "2401010000+0Z"])
      throwsCode(() => time(wrong), "malformed");
    for (const unix of [0, 951_827_696, 2_524_607_999, 2_524_608_000, NO_EXPIRY_UNIX])
      assert.equal(readTime(new DerReader(writeTime(unix), "malformed")), unix);
    for (const wrong of [-1, 0.5, NO_EXPIRY_UNIX + 1])
      assert.throws(() => writeTime(wrong), RangeError);
  });
});
