/** The published NTAG 424 DNA vectors, one test each, named by their id and source. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { aesCmac } from "../../protocol/crypto/cmac.ts";
import { nobleCrypto as crypto } from "../../protocol/crypto/noble.ts";
import { concat, equalBytes, uintBE } from "../../protocol/encoding/bytes.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { toUtf8 } from "../../protocol/encoding/utf8.ts";
import { isLatchkeyError } from "../../protocol/errors.ts";
import { diversifyAes128 } from "../../protocol/nfc/an10922.ts";
import {
  encodeCommand,
  encodeResponse,
  parseCommand,
  parseResponse,
  type Transceive,
} from "../../protocol/nfc/apdu.ts";
import { parseCapabilityContainer } from "../../protocol/nfc/capability-container.ts";
import { getVersion, isNtag424 } from "../../protocol/nfc/ntag424-read.ts";
import {
  sdmContext,
  sdmMac,
  sdmSessionEncKey,
  sdmSessionMacKey,
  truncateMac,
} from "../../protocol/nfc/sdm.ts";
import {
  openLrpPiccData,
  sdmLrpMac,
  sdmLrpSessionKeys,
  sdmLrpSessionVector,
} from "../../protocol/nfc/sdm-lrp.ts";
import { statusWordName } from "../../protocol/nfc/status-word.ts";
import { openPiccData, type SunIdentity, verifySun } from "../../protocol/nfc/sun.ts";
import { getFileSettings, readSignature } from "../../protocol/ntag424/card-facts.ts";
import { writeData } from "../../protocol/ntag424/file-data.ts";
import { verifyOriginality } from "../../protocol/ntag424/originality.ts";
import { plainSender } from "../../protocol/ntag424/plain-sender.ts";
import { lrpMasterKey } from "../../protocol/ntag424/session-keys.ts";
import { readVectors, vectorsFolder } from "../support/vectors.ts";
import { failsWith } from "./nfc-expect.ts";
import {
  bytesOf,
  compare,
  type Fields,
  mutantsOf,
  textOf,
  type Vector,
  type VectorFile,
} from "./ntag424-vector.ts";
import { SECURE_MESSAGING_KINDS } from "./ntag424-vector-kinds.ts";

const FILE = "nfc-vectors.json";
const path = join(vectorsFolder, FILE);
const file = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as VectorFile) : undefined;

const isLrp = (input: Fields) => input["mode"] === "lrp";

/** The chip's MAC, or the one it must have made where the source prints none. */
function sunMac({ input, expected }: Vector, { uid, readCounter }: SunIdentity): Uint8Array {
  if (expected["sdmmac"] !== undefined) return bytesOf(expected, "sdmmac");
  const key = bytesOf(input, "fileReadKey");
  const macInput = toUtf8(textOf(input, "macInputAscii"));
  if (!isLrp(input)) return sdmMac(crypto, key, uid, readCounter, macInput);
  return sdmLrpMac(crypto, sdmLrpSessionKeys(crypto, key, uid, readCounter).macKey, macInput);
}

function runSdmMessage(vector: Vector): void {
  const { input, expected } = vector;
  const messaging = isLrp(input) ? "lrp" : "aes";
  const metaReadKey = bytesOf(input, "metaReadKey");
  const fileReadKey = bytesOf(input, "fileReadKey");
  const picc = bytesOf(input, "piccData");
  const plain = { uid: bytesOf(input, "uid"), readCounter: Number(input["ctr"] ?? 0) };
  const hidden = picc.length > 0;
  const identity = hidden ? openPiccData(crypto, messaging, metaReadKey, picc) : plain;
  const { uid, readCounter } = identity;
  const encFileData = bytesOf(input, "encFileData");
  const read = verifySun(
    crypto,
    { metaReadKey, fileReadKey: () => fileReadKey },
    {
      messaging,
      picc: hidden ? picc : plain,
      ...(encFileData.length > 0 && { encFileData }),
      cmac: sunMac(vector, identity),
      macInput: toUtf8(textOf(input, "macInputAscii")),
    },
  );
  const figures =
    messaging === "aes" ? aesSdmFigures(vector, identity) : lrpSdmFigures(vector, identity);
  // The MAC was compared by verifySun.
  const { sdmmac: _, ...rest } = expected;
  compare(rest, { uid, ctr: readCounter, fileData: read.fileData, ...figures });
}

function aesSdmFigures({ input }: Vector, { uid, readCounter }: SunIdentity) {
  const key = bytesOf(input, "fileReadKey");
  const macKey = sdmSessionMacKey(crypto, key, uid, readCounter);
  const encKey = sdmSessionEncKey(crypto, key, uid!, readCounter!);
  const counterBlock = new Uint8Array(16);
  counterBlock.set(uintBE(readCounter!, 3).reverse());
  const metaReadKey = bytesOf(input, "metaReadKey");
  return {
    encKey,
    macKey,
    cmac: aesCmac(crypto, macKey, toUtf8(textOf(input, "macInputAscii"))),
    encIv: crypto.aesEncryptBlock(encKey, counterBlock),
    piccPlain: crypto.aesCbcDecrypt(metaReadKey, new Uint8Array(16), bytesOf(input, "piccData")),
  };
}

function lrpSdmFigures({ input }: Vector, { uid, readCounter }: SunIdentity) {
  const vector = sdmLrpSessionVector(sdmContext(uid, readCounter));
  const picc = bytesOf(input, "piccData");
  return {
    masterKey: lrpMasterKey(crypto, bytesOf(input, "fileReadKey"), vector),
    piccPlain: openLrpPiccData(crypto, bytesOf(input, "metaReadKey"), picc),
  };
}

function runSdmKeys({ input, expected }: Vector): void {
  const key = bytesOf(input, "fileReadKey");
  const uid = bytesOf(input, "uid");
  const counter = bytesOf(input, "ctrLSB").reverse();
  const readCounter = (counter[0]! << 16) | (counter[1]! << 8) | counter[2]!;
  compare(expected, {
    sv1: concat(fromHex("c33c00010080"), uid, bytesOf(input, "ctrLSB")),
    sv2: concat(fromHex("3cc300010080"), uid, bytesOf(input, "ctrLSB")),
    enc: sdmSessionEncKey(crypto, key, uid, readCounter),
    mac: sdmSessionMacKey(crypto, key, uid, readCounter),
  });
}

/** boltcard docs/DETERMINISTIC.md: every key is one CMAC, so they judge ours. */
function runBoltcard({ input, expected }: Vector): void {
  const issuerKey = bytesOf(input, "issuerKey");
  const uid = bytesOf(input, "uid");
  const label = (last: number) => Uint8Array.of(0x2d, 0x00, 0x3f, last);
  const version = Uint8Array.of(Number(input["version"]), 0, 0, 0);
  const cardKey = aesCmac(crypto, issuerKey, concat(label(0x75), uid, version));
  compare(expected, {
    cardKey,
    k0: aesCmac(crypto, cardKey, label(0x76)),
    k1: aesCmac(crypto, issuerKey, label(0x77)),
    k2: aesCmac(crypto, cardKey, label(0x78)),
    k3: aesCmac(crypto, cardKey, label(0x79)),
    k4: aesCmac(crypto, cardKey, label(0x7a)),
    id: aesCmac(crypto, issuerKey, concat(label(0x7b), uid)),
  });
}

const RUN: Readonly<Record<string, (vector: Vector) => void | Promise<void>>> = {
  ...SECURE_MESSAGING_KINDS,
  sdm_message: runSdmMessage,
  sdm_keys_aes: runSdmKeys,
  boltcard_keys: runBoltcard,
  aes_cmac: ({ input, expected }) => {
    const cmac = aesCmac(crypto, bytesOf(input, "key"), bytesOf(input, "msg"));
    compare(expected, { cmac });
  },
  an10922: ({ input, expected }) => {
    const masterKey = bytesOf(input, "masterKey");
    compare(expected, { key: diversifyAes128(crypto, masterKey, bytesOf(input, "m")) });
  },
};

/** How many there are of each kind, without the errata. */
const RIGHT: Readonly<Record<string, number>> = {
  aes_cmac: 3,
  an10922: 1,
  boltcard_keys: 2,
  change_key: 2,
  ev2_first: 3,
  ev2_nonfirst: 2,
  lrp_cmac: 39,
  lrp_eval: 38,
  lrp_first: 3,
  lrp_lricb: 38,
  lrp_nonfirst: 1,
  lrp_plaintexts: 1,
  lrp_session: 1,
  lrp_updated_keys: 1,
  originality: 14,
  sdm_keys_aes: 1,
  sdm_message: 20,
  sm_aes: 9,
  sm_lrp: 7,
};

/** Published values that are wrong: each must be found to be so. */
const ERRATA: Readonly<Record<string, (vector: Vector) => void>> = {
  "ntag424-vectors-README-ERRATUM-card-id": (vector) => {
    assert.throws(() => runBoltcard(vector), assert.AssertionError);
  },
  // Step 11 prints four stray zeros in the cipher text, so its Lc does not fit.
  "an12196-t9-ERRATUM-printed-capdu": ({ expected }) => {
    const printed = textOf(expected, "apdu").toLowerCase();
    failsWith("apdu-malformed", () => parseCommand(fromHex(printed)));
    const stray = printed.indexOf("00000000d9ad1e4c");
    const mended = fromHex(printed.slice(0, stray) + printed.slice(stray + 8));
    assert.equal(parseCommand(mended).data?.length, 0x9f);
  },
  // Step 13 prints a CMAC whose dropped bytes are wrong; what is left after truncation is right.
  "an12196-t9-ERRATUM-printed-fullcmac": ({ input, expected }) => {
    const next = Uint8Array.of(0x00, Number(input["cmdCtr"]) + 1, 0x00);
    const message = concat(next, bytesOf(input, "ti"));
    const cmac = aesCmac(crypto, bytesOf(input, "macKey"), message);
    const printed = bytesOf(expected, "respCmac");
    assert.equal(equalBytes(cmac, printed), false);
    assert.deepEqual(truncateMac(cmac), truncateMac(printed));
  },
};

const isErratum = (vector: Vector) => !vector.verified;

function sourceOf({ source }: Vector): string {
  return source.figure ?? `${source.repo} ${source.path}`;
}

function countBy(vectors: readonly Vector[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind } of vectors) counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}

describe("published NTAG 424 DNA vectors", () => {
  it("are there", function () {
    readVectors(this, FILE);
  });

  if (file === undefined) return;
  const { vectors, counts } = file;
  const good = vectors.filter((vector) => !isErratum(vector));
  const errata = vectors.filter(isErratum);

  it("are 189, and every one of them runs: 186 that are right and 3 that are not", () => {
    assert.equal(vectors.length, 189);
    assert.equal(new Set(vectors.map(({ id }) => id)).size, 189);
    assert.deepEqual(countBy(vectors), counts);
    assert.deepEqual(countBy(good), RIGHT);
    assert.equal(good.length, 186);
    assert.deepEqual(
      good.filter(({ kind }) => !Object.hasOwn(RUN, kind)),
      [],
    );
    assert.deepEqual(errata.map(({ id }) => id).sort(), Object.keys(ERRATA).sort());
  });

  for (const vector of good)
    it(`${vector.id} (${sourceOf(vector)})`, () => RUN[vector.kind]!(vector));

  for (const vector of errata)
    it(`${vector.id} is wrong as printed (${sourceOf(vector)})`, () => ERRATA[vector.id]!(vector));

  it("fail when a digit of an expected value is changed", async () => {
    for (const vector of good) {
      for (const mutant of mutantsOf(vector)) {
        // Through a promise, so that it is the same whether the run fails at once or later. A MAC
        // that does not fit is told by verifySun itself.
        const run = Promise.resolve(mutant).then((changed) => RUN[changed.kind]!(changed));
        await assert.rejects(
          run,
          (error) => error instanceof assert.AssertionError || isLatchkeyError(error),
          vector.id,
        );
      }
    }
  }).timeout(20_000);
});

describe("published NTAG 424 DNA transcripts", () => {
  it("are there", function () {
    readVectors(this, FILE);
  });

  if (file === undefined) return;
  const { transcripts } = file;
  const named = (id: string) => transcripts.find((transcript) => transcript.id === id)!;
  const replay = (id: string): Transceive => {
    const left = [...named(id).exchanges];
    return async (apdu) => {
      const [command, answer] = left.shift() ?? [];
      assert.equal(toHex(apdu).toUpperCase(), command);
      return fromHex(answer!);
    };
  };
  // The first is of ISO/IEC 14443-3: frames, no APDUs.
  const ACTIVATION = "an12196-t10-activation";

  it("number ten", () => {
    assert.equal(transcripts.length, 10);
  });

  for (const { id, source, exchanges } of transcripts) {
    if (id === ACTIVATION) continue;
    it(`${id} parses and encodes again (${source})`, () => {
      for (const [command, answer] of exchanges) {
        const parsed = parseCommand(fromHex(command));
        assert.equal(toHex(encodeCommand(parsed)).toUpperCase(), command);
        const response = parseResponse(fromHex(answer));
        assert.equal(toHex(encodeResponse(response)).toUpperCase(), answer);
        assert.notEqual(statusWordName(response.sw), "unknown-status-word");
      }
    });
  }

  for (const id of ["an12196-t13-getversion", "hw-getversion-04984C7A0B1090"]) {
    it(`${id} is the version of an NTAG 424 DNA`, async () => {
      const version = await getVersion(replay(id));
      assert.equal(isNtag424(version), true);
      const last = named(id).exchanges[2]![1];
      assert.equal(toHex(version.uid).toUpperCase(), last.slice(0, 14));
    });
  }

  it("hw-readsig-plain is NXP's signature of that chip", async () => {
    const found = await readSignature(plainSender(replay("hw-readsig-plain")));
    assert.equal(verifyOriginality(fromHex("04A9707A0B1090"), found), true);
  });

  it("factory-ndef-filesettings are those of a fresh chip", async () => {
    const sender = plainSender(replay("factory-ndef-filesettings"));
    assert.deepEqual(await getFileSettings(sender, 2), {
      commMode: "plain",
      access: { read: "free", write: "free", readWrite: "free", change: 0 },
      size: 256,
    });
  });

  it("an12196-t25-write-cc is what writeData sends", async () => {
    const sender = plainSender(replay("an12196-t25-write-cc"));
    const data = fromHex("FF0506E10500808283000000000000000000");
    await writeData(sender, { fileNo: 1, offset: 14, mode: "plain" }, data);
  });

  it("hw-factory-cc-file says where the NDEF file is", () => {
    const [, answer] = named("hw-factory-cc-file").exchanges[0]!;
    const container = parseCapabilityContainer(parseResponse(fromHex(answer)).data);
    assert.deepEqual([container.ndefFileId, container.ndefFileSize], [0xe104, 256]);
  });
});
