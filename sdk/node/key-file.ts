import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  randomBytes,
  scryptSync,
  sign,
} from "node:crypto";
import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { isLatchkeyError, LatchkeyError } from "../../protocol/errors.ts";
import { type JsonObject, type JsonReader, parseObject } from "../../protocol/json/reader.ts";
import type { KeyStore } from "../identity-key.ts";
import { introduceSoftwareKey, type SoftwareKey, softwareIdentity } from "../software-key.ts";

export interface KeyFileOptions {
  /** Made when absent, with mode 0600; its folder must be there. */
  readonly path: string;
  /** Wraps the key: the file alone is then of no use. */
  readonly passphrase?: string;
}

/** RFC 8410 §7: what stands before the 32 bytes of a seed. */
const PKCS8 = fromHex("302e020100300506032b657004220420");
/** scrypt (RFC 7914): 128 MiB and some tenths of a second for each guess. */
const SCRYPT = Object.freeze({ N: 2 ** 17, r: 8, p: 1, maxmem: 256 * 2 ** 20 });
const TAG_BYTES = 16;

function wrap(seed: Uint8Array, passphrase: string): JsonObject {
  const salt = randomBytes(16);
  const key = scryptSync(passphrase.normalize("NFKC"), salt, 32, SCRYPT);
  // The nonce may be fixed: the key is of a fresh salt and seals this one text.
  const cipher = createCipheriv("aes-256-gcm", key, new Uint8Array(12));
  const sealed = Buffer.concat([cipher.update(seed), cipher.final(), cipher.getAuthTag()]);
  key.fill(0);
  return { v: 1, kdf: "scrypt", salt: toHex(salt), sealed: toHex(sealed) };
}

/** @throws passphrase-wrong, malformed */
function unwrap(file: JsonReader, passphrase: string): Uint8Array {
  file.oneOf("kdf", ["scrypt"]);
  const salt = fromHex(file.string("salt", { max: 32 }), "salt");
  const sealed = fromHex(file.string("sealed", { max: 96 }), "sealed");
  const key = scryptSync(passphrase.normalize("NFKC"), salt, 32, SCRYPT);
  const end = sealed.length - TAG_BYTES;
  const options = { authTagLength: TAG_BYTES };
  const cipher = createDecipheriv("aes-256-gcm", key, new Uint8Array(12), options);
  key.fill(0);
  try {
    cipher.setAuthTag(sealed.subarray(end));
    return Buffer.concat([cipher.update(sealed.subarray(0, end)), cipher.final()]);
  } catch (cause) {
    throw new LatchkeyError("passphrase-wrong", { cause });
  }
}

/** The file's text, or `undefined` if there is none. @throws file-unusable */
function readPrivateFile(path: string): string | undefined {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new LatchkeyError("file-unusable", { cause, detail: { path } });
  }
  try {
    // A key that others may have read is not this identity's alone any more.
    if (process.platform !== "win32" && (fstatSync(file).mode & 0o077) !== 0)
      throw new LatchkeyError("file-unusable", {
        message: `${path} can be read by others: chmod 600, and think of a new key.`,
        detail: { path },
      });
    return readFileSync(file, "utf8");
  } finally {
    closeSync(file);
  }
}

/** Durable, whole and in nobody's place: of two processes at once, one lays the file. */
function layPrivateFile(path: string, text: string): void {
  const temporary = `${path}.${toHex(randomBytes(6))}`;
  const file = openSync(temporary, "wx", 0o600);
  try {
    writeFileSync(file, text);
    fsyncSync(file);
    linkSync(temporary, path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== "EEXIST")
      throw new LatchkeyError("file-unusable", { cause, detail: { path } });
  } finally {
    closeSync(file);
    rmSync(temporary, { force: true });
  }
}

function keyOf(seed: Uint8Array): SoftwareKey {
  const der = Buffer.concat([PKCS8, seed]);
  const key: KeyObject = createPrivateKey({ key: der, format: "der", type: "pkcs8" });
  der.fill(0);
  seed.fill(0);
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  const publicKey = new Uint8Array(spki.subarray(-32));
  return { publicKey, sign: async (message) => new Uint8Array(sign(null, message, key)) };
}

/** The seed in a file's text. @throws passphrase-wrong, malformed */
function seedIn(text: string, passphrase: string | undefined): Uint8Array {
  const file = parseObject(text);
  if (file.uint("v") !== 1) throw file.wrong("v", "not 1");
  // A key that was to be wrapped and is not has been put there by somebody else.
  if (file.has("kdf") !== (passphrase !== undefined)) throw new LatchkeyError("passphrase-wrong");
  const seed =
    passphrase === undefined
      ? fromHex(file.string("seed", { max: 64 }), "seed")
      : unwrap(file, passphrase);
  if (seed.length !== 32) throw file.wrong("seed", "needs 32 bytes");
  return seed;
}

/** @throws passphrase-wrong, storage-corrupt, file-unusable */
function loadKey({ path, passphrase }: KeyFileOptions): SoftwareKey | undefined {
  const text = readPrivateFile(path);
  if (text === undefined) return undefined;
  try {
    return keyOf(seedIn(text, passphrase));
  } catch (cause) {
    if (!isLatchkeyError(cause, "malformed")) throw cause;
    throw new LatchkeyError("storage-corrupt", { cause, detail: { path } });
  }
}

function createKey(options: KeyFileOptions): SoftwareKey {
  const { path, passphrase } = options;
  const seed = randomBytes(32);
  const content = passphrase === undefined ? { v: 1, seed: toHex(seed) } : wrap(seed, passphrase);
  seed.fill(0);
  layPrivateFile(path, `${JSON.stringify(content)}\n`);
  // What is there now counts, whoever laid it.
  const key = loadKey(options);
  if (key === undefined) throw new LatchkeyError("storage-failed", { detail: { path } });
  return key;
}

/** An identity of the level STD in a file, for Node. */
export function keyFile(options: KeyFileOptions): KeyStore {
  let key: SoftwareKey | undefined;
  const load = (): SoftwareKey | undefined => {
    key ??= loadKey(options);
    return key;
  };
  return {
    async load() {
      const known = load();
      return known && softwareIdentity(known);
    },
    async introduce(registration) {
      key = load() ?? createKey(options);
      return introduceSoftwareKey(key, registration);
    },
  };
}
