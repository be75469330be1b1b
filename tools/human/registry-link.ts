import { join } from "node:path";
import { nobleHuman as crypto } from "../../protocol/crypto/noble-p256.ts";
import { toBase64Url } from "../../protocol/encoding/base64.ts";
import { toHex } from "../../protocol/encoding/hex.ts";
import { LatchkeyError } from "../../protocol/errors.ts";
import {
  type RegistryAct,
  signRegistryStatement,
} from "../../protocol/human/registry-statement.ts";
import { type RootWords, withRoot } from "../../protocol/human/root-identity.ts";
import { fingerprint, parseCertificate } from "../../protocol/human/x509/certificate.ts";
import { fromProblem } from "../../protocol/json/problem.ts";
import { type JsonObject, type JsonReader, parseObject } from "../../protocol/json/reader.ts";
import {
  ACCOUNT_PATH,
  BEGIN_ENROLMENT_PATH,
  ENROL_PATH,
  SUBMIT_PATH,
} from "../../server/human/paths.ts";
import type { Context } from "../cli/context.ts";
import type { PersonFolder } from "./person-folder.ts";

const FILE = "registry.json";
const DEVICES_MAX = 64;
const LIMITS = Object.freeze({ length: 2 ** 20, depth: 8 });

/** Where a person is registered. */
export interface RegistryPlace {
  /** Base URL of the server. */
  readonly url: string;
  readonly tenantId: string;
}

/** A person's registry on a server, as the folder on this computer knows it. */
export class RegistryLink {
  readonly place: RegistryPlace;
  /** Names of this folder's devices that the registry has. */
  readonly devices: readonly string[];
  readonly #context: Context;
  readonly #folder: PersonFolder;

  constructor(
    context: Context,
    folder: PersonFolder,
    place: RegistryPlace,
    devices: readonly string[] = [],
  ) {
    this.#context = context;
    this.#folder = folder;
    this.place = { ...place, url: place.url.replace(/\/+$/, "") };
    this.devices = devices;
  }

  /** `undefined` for a person who is registered nowhere. @throws malformed */
  static open(context: Context, folder: PersonFolder): RegistryLink | undefined {
    const text = context.readText(join(folder.path, FILE));
    if (text === undefined) return undefined;
    const body = parseObject(text, FILE);
    const place = { url: body.string("url"), tenantId: body.uuid("tenant_id") };
    const devices = body.array("devices", { max: DEVICES_MAX }).map(String);
    return new RegistryLink(context, folder, place, devices);
  }

  /**
   * Enrols the root of the words: the registry gets the power to revoke, once.
   * @param token of an invitation @throws invitation-invalid, conflict, certificate-untrusted
   */
  async enrol(words: RootWords, token: string): Promise<void> {
    const own = fingerprint(crypto, this.#folder.root().publicKey);
    const csr = (await this.#ask(BEGIN_ENROLMENT_PATH, { token })).bytes("csr", DER);
    const signed = withRoot(crypto, words, (root) => {
      if (root.id !== own)
        throw new LatchkeyError("certificate-untrusted", {
          message: "The words are those of another root.",
        });
      const validity = { notBefore: this.#folder.nowUnix };
      const revoker = root.delegateRevocation(csr, validity, this.place.tenantId);
      return { root: toBase64Url(root.certificate()), revoker: toBase64Url(revoker) };
    });
    await this.#ask(ENROL_PATH, { token, ...signed });
    this.#save([]);
  }

  /** Registers a device of the folder. @throws statement-invalid, certificate-revoked */
  async join(name: string): Promise<void> {
    const { certificate } = this.#folder.device(name);
    await this.#say(SUBMIT_PATH, name, { act: "join", certificate });
    this.#save([...new Set([...this.devices, name])]);
  }

  /**
   * Revokes a device, by the word of another, or of itself where there is no other.
   * @throws statement-invalid, device-unknown
   */
  async revoke(name: string, lost: boolean, by = this.#other(name)): Promise<void> {
    const { serial } = parseCertificate(crypto, this.#folder.device(name).certificate);
    await this.revokeSerial(toHex(serial), lost, by);
    this.#save(this.devices.filter((one) => one !== name));
  }

  /** Revokes one of which this folder has no certificate, as after `recover`. */
  async revokeSerial(serial: string, lost: boolean, by = this.#other("")): Promise<void> {
    await this.#say(SUBMIT_PATH, by, { act: "revoke", serial, lost });
  }

  /** How the person's account is. @throws statement-invalid */
  async account(by = this.#other("")): Promise<{
    readonly generation: number;
    readonly devices: readonly string[];
    readonly revoked: readonly string[];
  }> {
    const answer = await this.#say(ACCOUNT_PATH, by, { act: "account" });
    const serials = (field: string) => answer.array(field, { max: DEVICES_MAX }).map(String);
    const [devices, revoked] = [serials("devices"), serials("revoked")];
    return { generation: answer.uint("generation"), devices, revoked };
  }

  #other(name: string): string {
    const by = this.devices.find((one) => one !== name) ?? this.devices[0];
    if (by !== undefined) return by;
    throw new LatchkeyError("device-unknown", {
      message: "The registry has none of this computer's devices.",
    });
  }

  async #say(path: string, by: string, act: RegistryAct): Promise<JsonReader> {
    const { certificate, key } = this.#folder.device(by);
    const statement = await signRegistryStatement(
      {
        rootId: fingerprint(crypto, this.#folder.root().publicKey),
        serial: toHex(parseCertificate(crypto, certificate).serial),
        ...{ tenantId: this.place.tenantId, issuedAt: this.#folder.nowUnix, act },
      },
      key.sign,
    );
    return await this.#ask(path, { statement });
  }

  async #ask(path: string, body: JsonObject): Promise<JsonReader> {
    const { url, tenantId } = this.place;
    const whole = { tenant_id: tenantId, ...body };
    const answer = await this.#context.postJson(`${url}/${path}`, whole);
    if (answer.status !== 200) throw fromProblem(answer.status, answer.body);
    return parseObject(answer.body, "answer", LIMITS);
  }

  #save(devices: readonly string[]): void {
    const { url, tenantId } = this.place;
    const text = JSON.stringify({ url, tenant_id: tenantId, devices }, undefined, 2);
    this.#context.writeFile(join(this.#folder.path, FILE), `${text}\n`);
  }
}

const DER = Object.freeze({ min: 1, max: 8192 });
