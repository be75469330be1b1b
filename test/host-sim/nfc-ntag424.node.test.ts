import assert from "node:assert/strict";
import { Ntag424 } from "../../host-sim/nfc/ntag424.ts";
import { ChipAes } from "../../host-sim/nfc/ntag424-aes.ts";
import type { ChipFile, SdmSettings } from "../../host-sim/nfc/ntag424-file.ts";
import { lrpDecrypt, lrpKeys } from "../../host-sim/nfc/ntag424-lrp.ts";
import { factoryMemory } from "../../host-sim/nfc/ntag424-memory.ts";
import { dynamicContent } from "../../host-sim/nfc/ntag424-sdm.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { readVectors } from "../support/vectors.ts";

interface SdmVector {
  readonly id: string;
  readonly kind: string;
  readonly input: Readonly<Record<string, string>> & { readonly ctr?: number };
  readonly expected: Readonly<Record<string, string>> & { readonly ctr?: number };
}
interface Vectors {
  readonly vectors: readonly SdmVector[];
  readonly transcripts: readonly { readonly id: string; readonly exchanges: [string, string][] }[];
}

const text = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

/** Encrypted data that was published alone stands for its surroundings. */
function macInputOf({ input }: SdmVector): string {
  return input["macInputAscii"] || (input["encFileData"] ?? "");
}

/**
 * Lays out a file in which the chip must produce the published strings: PICCData first, then the
 * MAC's input with the encrypted part in it, then the MAC; and fills in what the chip would draw
 * at random, taken from the published ciphertext itself.
 */
function produce(vector: SdmVector): { picc: string; input: string; mac: string } {
  const { input, expected } = vector;
  const enc = input["encFileData"];
  const macInput = macInputOf(vector);
  const picc = input["piccData"];
  const lrp = input["mode"] === "lrp";
  const piccLength = lrp ? 48 : 32;
  const metaKey = fromHex(input["metaReadKey"]!);
  const content = new Uint8Array(256);
  const start = 60;
  for (let i = 0; i < macInput.length; i++) content[start + i] = macInput.charCodeAt(i);
  const encAt = enc === undefined ? -1 : macInput.indexOf(enc);
  if (enc !== undefined && encAt >= 0) {
    content.fill(0, start + encAt, start + encAt + enc.length);
    if (expected["fileData"] !== undefined) {
      content.set(fromHex(expected["fileData"]), start + encAt);
    }
  }
  const sdm: SdmSettings = {
    uid: expected["uid"] !== null,
    readCounter: true,
    metaRead: picc === undefined ? 0xf : 1,
    fileRead: 2,
    counterRead: 0xf,
    macInputOffset: start,
    macOffset: start + macInput.length,
    ...(picc === undefined ? {} : { piccDataOffset: 4 }),
    ...(encAt < 0 ? {} : { encOffset: start + encAt, encLength: enc!.length }),
  };
  const ctr = (expected.ctr ?? input.ctr)!;
  const file = { content, sdm, readCounter: ctr } as ChipFile;
  const draws = picc === undefined ? [] : drawnFor(fromHex(picc), metaKey, lrp, sdm.uid);
  const zero = new Uint8Array(16);
  const out = dynamicContent(
    file,
    {
      uid: sdm.uid ? fromHex((expected["uid"] ?? input["uid"])!) : new Uint8Array(7),
      lrp,
      keys: [zero, metaKey, fromHex(input["fileReadKey"]!), zero, zero],
      padding: () => draws.shift()!,
    },
    new ChipAes(nobleCrypto),
  );
  const end = start + macInput.length;
  return {
    picc: text(out.slice(4, 4 + piccLength)),
    input: text(out.slice(start, end)),
    mac: text(out.slice(end, end + 16)),
  };
}

/** What the chip has drawn for a published PICCData: PICCRand in LRP mode, and the padding. */
function drawnFor(picc: Uint8Array, key: Uint8Array, lrp: boolean, uid: boolean): Uint8Array[] {
  const known = uid ? 11 : 4;
  if (!lrp) return [nobleCrypto.aesCbcDecrypt(key, new Uint8Array(16), picc).slice(known)];
  const aes = new ChipAes(nobleCrypto);
  const piccRand = picc.slice(0, 8);
  const plain = lrpDecrypt(aes, lrpKeys(aes, key, 1)[0]!, piccRand.slice(), picc.slice(8));
  return [piccRand, plain.slice(known)];
}

describe("NTAG 424 DNA model against published figures", () => {
  it("produces every published message: PICCData, encrypted file data and MAC", function () {
    const { vectors } = readVectors(this, "nfc-vectors.json") as Vectors;
    const messages = vectors.filter((v) => v.kind === "sdm_message");
    assert.equal(messages.filter((v) => v.input["mode"] === "lrp").length, 6);
    const seen = { picc: 0, mac: 0, enc: 0 };
    for (const vector of messages) {
      const { input, expected, id } = vector;
      const made = produce(vector);
      if (input["piccData"] !== undefined) {
        assert.equal(made.picc, input["piccData"].toUpperCase(), id);
        seen.picc++;
      }
      if (input["encFileData"] !== undefined) {
        assert.equal(made.input, macInputOf(vector), id);
        seen.enc++;
      }
      if (expected["sdmmac"] !== undefined) {
        assert.equal(made.mac, expected["sdmmac"], id);
        seen.mac++;
      }
    }
    // The figures of AN12196 are among them: tables 3, 4, 5, 6 and the URL of §4.4.3.1.
    const ids = messages.map((vector) => vector.id);
    for (const id of ["an12196-t3-t5-picc-emptymac", "an12196-t6-mac-window"])
      assert.ok(ids.includes(id), id);
    assert.equal(messages.length, 20);
    assert.deepEqual(seen, { picc: 17, mac: 18, enc: 8 });
  });

  it("derives the session keys of AN12196 Table 2", function () {
    const { vectors } = readVectors(this, "nfc-vectors.json") as Vectors;
    const vector = vectors.find((v) => v.id === "an12196-t2-sdm-session-keys")!;
    const aes = new ChipAes(nobleCrypto);
    const key = fromHex(vector.input["fileReadKey"]!);
    assert.equal(
      toHex(aes.cmac(key, fromHex(vector.expected["sv1"]!))).toUpperCase(),
      vector.expected["enc"],
    );
    assert.equal(
      toHex(aes.cmac(key, fromHex(vector.expected["sv2"]!))).toUpperCase(),
      vector.expected["mac"],
    );
  });

  it("answers as captured chips did", function () {
    const { transcripts } = readVectors(this, "nfc-vectors.json") as Vectors;
    const of = (id: string): [string, string][] => transcripts.find((t) => t.id === id)!.exchanges;
    const chip = (uid: string, signature?: string): Ntag424 => {
      const random = { bytes: (length: number) => new Uint8Array(length) };
      const made = new Ntag424(
        factoryMemory({
          uid: fromHex(uid),
          crypto: nobleCrypto,
          random,
          ...(signature ? { signature: fromHex(signature) } : {}),
        }),
      );
      made.fieldOn();
      return made;
    };
    const play = (card: Ntag424, exchanges: [string, string][]): void => {
      for (const [command, answer] of exchanges) {
        const got = toHex(card.apdu(fromHex(command)).response);
        assert.equal(got.toUpperCase(), answer.toUpperCase(), command);
      }
    };
    const select = of("an12196-t11-select-ndef-app");
    play(chip("04984C7A0B1090"), of("hw-getversion-04984C7A0B1090"));
    const card = chip("04968CAA5C5E80");
    play(card, select);
    play(card, [["00A4000C02E10300", "9000"]]);
    play(card, of("hw-factory-cc-file"));
    play(card, of("factory-ndef-filesettings"));
    play(card, of("an12196-t21-select-proprietary-ef"));
    play(card, of("hw-read-protected-unauth"));
    const [[, signature]] = of("hw-readsig-plain") as [[string, string]];
    play(chip("04A9707A0B1090", signature.slice(0, -4)), of("hw-readsig-plain"));
  });
});
