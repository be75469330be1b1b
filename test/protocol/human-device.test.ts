import assert from "node:assert/strict";
import fc from "fast-check";
import { nobleHuman as crypto } from "../../protocol/crypto/noble-p256.ts";
import { concat } from "../../protocol/encoding/bytes.ts";
import { checkDevice, type DeviceEvidence, parseRoot } from "../../protocol/human/device.ts";
import {
  commonName,
  keyIdOf,
  parseCertificate,
  signed,
} from "../../protocol/human/x509/certificate.ts";
import { makeCrl } from "../../protocol/human/x509/crl.ts";
import { readCsr } from "../../protocol/human/x509/csr.ts";
import { element, octetString, oid, sequence, TAG } from "../../protocol/human/x509/der.ts";
import {
  authorityKeyId,
  basicConstraints,
  KEY_USAGE,
  keyUsage,
  subjectKeyId,
} from "../../protocol/human/x509/extensions.ts";
import { validatePath } from "../../protocol/human/x509/path.ts";
import { parses, throwsCode } from "./error-code.ts";
import {
  BOB_KEY,
  csrOf,
  type Family,
  family,
  HOUR,
  lend,
  NOW,
  rootName,
  testKey,
} from "./human-family.ts";
import { forge } from "./human-forged-certificate.ts";

describe("a delegated device", () => {
  let us: Family;
  let crl: Uint8Array;

  before(async () => {
    us = await family();
    crl = await us.crl();
  });

  const check = (changes: Partial<Omit<DeviceEvidence, "root">> = {}) =>
    checkDevice(crypto, {
      root: parseRoot(crypto, us.root, us.rootId),
      device: us.device,
      revoker: us.revoker,
      crl,
      nowUnix: NOW,
      ...changes,
    });

  it("is accepted under its root, with the key of its request", () => {
    assert.deepEqual(check().publicKey, us.deviceKey.publicKey);
  });

  it("is delegated by the same bytes from the same request", async () => {
    assert.deepEqual((await family()).device, us.device);
  });

  it("stands under the root that is pinned and no other", async () => {
    const other = await family(BOB_KEY);
    throwsCode(() => parseRoot(crypto, other.root, us.rootId), "certificate-untrusted");
    throwsCode(() => check({ device: other.device }), "certificate-untrusted");
    throwsCode(() => check({ revoker: other.revoker }), "certificate-untrusted");
    throwsCode(() => parseRoot(crypto, us.device, us.rootId), "certificate-untrusted");
  });

  it("has a name of one short line, or is not delegated", async () => {
    const csr = await csrOf(testKey(1));
    for (const name of ["", "x".repeat(65), "a\nb", "\u0000"])
      throwsCode(
        () => lend((root) => root.delegateDevice(csr, name, { notBefore: NOW })),
        "malformed",
        "name",
      );
  });

  it("is not good before its time, nor after", async () => {
    const csr = await csrOf(testKey(1));
    const validity = { notBefore: NOW, notAfter: NOW + 10 };
    const device = lend((root) => root.delegateDevice(csr, "x", validity));
    check({ device, nowUnix: NOW });
    check({ device, nowUnix: NOW + 10 });
    throwsCode(() => check({ device, nowUnix: NOW - 1 }), "certificate-expired");
    throwsCode(() => check({ device, nowUnix: NOW + 11 }), "certificate-expired");
  });

  it("that was stolen is revoked without the words; the next one is delegated with them", async () => {
    const stolen = parseCertificate(crypto, us.device);
    const revoked = [{ serial: stolen.serial, at: NOW, reason: 1 }];
    const newer = await us.crl({ number: 2, revoked });
    throwsCode(() => check({ crl: newer }), "certificate-revoked");
    throwsCode(() => check({ crl, crlNumberMin: 2 }), "crl-stale");
    const csr = await csrOf(testKey(3));
    const next = lend((root) => root.delegateDevice(csr, "new phone", { notBefore: NOW }));
    assert.deepEqual(check({ crl: newer, device: next }).publicKey, testKey(3).publicKey);
    assert.equal(
      lend((root) => root.id),
      us.rootId,
    );
  });

  it("without a list in force has no answer", async () => {
    throwsCode(() => check({ nowUnix: NOW + HOUR }), "crl-stale");
    throwsCode(() => check({ nowUnix: NOW - HOUR - 1 }), "certificate-expired");
    const future = await us.crl({ thisUpdate: NOW + 1 });
    throwsCode(() => check({ crl: future }), "crl-stale");
    throwsCode(() => check({ crl: new Uint8Array(0) }), "crl-invalid");
  });

  it("cannot sign its own list, nor can a stranger", async () => {
    throwsCode(
      () => check({ crl: undefined as never, revoker: us.device }),
      "certificate-untrusted",
    );
    for (const signer of [us.deviceKey, testKey(8)]) {
      const own = await us.crl({}, signer);
      throwsCode(() => check({ crl: own }), "crl-invalid");
    }
    const foreign = await us.crl({ issuer: commonName("someone") });
    throwsCode(() => check({ crl: foreign }), "crl-invalid");
  });

  it("is no revocation key, and a revocation key no device", () => {
    throwsCode(() => check({ device: us.revoker }), "certificate-untrusted");
    throwsCode(() => check({ device: us.root }), "certificate-untrusted");
  });
});

describe("a chain", () => {
  let us: Family;
  before(async () => {
    us = await family();
  });

  const validate = (...chain: Uint8Array[]) =>
    validatePath(
      crypto,
      chain.map((der) => parseCertificate(crypto, der)),
      {
        anchors: [parseCertificate(crypto, us.root)],
        nowUnix: NOW,
        usage: KEY_USAGE.digitalSignature,
      },
    );

  it("through a stolen device mints nothing, whatever names it uses", () => {
    for (const issuer of [commonName("Alice's phone"), rootName]) {
      const minted = forge(us.deviceKey, { issuer });
      throwsCode(() => validate(minted, us.device), "certificate-untrusted");
      throwsCode(() => validate(minted), "certificate-untrusted");
      throwsCode(() => validate(minted, us.device, us.root), "certificate-untrusted");
    }
    const revoked = forge(us.revokerKey, { issuer: rootName });
    throwsCode(() => validate(revoked, us.revoker), "certificate-untrusted");
  });

  it("through a device that calls itself a CA mints nothing", () => {
    const ca = [basicConstraints(true), keyUsage(KEY_USAGE.certSign)];
    const self = forge(us.deviceKey, {
      issuer: commonName("ca"),
      subject: commonName("ca"),
      publicKey: us.deviceKey.publicKey,
      extensions: ca,
    });
    const minted = forge(us.deviceKey, { issuer: commonName("ca") });
    throwsCode(() => validate(minted, self), "certificate-untrusted");
    throwsCode(() => validate(minted, self, us.device), "certificate-untrusted");
  });

  it("below a real intermediate breaks on the root's path length", () => {
    const root = testKey(20);
    const name = commonName("r");
    const own = { issuer: name, subject: name, publicKey: root.publicKey };
    const anchor = forge(root, { ...own, extensions: [basicConstraints(true), keyUsage(4)] });
    const middle = forge(root, {
      issuer: name,
      subject: commonName("m"),
      publicKey: testKey(21).publicKey,
      extensions: [basicConstraints(true), keyUsage(4)],
    });
    const leaf = forge(testKey(21), { issuer: commonName("m") });
    const path = [leaf, middle].map((der) => parseCertificate(crypto, der));
    const options = { nowUnix: NOW, usage: KEY_USAGE.digitalSignature };
    const anchors = [parseCertificate(crypto, anchor)];
    throwsCode(() => validatePath(crypto, path, { anchors, ...options }), "certificate-untrusted");
    const direct = forge(root, { issuer: name });
    validatePath(crypto, [parseCertificate(crypto, direct)], { anchors, ...options });
  });

  it("with key identifiers that do not fit, or with nothing in it, is none", () => {
    const root = testKey(20);
    const name = commonName("r");
    const anchor = forge(root, {
      ...{ issuer: name, subject: name, publicKey: root.publicKey },
      extensions: [
        basicConstraints(true),
        keyUsage(4),
        subjectKeyId(keyIdOf(crypto, root.publicKey)),
      ],
    });
    const anchors = [parseCertificate(crypto, anchor)];
    const options = { anchors, nowUnix: NOW, usage: KEY_USAGE.digitalSignature };
    const leaf = (id: Uint8Array) =>
      parseCertificate(
        crypto,
        forge(root, {
          issuer: name,
          extensions: [basicConstraints(false), keyUsage(0x80), authorityKeyId(id)],
        }),
      );
    validatePath(crypto, [leaf(keyIdOf(crypto, root.publicKey))], options);
    const stray = leaf(new Uint8Array(20));
    throwsCode(() => validatePath(crypto, [stray], options), "certificate-untrusted");
    throwsCode(() => validatePath(crypto, [], options), "certificate-untrusted");
    const endless = new Array(5).fill(stray);
    throwsCode(() => validatePath(crypto, endless, options), "certificate-untrusted");
  });

  it("of a key without digitalSignature, or without any usage, serves no signature", () => {
    const root = testKey(20);
    const name = commonName("r");
    const own = { issuer: name, subject: name, publicKey: root.publicKey };
    const anchor = forge(root, { ...own, extensions: [basicConstraints(true), keyUsage(4)] });
    const options = {
      anchors: [parseCertificate(crypto, anchor)],
      nowUnix: NOW,
      usage: KEY_USAGE.digitalSignature,
    };
    for (const extensions of [[basicConstraints(false)], [keyUsage(KEY_USAGE.crlSign)]]) {
      const leaf = parseCertificate(crypto, forge(root, { issuer: name, extensions }));
      throwsCode(() => validatePath(crypto, [leaf], options), "certificate-untrusted");
    }
  });
});

describe("a certificate's bytes", () => {
  const key = testKey(20);
  const parse = (der: Uint8Array) => parseCertificate(crypto, der);
  const forged = (extensions: Uint8Array[]) => forge(key, { extensions });
  const unknown = (critical: boolean, id = "2a0304") =>
    sequence(oid(id), ...(critical ? [Uint8Array.of(1, 1, 255)] : []), octetString(sequence()));

  it("with an unknown extension are read only if it is not critical", () => {
    parse(forged([basicConstraints(false), unknown(false)]));
    throwsCode(() => parse(forged([unknown(true)])), "certificate-invalid");
  });

  it("with an extension twice, with name constraints or without extensions are refused", () => {
    const twice = [basicConstraints(false), basicConstraints(true)];
    for (const list of [twice, [unknown(false, "551d1e")], []])
      throwsCode(() => parse(forged(list)), "certificate-invalid");
  });

  it("are refused with every byte cut off, and with one byte more", async () => {
    const { device } = await family();
    for (let length = 0; length < device.length; length++)
      throwsCode(() => parse(device.subarray(0, length)), "certificate-invalid");
    throwsCode(() => parse(concat(device, Uint8Array.of(0))), "certificate-invalid");
    throwsCode(() => parse(new Uint8Array(9000).fill(0x30)), "certificate-invalid");
  });

  it("changed anywhere are refused, or carry no signature any more", async () => {
    const { device, root } = await family();
    const issuer = parse(root);
    fc.assert(
      fc.property(fc.nat(device.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const altered = device.slice();
        altered[at] = altered[at]! ^ change;
        if (!parses(() => parse(altered), "certificate-invalid")) return;
        const options = { anchors: [issuer], nowUnix: NOW, usage: KEY_USAGE.digitalSignature };
        const passes = parses(
          () => validatePath(crypto, [parse(altered)], options),
          ...(["certificate-untrusted", "certificate-expired"] as const),
        );
        assert.equal(passes, false);
      }),
      { numRuns: 100 },
    );
  });

  it("made of anything else are refused", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) =>
        assert.equal(
          parses(() => parse(bytes), "certificate-invalid"),
          false,
        ),
      ),
    );
  });
});

describe("a request for a certificate", () => {
  it("by one who has not the key is refused", async () => {
    const [victim, thief] = [testKey(1), testKey(2)];
    const csr = await csrOf({ ...victim, sign: thief.sign });
    throwsCode(
      () => lend((root) => root.delegateDevice(csr, "x", { notBefore: NOW })),
      "csr-invalid",
    );
  });

  it("that asks to be a CA is given a device's certificate", async () => {
    const { publicKey, sign } = testKey(4);
    const plain = await csrOf(testKey(4));
    assert.deepEqual(readCsr(crypto, plain), publicKey);
    // [0] attributes: an extensionRequest with basicConstraints CA:TRUE.
    const wish = sequence(
      oid("2a864886f70d01090e"),
      element(TAG.set, sequence(basicConstraints(true), keyUsage(KEY_USAGE.certSign))),
    );
    const body = plain.subarray(4, plain.length - 80);
    const spkiAt = body.indexOf(0x59) - 1;
    const info = sequence(
      element(TAG.integer, Uint8Array.of(0)),
      commonName("Latchkey human root"),
      body.subarray(spkiAt, spkiAt + 0x5b),
      element(0xa0, wish),
    );
    const csr = signed(info, await sign(info));
    const made = lend((root) => root.delegateDevice(csr, "x", { notBefore: NOW }));
    const { isCa, keyUsage: usage, subject } = parseCertificate(crypto, made);
    assert.deepEqual({ isCa, usage }, { isCa: false, usage: KEY_USAGE.digitalSignature });
    assert.deepEqual(subject, commonName("x"));
  });

  it("is no list and no certificate", async () => {
    const csr = await csrOf(testKey(1));
    throwsCode(() => parseCertificate(crypto, csr), "certificate-invalid");
    throwsCode(
      () =>
        readCsr(
          crypto,
          lend((root) => root.certificate()),
        ),
      "csr-invalid",
    );
  });
});

describe("a list of revoked devices", () => {
  it("is made for any number of them", async () => {
    const us = await family();
    const device = parseCertificate(crypto, us.device);
    const serials = Array.from({ length: 300 }, (_, i) => Uint8Array.of(1, i >> 8, i & 255));
    const revoked = [...serials, device.serial].map((serial) => ({ serial, at: NOW, reason: 5 }));
    const crl = await makeCrl(
      crypto,
      {
        ...{ issuer: rootName, number: 7, thisUpdate: NOW, nextUpdate: NOW + 1, revoked },
        publicKey: us.revokerKey.publicKey,
      },
      us.revokerKey.sign,
    );
    const root = parseRoot(crypto, us.root, us.rootId);
    const { device: der, revoker } = us;
    throwsCode(
      () => checkDevice(crypto, { root, device: der, revoker, crl, nowUnix: NOW }),
      "certificate-revoked",
    );
  });
});
