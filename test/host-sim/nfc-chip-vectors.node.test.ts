import assert from "node:assert/strict";
import { ChipAes } from "../../host-sim/nfc/ntag424-aes.ts";
import { decodeApdu } from "../../host-sim/nfc/ntag424-apdu.ts";
import { lrpSession } from "../../host-sim/nfc/ntag424-authenticate.ts";
import { AesChannel, LrpChannel, type SecureChannel } from "../../host-sim/nfc/ntag424-channel.ts";
import type { Chip } from "../../host-sim/nfc/ntag424-chip.ts";
import type { CommMode } from "../../host-sim/nfc/ntag424-file.ts";
import {
  evalLrp,
  lrpCmac,
  lrpDecrypt,
  lrpEncrypt,
  lrpKeys,
} from "../../host-sim/nfc/ntag424-lrp.ts";
import { factoryMemory } from "../../host-sim/nfc/ntag424-memory.ts";
import { nativeCommand } from "../../host-sim/nfc/ntag424-native.ts";
import { freshSession } from "../../host-sim/nfc/ntag424-session.ts";
import { aesCmac } from "../../protocol/crypto/cmac.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { concat, uintBE } from "../../protocol/encoding/bytes.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { readVectors } from "../support/vectors.ts";
import { chipInField, scripted } from "./chip-reader.ts";

type Fields = Readonly<Record<string, unknown>>;
interface Vector {
  readonly id: string;
  readonly kind: string;
  readonly verified: boolean;
  readonly input: Fields;
  readonly expected: Fields;
}

const vectorsOf = (context: Mocha.Context, kind: string): readonly Vector[] => {
  const { vectors } = readVectors(context, "nfc-vectors.json") as { vectors: readonly Vector[] };
  return vectors.filter((vector) => vector.kind === kind);
};
const bytes = (fields: Fields, name: string): Uint8Array =>
  fromHex((fields[name] as string).toLowerCase());
const upper = (data: Uint8Array): string => toHex(data).toUpperCase();
const engine = () => new ChipAes(nobleCrypto);

describe("the chip's leakage resilient primitive against AN12304", () => {
  it("makes the secret plaintexts and updated keys", function () {
    const [plain] = vectorsOf(this, "lrp_plaintexts");
    const [key] = lrpKeys(engine(), bytes(plain!.input, "key"), 1);
    assert.deepEqual(key!.plaintexts.map(upper), plain!.expected["p"]);
    const [updated] = vectorsOf(this, "lrp_updated_keys");
    const keys = lrpKeys(engine(), bytes(updated!.input, "key"), 3);
    assert.deepEqual(
      keys.map((one) => upper(one.updatedKey)),
      updated!.expected["uk"],
    );
  });

  it("evaluates, encrypts, decrypts and MACs all published inputs", function () {
    const counts = { lrp_eval: 0, lrp_lricb: 0, lrp_cmac: 0 };
    for (const { id, input, expected } of vectorsOf(this, "lrp_eval")) {
      const key = lrpKeys(engine(), bytes(input, "key"), Number(input["uk"]) + 1).at(-1)!;
      const nibbles = [...(input["nibbles"] as string)].map((digit) => Number.parseInt(digit, 16));
      assert.equal(
        upper(evalLrp(engine(), key, nibbles, input["final"] === 1)),
        expected["res"],
        id,
      );
      counts.lrp_eval++;
    }
    for (const { id, input, expected } of vectorsOf(this, "lrp_lricb")) {
      const [key] = lrpKeys(engine(), bytes(input, "key"), 1);
      let plain = bytes(input, "pt");
      if (input["pad"] === 1) {
        const padded = new Uint8Array(plain.length + 16 - (plain.length % 16));
        padded.set(plain);
        padded[plain.length] = 0x80;
        plain = padded;
      }
      const cipher = lrpEncrypt(engine(), key!, bytes(input, "iv"), plain);
      assert.equal(upper(cipher), expected["ct"], id);
      assert.deepEqual(lrpDecrypt(engine(), key!, bytes(input, "iv"), cipher), plain, id);
      counts.lrp_lricb++;
    }
    for (const { id, input, expected } of vectorsOf(this, "lrp_cmac")) {
      const [key] = lrpKeys(engine(), bytes(input, "key"), 1);
      assert.equal(upper(lrpCmac(engine(), key!, bytes(input, "msg"))), expected["mac"], id);
      counts.lrp_cmac++;
    }
    assert.deepEqual(counts, { lrp_eval: 38, lrp_lricb: 38, lrp_cmac: 39 });
  });
});

/** Answers of the chip to the two parts, with RndB and TI drawn as the transcript shows. */
function handshake(
  vector: Vector,
  before?: { readonly vector: Vector; readonly level?: "picc" },
): void {
  const lrp = vector.kind.startsWith("lrp");
  const steps = before ? [before.vector, vector] : [vector];
  const draws: string[] = [];
  for (const { input, expected } of steps) {
    const challenge = bytes(input, "resp1").slice(0, -2);
    const rndB = lrp
      ? challenge.slice(1)
      : nobleCrypto.aesCbcDecrypt(bytes(input, "key"), new Uint8Array(16), challenge);
    draws.push(toHex(rndB));
    if (expected["ti"] !== undefined) draws.push((expected["ti"] as string).toLowerCase());
  }
  const { reader } = chipInField({ lrp, random: scripted(...draws) });
  for (const { id, input, expected } of steps) {
    const say = (command: string): string => reader.say(command).toUpperCase();
    assert.equal(say(expected["cmd1"] as string), input["resp1"], id);
    assert.equal(say(expected["cmd2"] as string), input["resp2"], id);
  }
}

describe("the chip's authentication against published transcripts and captures", () => {
  it("answers EV2First and EV2NonFirst byte for byte", function () {
    const first = vectorsOf(this, "ev2_first");
    for (const vector of first) handshake(vector);
    const of = (id: string): Vector => first.find((vector) => vector.id.endsWith(id))!;
    const [captured, printed] = vectorsOf(this, "ev2_nonfirst");
    assert.equal(captured!.id, "hw-ev2nonfirst-key3-085BC941");
    handshake(captured!, { vector: of("085BC941") });
    handshake(printed!, { vector: of("t14-ev2first-key0") });
    assert.equal(first.length, 3);
  });

  it("answers LRPFirst and LRPNonFirst byte for byte", function () {
    const first = vectorsOf(this, "lrp_first");
    for (const vector of first) handshake(vector);
    const [nonFirst] = vectorsOf(this, "lrp_nonfirst");
    handshake(nonFirst!, { vector: first.find((vector) => vector.id.endsWith("9D96C13C"))! });
    assert.equal(first.length, 3);
  });

  it("derives the published LRP session", function () {
    const [{ input, expected }] = vectorsOf(this, "lrp_session") as [Vector];
    const session = () =>
      lrpSession(engine(), bytes(input, "key"), bytes(input, "rndA"), bytes(input, "rndB"));
    assert.equal(upper(session().mac(bytes(input, "macInput"))), expected["mact"]);
    assert.equal(upper(session().decrypt(bytes(input, "encPiccData"))), expected["piccData"]);
  });
});

/** The channel that a vector describes, by its keys or by the random numbers behind them. */
function channelOf(aes: ChipAes, input: Fields): SecureChannel {
  if (input["sv"] !== undefined) {
    const master = lrpCmac(aes, lrpKeys(aes, bytes(input, "key"), 1)[0]!, bytes(input, "sv"));
    const [macKey, encKey] = lrpKeys(aes, master, 2);
    return new LrpChannel(aes, macKey!, encKey!, Number(input["encCtr"]));
  }
  if (input["rndB"] !== undefined) {
    const session = lrpSession(
      ...([aes, bytes(input, "key"), bytes(input, "rndA"), bytes(input, "rndB")] as const),
    );
    for (let i = 0; i < Number(input["encCtr"]); i++) session.encrypt(new Uint8Array(16));
    return session;
  }
  const session = input["session"] as Fields | undefined;
  if (session === undefined) {
    const encKey = input["encKey"] === null ? new Uint8Array(16) : bytes(input, "encKey");
    return new AesChannel(aes, encKey, bytes(input, "macKey"));
  }
  const [encKey, macKey] = aesSessionKeys(session);
  return new AesChannel(aes, encKey, macKey);
}

/** SesAuthENCKey and SesAuthMACKey of a captured authentication. */
function aesSessionKeys(session: Fields): readonly [Uint8Array, Uint8Array] {
  const [key, rndA] = [bytes(session, "key"), bytes(session, "rndA")];
  const rndB = nobleCrypto.aesCbcDecrypt(key, new Uint8Array(16), bytes(session, "encRndB"));
  const mixed = rndA.slice(2, 8).map((byte, i) => byte ^ rndB[i]!);
  const context = concat(rndA.slice(0, 2), mixed, rndB.slice(6), rndA.slice(8));
  const keyOf = (label: string) =>
    aesCmac(nobleCrypto, key, concat(fromHex(`${label}00010080`), context));
  return [keyOf("a55a"), keyOf("5aa5")];
}

/** A chip in the middle of the vector's session, with the content that its answer shows. */
function chipFor({ input, expected }: Vector): Chip {
  const ins = input["ins"] as string;
  const header = bytes(input, "header");
  const shown = (expected["respData"] as string | undefined) ?? "";
  const memory = factoryMemory({
    uid: ins === "51" ? fromHex(shown.toLowerCase()) : fromHex("04958caa5c5e80"),
    crypto: nobleCrypto,
    random: scripted(),
    ...(ins === "3C" ? { signature: signatureOf(input) } : {}),
  });
  const file = memory.files[(header[0] ?? 1) - 1];
  if (ins === "AD" || ins === "8D") {
    file!.commMode = input["mode"] as CommMode;
    file!.access = { read: 0, write: 0, readWrite: 0, change: 0 };
    file!.content.set(fromHex(shown.toLowerCase()));
  }
  if (ins === "F5") {
    file!.access = { read: 0xe, write: 0xe, readWrite: 0xe, change: 0xe };
    file!.sdm = {
      ...{ uid: true, readCounter: true, metaRead: 0, fileRead: 0, counterRead: 0xe },
      ...{ piccDataOffset: 0x1f, macInputOffset: 0x44, macOffset: 0x6a },
      ...{ encOffset: 0x44, encLength: 0x20 },
    };
  }
  const ti = bytes(input, "ti");
  const channel = channelOf(memory.aes, input);
  const commandCounter = Number(input["cmdCtr"]);
  const authentication = { keyNumber: 0, ti, commandCounter, channel };
  const session = { ...freshSession(), level: "application" as const, authentication };
  return { memory, session, spentUs: 0, chainedBytes: 0 };
}

/** The signature inside a captured answer to Read_Sig: it is all that the capture holds. */
function signatureOf(input: Fields): Uint8Array {
  const cipher = bytes(input, "resp").slice(0, 64);
  const session = input["session"] as Fields | undefined;
  if (session !== undefined) {
    const [encKey] = aesSessionKeys(session);
    const counter = Uint8Array.of(Number(input["cmdCtr"]) + 1, 0);
    const label = concat(fromHex("5aa5"), bytes(input, "ti"), counter, new Uint8Array(8));
    const iv = nobleCrypto.aesEncryptBlock(encKey, label);
    return nobleCrypto.aesCbcDecrypt(encKey, iv, cipher).slice(0, 56);
  }
  const key = channelOf(engine(), input) as LrpChannel;
  return key.decrypt(cipher).slice(0, 56);
}

function answerTo(chip: Chip, apdu: string): string {
  const { sw, data = new Uint8Array(0) } = nativeCommand(chip, decodeApdu(fromHex(apdu))!);
  return upper(concat(data, uintBE(sw, 2)));
}

describe("the chip's secure messaging against published figures and captures", () => {
  /** Table 9's command without the four stray bytes, as its ciphertext and MAC demand. */
  const commandOf = (vector: Vector, all: readonly Vector[]): string => {
    const printed = vector.expected["apdu"] as string | undefined;
    if (printed !== undefined) return printed.toLowerCase();
    const erratum = all.find((other) => other.id === "an12196-t9-ERRATUM-printed-capdu")!;
    return (erratum.expected["apdu"] as string).replace("F500000000D9", "F5D9").toLowerCase();
  };

  it("answers every AES message byte for byte, and refuses the misprinted one", function () {
    const all = vectorsOf(this, "sm_aes");
    const good = all.filter((vector) => vector.verified);
    for (const vector of good) {
      const answer = answerTo(chipFor(vector), commandOf(vector, all));
      assert.equal(answer, (vector.input["resp"] as string | undefined) ?? "9100", vector.id);
    }
    assert.equal(good.length, 9);
    const [capdu, cmac] = all.filter((vector) => !vector.verified);
    assert.equal(decodeApdu(bytes(capdu!.expected, "apdu")), undefined, "Lc does not fit");
    const message = fromHex("000100856c1841"); // RC, CmdCtr, TI
    const whole = upper(aesCmac(nobleCrypto, bytes(cmac!.input, "macKey"), message));
    assert.equal(whole, "BEDDC6DB529E4FC9A259AFB347EF46EB");
    assert.notEqual(whole, cmac!.expected["respCmac"]);
  });

  it("changes what the messages say", function () {
    const all = vectorsOf(this, "sm_aes");
    for (const [id, file] of [
      ["an12196-t18-full-writedata-ndef", 2],
      ["an12196-t9-full-writedata", 2],
    ] as const) {
      const vector = all.find((other) => other.id === id)!;
      const chip = chipFor(vector);
      answerTo(chip, commandOf(vector, all));
      const written = chip.memory.files[file - 1]!.content.slice(0, 128);
      assert.equal(upper(written), vector.input["data"], id);
    }
    const lrp = all.find((vector) => vector.id.startsWith("an12321"))!;
    const chip = chipFor(lrp);
    answerTo(chip, commandOf(lrp, all));
    assert.equal(chip.memory.configuration.lrp, true);
    assert.equal(chip.session.authentication, undefined);
  });

  it("answers every LRP message byte for byte", function () {
    const all = vectorsOf(this, "sm_lrp");
    for (const vector of all) {
      const answer = answerTo(chipFor(vector), (vector.expected["apdu"] as string).toLowerCase());
      assert.equal(answer, (vector.input["resp"] as string).toUpperCase(), vector.id);
    }
    assert.equal(all.length, 7);
  });

  /** Amperstrand/ntag424, read_sig.rs: captured after GetVersion in the session of 085BC941. */
  it("answers Read_Sig in an AES session as a captured chip, with 90 in its MAC", () => {
    const session = {
      key: "00000000000000000000000000000000",
      rndA: "C4028B41E6F497099C7087768E78A191",
      encRndB: "7858A0B9DBC468F0FF1B2F773D6DF9FC",
    };
    const resp =
      "C2907EA2100DA5336DDDF17EE7AD70A240915DCD38E6319A663445D69E14825AF42F6AC725487F163ECC696B" +
      "504F90390DF67BC5D8C0DBFCE2158FFB5A2A427AE1E8BDA4D293F5289190";
    const input = { session, ti: "085BC941", cmdCtr: 1, ins: "3C", header: "00", resp };
    const vector = { id: "hw-aes-readsig", kind: "sm_aes", verified: true, input, expected: {} };
    assert.equal(answerTo(chipFor(vector), "903c0000090032e6a647b984427f00"), resp);
  });

  it("enables Random ID as AN12196 Table 28 prints it", () => {
    const input = {
      encKey: "7951A705F47F3C29B596454DC1490383",
      macKey: "FE4EDBF46536557E304682F33E63A84F",
      ...{ ti: "D779B1D0", cmdCtr: 0, ins: "5C", header: "00" },
    };
    const vector = { id: "t28", kind: "sm_aes", verified: true, input, expected: {} };
    const chip = chipFor(vector);
    const command = "905c000019008ea0138a7af6fc8e99df2a3a305602c43a7a3c9228c3134a00";
    assert.equal(answerTo(chip, command), "86044208CAD1676A9100");
    assert.equal(chip.memory.randomId, true);
  });

  it("changes keys as AN12196 Tables 26 and 27 print it", function () {
    const all = vectorsOf(this, "change_key");
    for (const vector of all) {
      const { input, expected, id } = vector;
      const chip = chipFor({ ...vector, input: { ...input, ins: "C4", header: "" } });
      const number = Number(input["keyNo"]);
      assert.equal(answerTo(chip, (expected["apdu"] as string).toLowerCase()), input["resp"], id);
      assert.equal(upper(chip.memory.keys[number]!.value), input["newKey"], id);
      assert.equal(chip.memory.keys[number]!.version, input["newVersion"], id);
      assert.equal(chip.session.authentication === undefined, number === 0, id);
    }
    assert.equal(all.length, 2);
  });
});
