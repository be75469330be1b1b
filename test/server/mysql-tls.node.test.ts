import "reflect-metadata";
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { webcrypto } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TLSSocket } from "node:tls";
import * as x509 from "@peculiar/x509";
import { root } from "../support/test-files.ts";

const ALGORITHM = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const DAY_MS = 86_400_000;

const newKeys = () => webcrypto.subtle.generateKey(ALGORITHM, true, ["sign", "verify"]);

/** An authority, and a certificate by it for that name. */
async function certificateFor(name: string) {
  x509.cryptoProvider.set(webcrypto as never);
  const [authority, server] = [await newKeys(), await newKeys()];
  const dates = {
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + DAY_MS),
  };
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...{ serialNumber: "01", name: "CN=test authority", keys: authority, ...dates },
    signingAlgorithm: ALGORITHM,
    extensions: [new x509.BasicConstraintsExtension(true, 0, true)],
  });
  const own = await x509.X509CertificateGenerator.create({
    ...{ serialNumber: "02", subject: `CN=${name}`, issuer: ca.subject, ...dates },
    ...{ publicKey: server.publicKey, signingKey: authority.privateKey },
    signingAlgorithm: ALGORITHM,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: "dns", value: name }])],
  });
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", server.privateKey);
  const key = x509.PemConverter.encode(pkcs8, "PRIVATE KEY");
  return { ca: ca.toString("pem"), cert: own.toString("pem"), key };
}

/** The first packet of a server (Protocol::HandshakeV10) that can do TLS. */
function greeting(): Buffer {
  // Protocol 4.1, TLS, secure connection, plugin authentication; utf8mb4; autocommit.
  const capabilities = 0x00080000 | 0x8000 | 0x0800 | 0x0200 | 0x0001;
  const head = Buffer.from("\x0a8.4.3\0", "latin1");
  const fixed = Buffer.alloc(4 + 8 + 1 + 2 + 1 + 2 + 2 + 1 + 10);
  fixed.fill(0x41, 4, 12);
  fixed.writeUInt16LE(capabilities & 0xffff, 13);
  fixed.writeUInt8(45, 15);
  fixed.writeUInt16LE(2, 16);
  fixed.writeUInt16LE(capabilities >>> 16, 18);
  fixed.writeUInt8(21, 20);
  const rest = Buffer.from(`${"A".repeat(12)}\0caching_sha2_password\0`, "latin1");
  const body = Buffer.concat([head, fixed, rest]);
  return Buffer.concat([Buffer.from([body.length, 0, 0, 0]), body]);
}

describe("TLS to MySQL or MariaDB", function () {
  this.timeout(30_000);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "latchkey-tls-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Whether the client says anything to who has a good certificate for that name. */
  async function speaksTo(name: string): Promise<boolean> {
    const { ca, cert, key } = await certificateFor(name);
    let spoken = false;
    const server = createServer((socket: Socket) => {
      socket.on("error", () => {});
      socket.once("data", () => {
        const secure = new TLSSocket(socket, { isServer: true, cert, key });
        secure.on("error", () => {});
        secure.once("data", () => {
          spoken = true;
          secure.destroy();
        });
      });
      socket.write(greeting());
    });
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const trusted = join(folder, "ca.pem");
    writeFileSync(trusted, ca);
    const module = join(root, "server/service-stores.ts");
    const program =
      `import { openRecords } from ${JSON.stringify(module)};` +
      `await openRecords("mysql://u:secret@localhost:${port}/x?tls=on").catch(() => {});` +
      "process.exit();";
    const env = { ...process.env, NODE_EXTRA_CA_CERTS: trusted };
    const child = spawn(process.execPath, ["--input-type=module", "-e", program], { env });
    await once(child, "exit");
    server.close();
    return spoken;
  }

  it("says no word to a server whose certificate is another's, however good it is", async () => {
    assert.equal(await speaksTo("localhost"), true);
    assert.equal(await speaksTo("elsewhere.example"), false);
  });
});
