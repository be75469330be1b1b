/** Certificates between us and @peculiar/x509, which is used in tests only. */
import "reflect-metadata";
import assert from "node:assert/strict";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { nobleHuman as crypto } from "../../protocol/crypto/noble-p256.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import {
  commonName,
  fingerprint,
  parseCertificate,
} from "../../protocol/human/x509/certificate.ts";
import { readCrl } from "../../protocol/human/x509/crl.ts";
import { readCsr } from "../../protocol/human/x509/csr.ts";
import { KEY_USAGE } from "../../protocol/human/x509/extensions.ts";
import { validatePath } from "../../protocol/human/x509/path.ts";
import { csrOf, family, NOW, testKey } from "./human-family.ts";

const ES256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const bytes = (buffer: ArrayBuffer) => new Uint8Array(buffer);

describe("@peculiar/x509 and our certificates", () => {
  x509.cryptoProvider.set(webcrypto as never);
  const newKeys = () => webcrypto.subtle.generateKey(ES256, true, ["sign", "verify"]);

  it("reads what we make, and finds our signatures good", async () => {
    const us = await family();
    const root = new x509.X509Certificate(us.root);
    for (const der of [us.root, us.device, us.revoker]) {
      const theirs = new x509.X509Certificate(der);
      const ours = parseCertificate(crypto, der);
      assert.equal(await theirs.verify({ publicKey: root.publicKey, signatureOnly: true }), true);
      assert.equal(theirs.serialNumber.replace(/^0+/, ""), toHex(ours.serial).replace(/^0+/, ""));
      assert.equal(theirs.notBefore.getTime() / 1000, ours.notBefore);
      assert.equal(theirs.notAfter.getTime() / 1000, ours.notAfter);
      const spki = await webcrypto.subtle.digest("SHA-256", theirs.publicKey.rawData);
      assert.equal(toHex(bytes(spki)), fingerprint(crypto, ours.publicKey));
    }
    assert.equal(new x509.X509Certificate(us.device).subject, "CN=Alice's phone");
  });

  it("reads our requests and lists", async () => {
    const request = new x509.Pkcs10CertificateRequest(await csrOf(testKey(3)));
    assert.equal(await request.verify(), true);
    const us = await family();
    const { serial } = parseCertificate(crypto, us.device);
    const list = new x509.X509Crl(await us.crl({ revoked: [{ serial, at: NOW, reason: 1 }] }));
    assert.equal(await list.verify({ publicKey: new x509.X509Certificate(us.revoker) }), true);
    assert.equal(list.findRevoked(toHex(serial))?.reason, x509.X509CrlReason.keyCompromise);
  });

  it("makes requests, chains and lists that we read", async () => {
    const [ca, leaf] = [await newKeys(), await newKeys()];
    const request = await x509.Pkcs10CertificateRequestGenerator.create({
      ...{ name: "CN=x", keys: leaf, signingAlgorithm: ES256 },
      extensions: [new x509.BasicConstraintsExtension(true, 3, true)],
    });
    assert.equal(readCsr(crypto, bytes(request.rawData)).length, 65);
    const dates = { notBefore: new Date((NOW - 9) * 1000), notAfter: new Date((NOW + 9) * 1000) };
    const root = await x509.X509CertificateGenerator.createSelfSigned({
      ...{ serialNumber: "01", name: "CN=ca", keys: ca, signingAlgorithm: ES256, ...dates },
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(
          x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign,
          true,
        ),
        await x509.SubjectKeyIdentifierExtension.create(ca.publicKey),
      ],
    });
    const device = await x509.X509CertificateGenerator.create({
      ...{ serialNumber: "02", subject: "CN=leaf", issuer: root.subject, signingAlgorithm: ES256 },
      ...{ publicKey: leaf.publicKey, signingKey: ca.privateKey, ...dates },
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        await x509.AuthorityKeyIdentifierExtension.create(ca.publicKey),
      ],
    });
    const parsed = [device, root].map((one) => parseCertificate(crypto, bytes(one.rawData)));
    const options = { anchors: [parsed[1]!], nowUnix: NOW, usage: KEY_USAGE.digitalSignature };
    assert.equal(validatePath(crypto, [parsed[0]!], options), parsed[1]);
    assert.deepEqual(parsed[1]!.pathLength, 0);
    const list = await x509.X509CrlGenerator.create({
      ...{ issuer: "CN=ca", signingAlgorithm: ES256, signingKey: ca.privateKey },
      ...{ thisUpdate: dates.notBefore, nextUpdate: dates.notAfter },
      entries: [{ serialNumber: "02", revocationDate: dates.notBefore, reason: 1 }],
      extensions: [new x509.Extension("2.5.29.20", false, Uint8Array.of(2, 1, 4))],
    });
    const { serials, number } = readCrl(crypto, bytes(list.rawData), parsed[1]!, NOW);
    assert.deepEqual({ serials, number }, { serials: ["02"], number: 4 });
    assert.notDeepEqual(commonName("ca"), parsed[1]!.subject); // theirs may be PrintableString
  });
});
