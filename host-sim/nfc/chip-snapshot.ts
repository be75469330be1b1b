import type { CryptoProvider } from "../../protocol/crypto/provider.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { malformed } from "../../protocol/errors.ts";
import { type JsonObject, JsonReader } from "../../protocol/json/reader.ts";
import type { Random } from "../../protocol/platform.ts";
import { Ntag424 } from "./ntag424.ts";
import type { ChipFile, SdmSettings } from "./ntag424-file.ts";
import {
  type AuthenticationFailures,
  type ChipConfiguration,
  type ChipKey,
  type ChipMemory,
  factoryMemory,
} from "./ntag424-memory.ts";
import { checkSdm } from "./ntag424-sdm-rules.ts";

const FORMAT = "latchkey-ntag424-1";
const KEYS = 5;

/**
 * Everything that a chip keeps without power, as JSON. It holds the chip's keys in clear: who
 * stores it, stores it readable for its owner alone, and logs it nowhere.
 */
export interface ChipSnapshot {
  readonly format: typeof FORMAT;
  readonly uid: string;
  readonly keys: readonly { readonly value: string; readonly version: number }[];
  readonly failures: readonly Readonly<AuthenticationFailures>[];
  readonly files: readonly FileSnapshot[];
  readonly randomId: boolean;
  readonly configuration: Readonly<ChipConfiguration>;
  readonly shortIds: ChipMemory["shortIds"];
  readonly signature?: string;
  readonly originalityKeys?: readonly string[];
  readonly production: string;
}

interface FileSnapshot {
  readonly content: string;
  readonly commMode: ChipFile["commMode"];
  readonly access: Readonly<ChipFile["access"]>;
  readonly sdm?: SdmSettings;
  readonly readCounter: number;
}

/** The chip's persistent state; what goes with the field (sessions, selections) is not in it. */
export function snapshotChip(chip: Ntag424): ChipSnapshot {
  const { memory } = chip;
  return {
    format: FORMAT,
    uid: toHex(memory.uid),
    keys: memory.keys.map(({ value, version }) => ({ value: toHex(value), version })),
    failures: memory.failures.map((failures) => ({ ...failures })),
    files: memory.files.map((file) => ({
      content: toHex(file.content),
      commMode: file.commMode,
      access: { ...file.access },
      ...(file.sdm === undefined ? {} : { sdm: { ...file.sdm } }),
      readCounter: file.readCounter,
    })),
    randomId: memory.randomId,
    configuration: { ...memory.configuration },
    shortIds: memory.shortIds,
    ...(memory.signature === undefined ? {} : { signature: toHex(memory.signature) }),
    ...(memory.originalityKeys && { originalityKeys: memory.originalityKeys.map(toHex) }),
    production: toHex(memory.production),
  };
}

/**
 * A chip with the state of a snapshot, out of the field. The snapshot may come from a file: it
 * is checked completely.
 * @throws malformed naming the field
 */
export function restoreChip(
  snapshot: ChipSnapshot,
  engines: { readonly crypto: CryptoProvider; readonly random: Random },
): Ntag424 {
  const reader = new JsonReader(snapshot as unknown as JsonObject);
  reader.oneOf("format", [FORMAT]);
  const uid = hex(reader, "uid", 7);
  const fresh = factoryMemory({ uid, ...engines });
  const configuration = readConfiguration(reader.object("configuration"));
  const keys = list(reader, "keys", KEYS).map(readKey);
  const failures = list(reader, "failures", KEYS).map(readFailures);
  const files = list(reader, "files", fresh.files.length).map((file, i) =>
    readFile(file, fresh.files[i]!, configuration.lrp),
  );
  const signature = reader.has("signature") ? hex(reader, "signature", 56) : undefined;
  return new Ntag424({
    ...fresh,
    keys,
    failures,
    files,
    randomId: reader.boolean("randomId"),
    configuration,
    shortIds: reader.oneOf("shortIds", ["file-id", "file-number", "none"]),
    signature,
    originalityKeys: readOriginalityKeys(reader),
    production: hex(reader, "production", 7),
  });
}

function list(reader: JsonReader, name: string, count: number): readonly JsonReader[] {
  const elements = reader.objects(name, { max: count });
  if (elements.length !== count) throw malformed(name, `needs ${count} elements`);
  return elements;
}

function hex(reader: JsonReader, name: string, length: number): Uint8Array {
  const bytes = fromHex(reader.string(name, { max: 2 * length }), name);
  if (bytes.length !== length) throw malformed(name, `needs ${length} bytes`);
  return bytes;
}

function readOriginalityKeys(reader: JsonReader): Uint8Array[] | undefined {
  const name = "originalityKeys";
  if (!reader.has(name)) return undefined;
  return reader.array(name, { max: 4 }).map((value) => {
    const key = typeof value === "string" && value.length === 32 ? fromHex(value, name) : undefined;
    if (key === undefined) throw malformed(name, "needs keys of 16 bytes");
    return key;
  });
}

function readKey(reader: JsonReader): ChipKey {
  return { value: hex(reader, "value", 16), version: reader.uint("version", { max: 0xff }) };
}

function readFailures(reader: JsonReader): AuthenticationFailures {
  const count = (name: string): number => reader.uint(name, { max: 0xffff });
  const consecutive = reader.uint("consecutive", { max: 0xff });
  return { total: count("total"), consecutive, spentTime: count("spentTime") };
}

function readConfiguration(reader: JsonReader): ChipConfiguration {
  return {
    lrp: reader.boolean("lrp"),
    pdCap5: reader.uint("pdCap5", { max: 0xff }),
    pdCap6: reader.uint("pdCap6", { max: 0xff }),
    chainedWritesOff: reader.boolean("chainedWritesOff"),
    failureCounting: reader.boolean("failureCounting"),
    failureLimit: reader.uint("failureLimit", { max: 0xffff }),
    failureDecrement: reader.uint("failureDecrement", { max: 0xffff }),
    strongBackModulation: reader.boolean("strongBackModulation"),
  };
}

function readFile(reader: JsonReader, fresh: ChipFile, lrp: boolean): ChipFile {
  const rights = reader.object("access");
  const right = (name: keyof ChipFile["access"]): number => {
    const value = rights.uint(name, { max: 0xf });
    if (value > 4 && value < 0xe) throw malformed(name, "names no key");
    return value;
  };
  const readCounter = reader.uint("readCounter", { max: 0xffffff });
  const sdm = reader.has("sdm") ? readSdm(reader.object("sdm")) : undefined;
  // The counter may have reached its limit meanwhile, which only a new setting must not.
  const violated = sdm && checkSdm(sdm, fresh.content.length, 0, lrp ? "lrp" : "aes");
  if (violated !== undefined) throw malformed("sdm", violated);
  return {
    ...fresh,
    content: hex(reader, "content", fresh.content.length),
    commMode: reader.oneOf("commMode", ["plain", "mac", "full"]),
    access: {
      read: right("read"),
      write: right("write"),
      readWrite: right("readWrite"),
      change: right("change"),
    },
    sdm,
    readCounter,
  };
}

const OFFSETS = Object.freeze([
  "uidOffset",
  "readCounterOffset",
  "piccDataOffset",
  "macInputOffset",
  "macOffset",
  "encOffset",
  "encLength",
  "readCounterLimit",
] as const);

function readSdm(reader: JsonReader): SdmSettings {
  const settings: SdmSettings = {
    uid: reader.boolean("uid"),
    readCounter: reader.boolean("readCounter"),
    metaRead: reader.uint("metaRead", { max: 0xf }),
    fileRead: reader.uint("fileRead", { max: 0xf }),
    counterRead: reader.uint("counterRead", { max: 0xf }),
  };
  const offsets: { -readonly [name in (typeof OFFSETS)[number]]?: number } = {};
  for (const name of OFFSETS) {
    if (reader.has(name)) offsets[name] = reader.uint(name, { max: 0xffffff });
  }
  return { ...settings, ...offsets };
}
