/** Runs the published vectors of secure messaging, LRP and originality, one function a kind. */
import assert from "node:assert/strict";
import { aesCmac, double } from "../../protocol/crypto/cmac.ts";
import { nobleCrypto as crypto } from "../../protocol/crypto/noble.ts";
import { Secret } from "../../protocol/crypto/secret.ts";
import { concat } from "../../protocol/encoding/bytes.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import { parseCommand, parseResponse } from "../../protocol/nfc/apdu.ts";
import { truncateMac } from "../../protocol/nfc/sdm.ts";
import { authenticateFirst, authenticateNonFirst } from "../../protocol/ntag424/authenticate.ts";
import { changeKeyCommand, newKeyCrc } from "../../protocol/ntag424/change-key.ts";
import {
  evalLrp,
  lricbDecrypt,
  lricbEncrypt,
  lrpKeys,
  lrpPlaintexts,
  lrpUpdatedKeys,
} from "../../protocol/ntag424/lrp.ts";
import { lrpCmac } from "../../protocol/ntag424/lrp-cmac.ts";
import type { CommMode, NativeCommand } from "../../protocol/ntag424/native-command.ts";
import { verifyOriginality } from "../../protocol/ntag424/originality.ts";
import { padBlocks, unpadBlocks } from "../../protocol/ntag424/padding.ts";
import { SecureMessaging } from "../../protocol/ntag424/secure-messaging.ts";
import {
  AesSessionCipher,
  commandCounterBytes,
  LrpSessionCipher,
} from "../../protocol/ntag424/session-cipher.ts";
import {
  ev2SessionKeys,
  ev2SessionVector,
  lrpMasterKey,
  lrpSessionKeys,
  lrpSessionVector,
} from "../../protocol/ntag424/session-keys.ts";
import { fixedHolder, scriptedCard } from "./ntag424-scripted.ts";
import { bytesOf, compare, type Fields, textOf, type Vector } from "./ntag424-vector.ts";

type Run = (vector: Vector) => void | Promise<void>;

const zeroIv = new Uint8Array(16);

function scriptOf({ input, expected }: Vector) {
  return scriptedCard([
    [textOf(expected, "cmd1"), textOf(input, "resp1")],
    [textOf(expected, "cmd2"), textOf(input, "resp2")],
  ]);
}

/** A session of before, of which a NonFirst authentication keeps identifier and counter. */
function sessionBefore(): SecureMessaging {
  const keys = { encKey: new Uint8Array(16), macKey: new Uint8Array(16) };
  return new SecureMessaging(new AesSessionCipher(crypto, keys), fromHex("7614281a"), 5);
}

/** What the script has compared already need not be compared again. */
function withoutCommands({ cmd1: _1, cmd2: _2, ...rest }: Fields): Fields {
  return rest;
}

async function runEv2(vector: Vector): Promise<void> {
  const { input, expected, kind } = vector;
  const key = bytesOf(input, "key");
  const rndA = bytesOf(input, "rndA");
  const keyNo = Number(input["keyNo"]);
  const holder = fixedHolder(key, rndA);
  const card = scriptOf(vector);
  const channel =
    kind === "ev2_first"
      ? await authenticateFirst(card.transceive, holder, { keyNo })
      : await authenticateNonFirst(card.transceive, holder, sessionBefore(), { keyNo });
  assert.equal(card.left(), 0);
  assert.ok(channel instanceof SecureMessaging);
  assert.equal(channel.commandCounter, kind === "ev2_first" ? 0 : 5);
  const decrypt = (name: string) =>
    crypto.aesCbcDecrypt(key, zeroIv, parseResponse(bytesOf(input, name)).data);
  const rndB = decrypt("resp1");
  const keys = ev2SessionKeys(crypto, key, rndA, rndB);
  compare(withoutCommands(expected), {
    ti: channel.ti,
    rndB,
    pdCap2: decrypt("resp2").slice(20, 26),
    pcdCap2: decrypt("resp2").slice(26, 32),
    sv1: ev2SessionVector("enc", rndA, rndB),
    sv2: ev2SessionVector("mac", rndA, rndB),
    sesAuthENC: keys.encKey,
    sesAuthMAC: keys.macKey,
  });
}

async function runLrpAuthentication(vector: Vector): Promise<void> {
  const { input, expected, kind } = vector;
  const key = bytesOf(input, "key");
  const rndA = bytesOf(input, "rndA");
  const keyNo = Number(input["keyNo"]);
  const holder = fixedHolder(key, rndA);
  const card = scriptOf(vector);
  const channel =
    kind === "lrp_first"
      ? await authenticateFirst(card.transceive, holder, { keyNo, messaging: "lrp" })
      : await authenticateNonFirst(card.transceive, holder, sessionBefore(), { keyNo });
  assert.equal(card.left(), 0);
  assert.ok(channel instanceof SecureMessaging);
  assert.equal(channel.kind, "lrp");
  const rndB = bytesOf(input, "resp1").slice(1, 17);
  const sv = lrpSessionVector(rndA, rndB);
  const { macKey, encKey } = lrpSessionKeys(crypto, lrpMasterKey(crypto, key, sv));
  const proof = parseResponse(bytesOf(input, "resp2")).data;
  const sealed = kind === "lrp_first" ? proof.slice(0, 16) : new Uint8Array(0);
  compare(withoutCommands(expected), {
    ti: channel.ti,
    sv,
    macUpdateKey: macKey.updatedKey,
    encUpdateKey: encKey.updatedKey,
    pcdResponse: lrpCmac(crypto, macKey, concat(rndA, rndB)),
    piccData: lricbDecrypt(crypto, encKey, new Uint8Array(4), sealed),
    piccResponse: lrpCmac(crypto, macKey, concat(rndB, rndA, sealed)),
  });
}

interface SmKeys {
  readonly encKey: Uint8Array;
  readonly macKey: Uint8Array;
}

function aesKeys(input: Fields): SmKeys {
  const session = input["session"] as Fields | undefined;
  if (session !== undefined) {
    const key = bytesOf(session, "key");
    const rndB = crypto.aesCbcDecrypt(key, zeroIv, bytesOf(session, "encRndB"));
    return ev2SessionKeys(crypto, key, bytesOf(session, "rndA"), rndB);
  }
  // Without encryption the document prints no key for it.
  const encKey = input["encKey"] === null ? new Uint8Array(16) : bytesOf(input, "encKey");
  return { encKey, macKey: bytesOf(input, "macKey") };
}

function commandOf(input: Fields): NativeCommand {
  return {
    name: "vector",
    ins: bytesOf(input, "ins")[0]!,
    header: bytesOf(input, "header"),
    data: bytesOf(input, "data"),
    mode: textOf(input, "mode") as CommMode,
    alsoOk: 0x9190,
  };
}

/** All that the documents print of one command and its answer in AES mode. */
function aesFigures(keys: SmKeys, input: Fields, command: NativeCommand, apdu: Uint8Array) {
  const ti = bytesOf(input, "ti");
  const counter = Number(input["cmdCtr"]);
  const sent = parseCommand(apdu).data!;
  const protectedPart = sent.slice(0, -8);
  const cmacInput = concat(
    Uint8Array.of(command.ins),
    commandCounterBytes(counter),
    ti,
    protectedPart,
  );
  const cmac = aesCmac(crypto, keys.macKey, cmacInput);
  const iv = (label: string, at: number) => {
    const block = concat(fromHex(label), ti, commandCounterBytes(at), new Uint8Array(8));
    return crypto.aesEncryptBlock(keys.encKey, block);
  };
  const answer = input["resp"] === undefined ? undefined : parseResponse(bytesOf(input, "resp"));
  const answered = answer?.data.slice(0, Math.max(0, answer.data.length - 8));
  const respCmac =
    answer &&
    aesCmac(
      crypto,
      keys.macKey,
      concat(Uint8Array.of(answer.sw & 255), commandCounterBytes(counter + 1), ti, answered!),
    );
  return {
    apdu,
    iv: iv("a55a", counter),
    ciphertext: protectedPart.slice(command.header!.length),
    cmacInput,
    cmac,
    mact: truncateMac(cmac),
    respIv: iv("5aa5", counter + 1),
    respCmac,
    respMact: respCmac && truncateMac(respCmac),
  };
}

function runSmAes({ input, expected }: Vector): void {
  const keys = aesKeys(input);
  const cipher = new AesSessionCipher(crypto, {
    encKey: keys.encKey.slice(),
    macKey: keys.macKey.slice(),
  });
  const counter = Number(input["cmdCtr"]);
  const messaging = new SecureMessaging(cipher, bytesOf(input, "ti"), counter);
  const command = commandOf(input);
  const apdu = messaging.wrap(command);
  const figures = aesFigures(keys, input, command, apdu);
  const respData =
    input["resp"] === undefined
      ? undefined
      : messaging.unwrap(parseResponse(bytesOf(input, "resp")));
  compare(expected, { ...figures, respData });
}

function runSmLrp({ input, expected }: Vector): void {
  const sv =
    input["sv"] === undefined
      ? lrpSessionVector(bytesOf(input, "rndA"), bytesOf(input, "rndB"))
      : bytesOf(input, "sv");
  const keys = lrpSessionKeys(crypto, lrpMasterKey(crypto, bytesOf(input, "key"), sv));
  const cipher = new LrpSessionCipher(crypto, keys, Number(input["encCtr"]));
  const messaging = new SecureMessaging(cipher, bytesOf(input, "ti"), Number(input["cmdCtr"]));
  const apdu = messaging.wrap(commandOf(input));
  const respData = messaging.unwrap(parseResponse(bytesOf(input, "resp")));
  const headerLength = bytesOf(input, "header").length;
  const ciphertext = parseCommand(apdu).data!.slice(headerLength, -8);
  compare(expected, { apdu, ciphertext, respData });
}

function runChangeKey({ input, expected }: Vector): void {
  const keys = aesKeys(input);
  const secret = (name: string) => new Secret(bytesOf(input, name));
  const command = changeKeyCommand({
    keyNo: Number(input["keyNo"]),
    newKey: secret("newKey"),
    oldKey: secret("oldKey"),
    newVersion: Number(input["newVersion"]),
  });
  const cipher = new AesSessionCipher(crypto, {
    encKey: keys.encKey.slice(),
    macKey: keys.macKey.slice(),
  });
  const messaging = new SecureMessaging(cipher, bytesOf(input, "ti"), Number(input["cmdCtr"]));
  const apdu = messaging.wrap(command);
  compare(expected, {
    ...aesFigures(keys, input, command, apdu),
    crc32: newKeyCrc(bytesOf(input, "newKey")),
    plaintext: padBlocks(command.data!),
  });
  assert.equal(messaging.unwrap(parseResponse(bytesOf(input, "resp"))).length, 0);
  // Case 2 changed the key that the session stands on.
  assert.equal(messaging.closed, input["keyNo"] === input["authKeyNo"]);
}

function runLrpSession({ input, expected }: Vector): void {
  const sv = lrpSessionVector(bytesOf(input, "rndA"), bytesOf(input, "rndB"));
  const masterKey = lrpMasterKey(crypto, bytesOf(input, "key"), sv);
  const { macKey, encKey } = lrpSessionKeys(crypto, masterKey);
  compare(expected, {
    masterKey,
    piccData: lricbDecrypt(crypto, encKey, new Uint8Array(4), bytesOf(input, "encPiccData")),
    mact: truncateMac(lrpCmac(crypto, macKey, bytesOf(input, "macInput"))),
  });
}

function runLricb({ input, expected }: Vector): void {
  const [key] = lrpKeys(crypto, bytesOf(input, "key"), 1);
  const iv = bytesOf(input, "iv");
  const padding = Number(input["pad"]) === 1;
  const plain = padding ? padBlocks(bytesOf(input, "pt")) : bytesOf(input, "pt");
  compare(expected, { ct: lricbEncrypt(crypto, key!, iv, plain) });
  const back = lricbDecrypt(crypto, key!, iv, bytesOf(expected, "ct"));
  assert.equal(toHex((padding ? unpadBlocks(back) : back)!), textOf(input, "pt").toLowerCase());
}

/** The kinds that this file knows. */
export const SECURE_MESSAGING_KINDS: Readonly<Record<string, Run>> = {
  ev2_first: runEv2,
  ev2_nonfirst: runEv2,
  lrp_first: runLrpAuthentication,
  lrp_nonfirst: runLrpAuthentication,
  lrp_session: runLrpSession,
  sm_aes: runSmAes,
  sm_lrp: runSmLrp,
  change_key: runChangeKey,
  lrp_plaintexts: ({ input, expected }) => {
    const all = lrpPlaintexts(crypto, bytesOf(input, "key"));
    const p = Array.from({ length: 16 }, (_, i) => all.slice(16 * i, 16 * i + 16));
    compare(expected, { p });
  },
  lrp_updated_keys: ({ input, expected }) => {
    compare(expected, { uk: lrpUpdatedKeys(crypto, bytesOf(input, "key"), 3) });
  },
  lrp_eval: ({ input, expected }) => {
    const key = lrpKeys(crypto, bytesOf(input, "key"), 4)[Number(input["uk"])]!;
    const nibbles = [...textOf(input, "nibbles")].map((digit) => Number.parseInt(digit, 16));
    compare(expected, { res: evalLrp(crypto, key, nibbles, Number(input["final"]) === 1) });
  },
  lrp_lricb: runLricb,
  lrp_cmac: ({ input, expected }) => {
    const [key] = lrpKeys(crypto, bytesOf(input, "key"), 1);
    const message = bytesOf(input, "msg");
    // Kx is the subkey that goes into the last block: K1 for a whole one, K2 for a padded one.
    const k1 = double(evalLrp(crypto, key!, new Array<number>(32).fill(0), true));
    const whole = message.length > 0 && message.length % 16 === 0;
    compare(expected, { kx: whole ? k1 : double(k1), mac: lrpCmac(crypto, key!, message) });
  },
  originality: ({ input, expected }) => {
    const key = bytesOf(input, "publicKey");
    const valid = verifyOriginality(bytesOf(input, "uid"), bytesOf(input, "signature"), key);
    compare(expected, { valid });
  },
};
