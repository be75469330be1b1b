/** What we make, judged by OpenSSL's command line; what it makes, judged by us. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nobleHuman as crypto } from "../../protocol/crypto/noble-p256.ts";
import { parseCertificate } from "../../protocol/human/x509/certificate.ts";
import { makeCsr, readCsr } from "../../protocol/human/x509/csr.ts";
import { KEY_USAGE } from "../../protocol/human/x509/extensions.ts";
import { validatePath } from "../../protocol/human/x509/path.ts";
import { fromPem, type PemLabel, toPem } from "../../protocol/human/x509/pem.ts";
import { throwsCode } from "./error-code.ts";
import { type Family, family, lend, NOW, testKey } from "./human-family.ts";

/** Absent on a user's machine: skipped, loudly. Absent in CI: a failure. */
function requireOpenssl(context: Mocha.Context): void {
  const found = spawnSync("openssl", ["version"]);
  if (found.status === 0) return;
  if (process.env["CI"] === "true") throw new Error("openssl is required and missing");
  console.warn("SKIPPED: no openssl command here, so nobody but us judges our certificates");
  context.skip();
}

describe("OpenSSL and our certificates", () => {
  const folder = mkdtempSync(join(tmpdir(), "latchkey-x509-"));
  const at = (name: string) => join(folder, name);
  let us: Family;

  function openssl(...args: string[]): { ok: boolean; text: string } {
    const { status, stdout, stderr } = spawnSync("openssl", args, {
      encoding: "utf8",
      cwd: folder,
    });
    return { ok: status === 0, text: `${stdout}${stderr}` };
  }

  function put(name: string, label: PemLabel, der: Uint8Array): void {
    writeFileSync(at(name), toPem(label, der));
  }

  const STRICT = ["-x509_strict", "-attime", String(NOW), "-CAfile", "root.pem"];
  const CHECK_CRL = [
    "-crl_check",
    "-extended_crl",
    "-untrusted",
    "revoker.pem",
    "-CRLfile",
    "crl.pem",
  ];

  before(async function () {
    requireOpenssl(this);
    us = await family();
    put("root.pem", "CERTIFICATE", us.root);
    put("device.pem", "CERTIFICATE", us.device);
    put("revoker.pem", "CERTIFICATE", us.revoker);
  });

  after(() => rmSync(folder, { recursive: true }));

  it("agree on root, device and revocation key, in strict mode", () => {
    for (const name of ["root.pem", "device.pem", "revoker.pem"])
      assert.deepEqual(openssl("verify", ...STRICT, name), { ok: true, text: `${name}: OK\n` });
  });

  it("read the same certificates", () => {
    const { text } = openssl("x509", "-in", "root.pem", "-noout", "-text");
    for (const line of [
      "CA:TRUE, pathlen:0",
      "Certificate Sign, CRL Sign",
      "Dec 31 23:59:59 9999 GMT",
    ])
      assert.ok(text.includes(line), line);
    const device = openssl("x509", "-in", "device.pem", "-noout", "-text").text;
    for (const line of ["CA:FALSE", "Digital Signature", "CN = Alice's phone"])
      assert.ok(device.includes(line), line);
  });

  it("see no revocation in a list without entries", async () => {
    put("crl.pem", "X509 CRL", await us.crl());
    const { ok, text } = openssl("verify", ...STRICT, ...CHECK_CRL, "device.pem");
    assert.ok(ok, text);
  });

  it("see our revocation, and it is the device's", async () => {
    const { serial } = parseCertificate(crypto, us.device);
    put("crl.pem", "X509 CRL", await us.crl({ revoked: [{ serial, at: NOW - 60, reason: 1 }] }));
    const { ok, text } = openssl("verify", ...STRICT, ...CHECK_CRL, "device.pem");
    assert.equal(ok, false);
    assert.match(text, /certificate revoked/);
    const shown = openssl("crl", "-in", "crl.pem", "-noout", "-text").text;
    assert.match(shown, /Key Compromise/);
    assert.match(shown, /X509v3 CRL Number:\s+1\n/);
  });

  it("take no list that another key signed, nor one out of date", async () => {
    put("crl.pem", "X509 CRL", await us.crl({}, us.deviceKey));
    assert.equal(openssl("verify", ...STRICT, ...CHECK_CRL, "device.pem").ok, false);
    put("crl.pem", "X509 CRL", await us.crl({ nextUpdate: NOW - 1 }));
    const { ok, text } = openssl("verify", ...STRICT, ...CHECK_CRL, "device.pem");
    assert.equal(ok, false);
    assert.match(text, /CRL has expired/);
  });

  it("accept each other's requests", async () => {
    const key = testKey(7);
    put("ours.pem", "CERTIFICATE REQUEST", await makeCsr(key.publicKey, key.sign));
    assert.match(openssl("req", "-in", "ours.pem", "-verify", "-noout").text, /verify OK/);
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
    const made = openssl(
      "req",
      "-new",
      ...curve,
      "-keyout",
      "k.pem",
      "-subj",
      "/CN=x",
      "-out",
      "t.pem",
    );
    assert.ok(made.ok, made.text);
    const csr = fromPem("CERTIFICATE REQUEST", readFileSync(at("t.pem"), "utf8"));
    assert.equal(readCsr(crypto, csr).length, 65);
    put(
      "theirs.pem",
      "CERTIFICATE",
      lend((root) => root.delegateDevice(csr, "x", { notBefore: 0 })),
    );
    assert.ok(openssl("verify", ...STRICT, "theirs.pem").ok);
  });

  /** Makes a chain ca → mid → leaf with OpenSSL; `extensions` are the middle one's. */
  function chainOfOpenssl(name: string, extensions: string): Uint8Array[] {
    const leaf = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\n";
    const head = "[req]\ndistinguished_name=dn\nprompt=no\n[dn]\nCN=x\n";
    const ca = "[ca]\nbasicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n";
    writeFileSync(at("c.cnf"), `${head}${ca}[mid]\n${extensions}\n[leaf]\n${leaf}`);
    const links = ["ca", "mid", "leaf"];
    for (const [i, link] of links.entries()) {
      const issuer = i === 0 ? [] : ["-CA", `${links[i - 1]}.pem`, "-CAkey", `${links[i - 1]}.key`];
      const { ok, text } = openssl(
        ...[
          "req",
          "-x509",
          "-config",
          "c.cnf",
          "-extensions",
          link,
          "-subj",
          `/CN=${name} ${link}`,
        ],
        ...["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "36500"],
        ...["-keyout", `${link}.key`, "-out", `${link}.pem`, "-sha256", ...issuer],
      );
      assert.ok(ok, text);
    }
    return links.map((link) => fromPem("CERTIFICATE", readFileSync(at(`${link}.pem`), "utf8")));
  }

  for (const { name, extensions, good } of [
    {
      name: "a CA",
      extensions: "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign",
      good: true,
    },
    {
      name: "no CA",
      extensions: "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,keyCertSign",
      good: false,
    },
    {
      name: "a CA without keyCertSign",
      extensions: "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,cRLSign",
      good: false,
    },
    { name: "without extensions that count", extensions: "subjectKeyIdentifier=hash", good: false },
  ])
    it(`${good ? "accept" : "refuse"} a chain through ${name}, both`, () => {
      const [ca, mid, leaf] = chainOfOpenssl(name, extensions).map((der) =>
        parseCertificate(crypto, der),
      );
      const verdict = openssl("verify", "-CAfile", "ca.pem", "-untrusted", "mid.pem", "leaf.pem");
      assert.equal(verdict.ok, good, verdict.text);
      const nowUnix = Math.floor(leaf!.notBefore + 1);
      const options = { anchors: [ca!], nowUnix, usage: KEY_USAGE.digitalSignature };
      if (good) assert.equal(validatePath(crypto, [leaf!, mid!], options), ca);
      else throwsCode(() => validatePath(crypto, [leaf!, mid!], options), "certificate-untrusted");
    });
});
