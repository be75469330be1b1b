import "reflect-metadata";
import assert from "node:assert/strict";
import { createHash, createPublicKey, webcrypto, X509Certificate } from "node:crypto";
import { SubjectAlternativeNameExtension, X509CertificateGenerator } from "@peculiar/x509";
import { plainConnect, TcpHttpClient } from "../../../firmware/platform/moddable/http-client.ts";
import {
  type TlsSocketConstructor,
  tlsConnect,
} from "../../../firmware/platform/moddable/tls-connect.ts";
import { checkChain, type TlsTrustOptions } from "../../../firmware/platform/moddable/tls-trust.ts";
import { x509Facts } from "../../../firmware/platform/moddable/x509-facts.ts";
import type { TCPConstructor, TCPOptions } from "../../../hal/ecma419.ts";
import { nobleCrypto as crypto } from "../../../protocol/crypto/noble.ts";
import { VirtualTime } from "../../hal/virtual-time.ts";

// Made with `openssl`, P-256: an authority for ten years; a server for one, door.example,
// *.doors.example and 10.0.0.9; and one that the server's key gave, which is no authority.
const CA = [
  "MIIBeTCCAR+gAwIBAgIUUcGJT8EmzsiWMokIE2WPw0s9ndQwCgYIKoZIzj0EAwIwEjEQMA4GA1UEAwwHRG9vciBD",
  "QTAeFw0yNjExMjgxMTI5NTZaFw0zNjExMjUxMTI5NTZaMBIxEDAOBgNVBAMMB0Rvb3IgQ0EwWTATBgcqhkjOPQIB",
  "BggqhkjOPQMBBwNCAAQRMqhQXY5/zqL/Qdhf3wmaXdBh+a03xLdU4wSp6GmsSQYKnibut11jo9wF8pknq+VEnOzS",
  "Sfny9lYpHCpaP+Emo1MwUTAdBgNVHQ4EFgQUEQPHhqiuvxkeq2tZY7WLQ4k1J0owHwYDVR0jBBgwFoAUEQPHhqiu",
  "vxkeq2tZY7WLQ4k1J0owDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiBKtfoeIeb6BvdeIZvtgmrX",
  "x6YSLXG3jFctLXw18C5CTAIhAO7FITaNbNFNii+V+Au5Mb3IXQS9lbKIWmtDy4UshSE+",
].join("");
const SERVER = [
  "MIIBnTCCAUOgAwIBAgIUFPdl42aVBhc3soSwIyIromRViRcwCgYIKoZIzj0EAwIwEjEQMA4GA1UEAwwHRG9vciBD",
  "QTAeFw0yNjExMjgxMTI5NTZaFw0yNzExMjgxMTI5NTZaMBcxFTATBgNVBAMMDGRvb3IuZXhhbXBsZTBZMBMGByqG",
  "SM49AgEGCCqGSM49AwEHA0IABHTrZ/G3seEjDjuq7YTO7sJRkv60RdpjCss4hj5w36negttoeZ5KVRuANcI5IJhq",
  "NxavBNrdX2yzCohrfmYT8bmjcjBwMC4GA1UdEQQnMCWCDGRvb3IuZXhhbXBsZYIPKi5kb29ycy5leGFtcGxlhwQK",
  "AAAJMB0GA1UdDgQWBBRhaQ30C50pm1s+9SzmihX8hTOj6TAfBgNVHSMEGDAWgBQRA8eGqK6/GR6ra1ljtYtDiTUn",
  "SjAKBggqhkjOPQQDAgNIADBFAiEAv7a8SJVPpwDXXNoSoZCHup1/mJsKFJt/Koj20MalJecCICLpxBDK1jUYQ6Np",
  "U4s2PXxsQrP2k1Iuif0uWUiQbpSu",
].join("");
const FORGED = [
  "MIIBjDCCATGgAwIBAgIUBxK4NCBDaOHeR9PxlWoaCEyl2a0wCgYIKoZIzj0EAwIwFzEVMBMGA1UEAwwMZG9vci5l",
  "eGFtcGxlMB4XDTI2MTEyODExMjk1N1oXDTI3MTEyODExMjk1N1owFzEVMBMGA1UEAwwMZG9vci5leGFtcGxlMFkw",
  "EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE73zN25fDNxf8lCZUaUJfTQ0LgKw65OQbgXi9+ULhUFDJsKUt4l0MHwmF",
  "DPY+/DI2M8vtftixKmUM9LmXl3jYWqNbMFkwFwYDVR0RBBAwDoIMZG9vci5leGFtcGxlMB0GA1UdDgQWBBRbURXp",
  "PN3IRTX8Hqj9JJx/Cmw4SjAfBgNVHSMEGDAWgBRhaQ30C50pm1s+9SzmihX8hTOj6TAKBggqhkjOPQQDAgNJADBG",
  "AiEA7Xrj54+bwjxs9xgNSCQVCQe0B4REqEMmdZEmO+yJNiYCIQCIz2T5UHrWbfNYL01n8KPW93ev+yQK9NYACh7H",
  "jsPlPg==",
].join("");
/** A server for twenty years: its authority ends before. */
const LONG = [
  "MIIBhjCCASygAwIBAgIUFPdl42aVBhc3soSwIyIromRViRgwCgYIKoZIzj0EAwIwEjEQMA4GA1UEAwwHRG9vciBD",
  "QTAeFw0yNjExMjgxMTM1NDRaFw00NjExMjMxMTM1NDRaMBcxFTATBgNVBAMMDGRvb3IuZXhhbXBsZTBZMBMGByqG",
  "SM49AgEGCCqGSM49AwEHA0IABHTrZ/G3seEjDjuq7YTO7sJRkv60RdpjCss4hj5w36negttoeZ5KVRuANcI5IJhq",
  "NxavBNrdX2yzCohrfmYT8bmjWzBZMBcGA1UdEQQQMA6CDGRvb3IuZXhhbXBsZTAdBgNVHQ4EFgQUYWkN9AudKZtb",
  "PvUs5ooV/IUzo+kwHwYDVR0jBBgwFoAUEQPHhqiuvxkeq2tZY7WLQ4k1J0owCgYIKoZIzj0EAwIDSAAwRQIhANeW",
  "t+JlPPS+TT/vRfDwIJ/H+bobolgB8Xw0jyW9rh1ZAiAFIY4qdedos+Ln4AXRTqbn8m4kkezmmbb5GrWA1g4FuQ==",
].join("");

const der = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "base64"));
const [ca, server, forged] = [der(CA), der(SERVER), der(FORGED)];
const node = new X509Certificate(server);
const unix = (text: string): number => Date.parse(text) / 1000;
const [FROM, TO] = [unix(node.validFrom), unix(node.validTo)];

function pinOf(certificate: Uint8Array): Uint8Array {
  const key = new X509Certificate(certificate).publicKey.export({ type: "spki", format: "der" });
  return createHash("sha256").update(key).digest();
}

/** By Node, as the SDK would on the board. */
const isSignedBy = (one: Uint8Array, issuer: Uint8Array): boolean =>
  new X509Certificate(one).verify(
    createPublicKey(new X509Certificate(issuer).publicKey.export({ type: "spki", format: "pem" })),
  );

const RSA_2048 = { modulusLength: 2048, publicExponent: Uint8Array.of(1, 0, 1) };

function trust(changes: Partial<TlsTrustOptions> = {}): TlsTrustOptions {
  const clock = { nowUnix: () => undefined, builtUnix: FROM - 86_400 };
  return { pins: [pinOf(ca)], crypto, isSignedBy, ...clock, ...changes };
}

const check = (options: TlsTrustOptions, chain = [server, ca], host = "door.example") =>
  checkChain(options, host, chain);

describe("a certificate", () => {
  it("is read as Node reads it", () => {
    for (const one of [ca, server, forged]) {
      const known = new X509Certificate(one);
      const facts = x509Facts(one);
      assert.deepEqual(crypto.sha256(facts.spki), new Uint8Array(pinOf(one)));
      assert.equal(facts.notBefore, unix(known.validFrom));
      assert.equal(facts.notAfter, unix(known.validTo));
      assert.equal(facts.isAuthority, known.ca);
    }
    assert.deepEqual(x509Facts(server).names, ["door.example", "*.doors.example", "10.0.0.9"]);
  });

  it("that is cut off or changed anywhere is read or refused, and never hangs", () => {
    for (let at = 0; at < server.length; at++) {
      assert.throws(() => x509Facts(server.slice(0, at)), { code: "malformed" });
      for (const value of [0, 0x30, 0x80, 0xff]) {
        const changed = server.slice();
        changed[at] = value;
        try {
          x509Facts(changed);
        } catch (error) {
          assert.equal((error as { code?: string }).code, "malformed", `byte ${at}`);
        }
      }
    }
  });
});

describe("the trust of the image in a TLS server", () => {
  it("is in a pinned authority, or in the pinned key of the server itself", () => {
    check(trust());
    check(trust({ pins: [pinOf(server)] }), [server]);
    check(trust(), [server, ca], "hall.doors.example");
    check(trust(), [server, ca], "10.0.0.9");
  });

  it("is in nobody else", () => {
    const untrusted = { code: "tls-untrusted" };
    assert.throws(() => check(trust({ pins: [] })), untrusted);
    assert.throws(() => check(trust({ pins: [pinOf(forged)] })), untrusted);
    assert.throws(() => check(trust(), []), untrusted);
    assert.throws(() => check(trust(), [server]), untrusted);
    assert.throws(() => check(trust({ isSignedBy: () => false })), untrusted);
    const unknown = (): boolean => {
      throw new Error("algorithm");
    };
    assert.throws(() => check(trust({ isSignedBy: unknown })), untrusted);
    assert.throws(() => check(trust(), [Uint8Array.of(1, 2, 3), ca]), untrusted);
  });

  it("is not in a certificate that another server's key gave", () => {
    assert.ok(isSignedBy(forged, server));
    assert.throws(() => check(trust(), [forged, server, ca]), { code: "tls-untrusted" });
  });

  it("is in no key but one on P-256, and says so", async () => {
    const others = [
      { name: "ECDSA", namedCurve: "P-384", hash: "SHA-256" },
      { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256", ...RSA_2048 },
      { name: "Ed25519" },
    ];
    for (const algorithm of others) {
      const usages: webcrypto.KeyUsage[] = ["sign", "verify"];
      const keys = (await webcrypto.subtle.generateKey(
        algorithm,
        true,
        usages,
      )) as webcrypto.CryptoKeyPair;
      const made = await X509CertificateGenerator.createSelfSigned({
        ...{ keys, signingAlgorithm: algorithm, name: "CN=door.example" },
        extensions: [new SubjectAlternativeNameExtension([{ type: "dns", value: "door.example" }])],
      });
      const one = new Uint8Array(made.rawData);
      assert.throws(
        () => check(trust({ pins: [pinOf(one)] }), [one]),
        { code: "tls-untrusted", message: /the server's key is not ECDSA on P-256/ },
        algorithm.name,
      );
    }
  });

  it("is for a name that the certificate has", () => {
    for (const host of ["other.example", "doors.example", "a.b.doors.example", "10.0.0.8"])
      assert.throws(() => check(trust(), [server, ca], host), { code: "tls-name-wrong" });
  });

  it("ends with the certificate, or with its root: tls-expired", () => {
    const at = (now: number) => trust({ nowUnix: () => now });
    check(at(FROM + 1));
    assert.throws(() => check(at(TO + 1)), { code: "tls-expired" });
    assert.throws(() => check(at(FROM - 60)), { code: "tls-expired" });
    const rootEnds = unix(new X509Certificate(ca).validTo);
    check(at(rootEnds - 1), [der(LONG), ca]);
    assert.throws(() => check(at(rootEnds + 1), [der(LONG), ca]), { code: "tls-expired" });
  });

  it("knows no time before the first answer, but when the image was built", () => {
    check(trust({ builtUnix: FROM - 400 * 86_400 }));
    check(trust({ builtUnix: TO - 1 }));
    assert.throws(() => check(trust({ builtUnix: TO + 1 })), { code: "tls-expired" });
  });
});

describe("what a time server says, before the first answer of ours", () => {
  const hinted = (unix: number | undefined, changes: Partial<TlsTrustOptions> = {}) =>
    trust({ hint: { ask: () => {}, unix: () => unix }, ...changes });

  it("ends a certificate that has run out since the image was built", () => {
    check(hinted(undefined));
    check(hinted(TO - 1));
    assert.throws(() => check(hinted(TO + 1)), { code: "tls-expired" });
  });

  it("can make nothing valid: neither what had ended before the build, nor what is not signed", () => {
    const built = { builtUnix: TO + 1 };
    for (const unix of [0, FROM, TO - 1])
      assert.throws(() => check(hinted(unix, built)), { code: "tls-expired" });
    assert.throws(() => check(hinted(FROM + 1, { pins: [] })), { code: "tls-untrusted" });
  });

  it("counts for nothing when it is before the build or far beyond it", () => {
    for (const unix of [0, FROM - 10 * 86_400, FROM + 30 * 365 * 86_400]) check(hinted(unix));
  });

  it("counts for nothing once the time is signed, and is not asked for then", () => {
    check(hinted(TO + 1, { nowUnix: () => FROM + 1 }));
    assert.throws(() => check(hinted(FROM + 1, { nowUnix: () => TO + 1 })), {
      code: "tls-expired",
    });
  });
});

describe("https on the image", () => {
  /** The SDK's socket: shows a chain, then says that it can be written to. */
  function bench(chain: readonly Uint8Array[], proves = true, options = trust()) {
    const sockets: { sent: string; options: ConstructorParameters<TlsSocketConstructor>[0] }[] = [];
    const Tls = class {
      readonly #socket: { sent: string; options: ConstructorParameters<TlsSocketConstructor>[0] };
      constructor(given: ConstructorParameters<TlsSocketConstructor>[0]) {
        this.#socket = { sent: "", options: given };
        sockets.push(this.#socket);
        const { address, port } = given;
        new given.TCP.io({ address, port, onReadable: () => this.#handshake() });
      }
      #handshake(): void {
        const { secure, onWritable } = this.#socket.options;
        if (!secure.judge(chain)) throw new Error("certificate: auth err");
        if (proves) secure.proved();
        onWritable(1_000);
      }
      read = () => undefined;
      write(bytes: ArrayBuffer | Uint8Array): void {
        this.#socket.sent += new TextDecoder().decode(bytes);
      }
      close(): void {}
    };
    const tcps: TCPOptions[] = [];
    const Tcp = class {
      constructor(given: TCPOptions) {
        tcps.push(given);
      }
      read = () => undefined;
      write(): void {}
      close(): void {}
    } as unknown as TCPConstructor;
    const { timer } = new VirtualTime();
    const resolve = (_host: string, call: (address: string) => void): void => call("10.0.0.9");
    const connect = tlsConnect(Tls, Tcp, plainConnect(Tcp), options);
    const client = new TcpHttpClient({ timer, resolve, connect });
    const get = (url: string) =>
      client.request({ method: "GET", url, headers: {}, body: "", timeoutMs: 1_000 });
    const arrive = (): void => tcps[0]!.onReadable!.call({} as never, 1);
    return { get, sockets, arrive, tcps };
  }

  it("sends nothing before the server has shown a certificate and proved its key", async () => {
    const { get, sockets, arrive } = bench([server, ca]);
    void get("https://door.example/x");
    assert.equal(sockets[0]!.sent, "");
    assert.deepEqual([sockets[0]!.options.host, sockets[0]!.options.port], ["door.example", 443]);
    arrive();
    assert.match(sockets[0]!.sent, /^GET \/x HTTP\/1.1\r\nhost: door.example\r\n/);
  });

  it("ends with the reason, and the program goes on, when the certificate is not good", async () => {
    const expired = bench([server, ca], true, trust({ builtUnix: TO + 1 }));
    const answer = expired.get("https://door.example/");
    expired.arrive();
    await assert.rejects(answer, { code: "tls-expired" });
    assert.equal(expired.sockets[0]!.sent, "");
  });

  it("asks a time server with its first connection, and no more once the time is signed", () => {
    let asked = 0;
    let now: number | undefined;
    const hint = { ask: () => void asked++, unix: () => undefined };
    const { get } = bench([server, ca], true, trust({ hint, nowUnix: () => now }));
    void get("https://door.example/");
    assert.equal(asked, 1);
    now = FROM + 1;
    void get("https://door.example/");
    assert.equal(asked, 1);
  });

  it("does not believe a copy of the certificate", async () => {
    const { get, sockets, arrive } = bench([server, ca], false);
    const answer = get("https://door.example/");
    arrive();
    await assert.rejects(answer, { code: "tls-untrusted", message: /did not prove/ });
    assert.equal(sockets[0]!.sent, "");
  });

  it("is refused by an image without TLS, before anything is sent in the open", async () => {
    let opened = 0;
    const Tcp = class {
      constructor() {
        opened++;
      }
    } as unknown as TCPConstructor;
    const { timer } = new VirtualTime();
    const resolve = (_host: string, call: (address: string) => void): void => call("10.0.0.9");
    const client = new TcpHttpClient({ timer, resolve, connect: plainConnect(Tcp) });
    const url = "https://door.example/";
    const request = { method: "GET", url, headers: {}, body: "", timeoutMs: 1_000 } as const;
    await assert.rejects(client.request(request), { code: "tls-unavailable" });
    assert.equal(opened, 0);
  });
});
