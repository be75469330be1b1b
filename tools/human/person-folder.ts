import { join } from "node:path";
import { nobleHuman as crypto } from "../../protocol/crypto/noble-p256.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import { parseRoot } from "../../protocol/human/device.ts";
import {
  type Certificate,
  fingerprint,
  parseCertificate,
} from "../../protocol/human/x509/certificate.ts";
import { makeCrl, type RevokedSerial } from "../../protocol/human/x509/crl.ts";
import { makeCsr } from "../../protocol/human/x509/csr.ts";
import { fromPem, type PemLabel, toPem } from "../../protocol/human/x509/pem.ts";
import { parseObject } from "../../protocol/json/reader.ts";
import type { Context } from "../cli/context.ts";
import { type FileKey, makeKey, readKey } from "./key-file.ts";

/** A list of revoked devices is in force for a week, then made anew by the revocation key. */
const CRL_SECONDS = 7 * 86_400;

const REVOKED = "revoked.json";

interface Revocations {
  readonly number: number;
  readonly revoked: readonly RevokedSerial[];
}

/**
 * What a person keeps on a computer, none of it the words: the root's certificate, the revocation
 * key and its list, and a key and certificate for each device.
 */
export class PersonFolder {
  readonly path: string;
  readonly #context: Context;

  constructor(context: Context, path: string) {
    this.#context = context;
    this.path = path;
  }

  get nowUnix(): number {
    return Math.floor(this.#context.nowMs() / 1000);
  }

  /** @throws file-unusable when nobody enrolled here */
  root(): Certificate {
    const der = this.#readPem("root.pem", "CERTIFICATE");
    const { publicKey } = parseCertificate(crypto, der);
    return parseRoot(crypto, der, fingerprint(crypto, publicKey));
  }

  /** The request of a new revocation key; its root answers it. @throws conflict */
  async startEnrolment(): Promise<Uint8Array> {
    const { publicKey, sign } = makeKey(this.#context, this.#at("revocation.key"));
    return makeCsr(publicKey, sign);
  }

  /** Keeps what the root has signed and makes the first list. */
  async enrol(root: Uint8Array, revoker: Uint8Array): Promise<void> {
    this.#writePem("root.pem", "CERTIFICATE", root);
    this.#writePem("revoker.pem", "CERTIFICATE", revoker);
    await this.#publish({ number: 1, revoked: [] });
  }

  /** The request of a device with a new key. @throws conflict, file-unusable */
  async startDevice(name: string): Promise<Uint8Array> {
    this.root();
    const { publicKey, sign } = makeKey(this.#context, this.#at(`devices/${name}.key`));
    return makeCsr(publicKey, sign);
  }

  finishDevice(name: string, certificate: Uint8Array): string {
    return this.#writePem(`devices/${name}.pem`, "CERTIFICATE", certificate);
  }

  /** A device of this folder. @throws file-unusable */
  device(name: string): { readonly certificate: Uint8Array; readonly key: FileKey } {
    const certificate = this.#readPem(`devices/${name}.pem`, "CERTIFICATE");
    return { certificate, key: readKey(this.#context, this.#at(`devices/${name}.key`)) };
  }

  /** Gives up a device whose certificate was not made. */
  abandonDevice(name: string): void {
    this.#context.removeFile(this.#at(`devices/${name}.key`));
  }

  /** Adds a device to the list, without the words. @throws file-unusable */
  async revokeDevice(name: string, reason: number): Promise<number> {
    const der = this.#readPem(`devices/${name}.pem`, "CERTIFICATE");
    const { serial } = parseCertificate(crypto, der);
    const { number, revoked } = this.#revocations();
    const known = revoked.some((one) => toHex(one.serial) === toHex(serial));
    const entry = { serial, at: this.nowUnix, reason };
    const next = { number: number + 1, revoked: known ? revoked : [...revoked, entry] };
    await this.#publish(next);
    return next.number;
  }

  async #publish(revocations: Revocations): Promise<void> {
    const { publicKey, sign } = readKey(this.#context, this.#at("revocation.key"));
    const issuer = this.root().subject;
    const times = { thisUpdate: this.nowUnix, nextUpdate: this.nowUnix + CRL_SECONDS };
    const crl = await makeCrl(crypto, { ...revocations, ...times, issuer, publicKey }, sign);
    const rows = revocations.revoked.map((row) => ({ ...row, serial: toHex(row.serial) }));
    const text = JSON.stringify({ number: revocations.number, revoked: rows }, undefined, 2);
    this.#context.writeFile(this.#at(REVOKED), `${text}\n`);
    this.#writePem("crl.pem", "X509 CRL", crl);
  }

  #revocations(): Revocations {
    const body = parseObject(this.#read(REVOKED), REVOKED);
    const revoked = body.objects("revoked", { max: 1000 }).map((row) => ({
      serial: fromHex(row.string("serial"), "serial"),
      at: row.uint("at"),
      reason: row.uint("reason", { max: 10 }),
    }));
    return { number: body.uint("number", { max: 0x7fff_fffe }), revoked };
  }

  #at(name: string): string {
    return join(this.path, name);
  }

  #read(name: string): string {
    const path = this.#at(name);
    const text = this.#context.readText(path);
    if (text === undefined)
      throw new LatchkeyError("file-unusable", { message: `there is no ${path}` });
    return text;
  }

  #readPem(name: string, label: PemLabel): Uint8Array {
    return fromPem(label, this.#read(name));
  }

  #writePem(name: string, label: PemLabel, der: Uint8Array): string {
    this.#context.writeFile(this.#at(name), toPem(label, der));
    return this.#at(name);
  }
}
