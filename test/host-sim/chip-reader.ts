import assert from "node:assert/strict";
import { Ntag424 } from "../../host-sim/nfc/ntag424.ts";
import { ChipAes, truncateMac } from "../../host-sim/nfc/ntag424-aes.ts";
import type { AccessRights, CommMode } from "../../host-sim/nfc/ntag424-file.ts";
import { lrpCmac, lrpDecrypt, lrpEncrypt, lrpKeys } from "../../host-sim/nfc/ntag424-lrp.ts";
import { type ChipIdentity, factoryMemory } from "../../host-sim/nfc/ntag424-memory.ts";
import { Prng } from "../../host-sim/world/prng.ts";
import { aesCmac } from "../../protocol/crypto/cmac.ts";
import { nobleCrypto } from "../../protocol/crypto/noble.ts";
import { concat } from "../../protocol/encoding/bytes.ts";
import { fromHex, toHex } from "../../protocol/encoding/hex.ts";
import type { Random } from "../../protocol/platform.ts";

export const ZERO_KEY = new Uint8Array(16);
const NONE = new Uint8Array(0);
const zeroIv = new Uint8Array(16);
const aes = new ChipAes(nobleCrypto);

/** A random source that gives what a published transcript has drawn, and then nothing more. */
export function scripted(...draws: readonly string[]): Random {
  const rest = draws.map((draw) => fromHex(draw.toLowerCase()));
  return {
    bytes: (length) => {
      const next = rest.shift();
      assert.equal(next?.length, length, "the chip draws what the transcript shows");
      return next!;
    },
  };
}

/** A chip as delivered, in the field, with the application selected. */
export function chipInField(options: Partial<ChipIdentity> & { readonly lrp?: boolean } = {}) {
  const { lrp = false, ...identity } = options;
  const memory = factoryMemory({
    uid: fromHex("04958caa5c5e80"),
    crypto: nobleCrypto,
    random: new Prng("chip", "reader"),
    ...identity,
  });
  memory.configuration.lrp = lrp;
  const chip = new Ntag424(memory);
  chip.fieldOn();
  const reader = new ChipReader(chip);
  assert.equal(reader.say("00a4040007d276000085010100"), "9000");
  return { chip, memory, reader };
}

interface Keys {
  readonly mac: (message: Uint8Array) => Uint8Array;
  readonly encrypt: (plain: Uint8Array) => Uint8Array;
  readonly decrypt: (cipher: Uint8Array) => Uint8Array;
}

export interface Answer {
  readonly sw: string;
  /** Opened, where it was protected. */
  readonly data: string;
}

/** The reader's side of the chip's protocol, as short as it can be: a tool for tests. */
export class ChipReader {
  readonly #chip: Ntag424;
  readonly #random = new Prng("reader", "reader");
  #keys: Keys | undefined;
  ti: Uint8Array = new Uint8Array(4);
  commandCounter = 0;

  constructor(chip: Ntag424) {
    this.#chip = chip;
  }

  /** Bytes out, bytes in. */
  say(apdu: string | Uint8Array, chainedBytes = 0): string {
    const bytes = typeof apdu === "string" ? fromHex(apdu.toLowerCase()) : apdu;
    return toHex(this.#chip.apdu(bytes, chainedBytes).response);
  }

  /** The status word of an authentication, and the session if there is one. */
  authenticate(keyNumber: number, key: Uint8Array = ZERO_KEY, first = true): string {
    const { lrp } = this.#chip.memory.configuration;
    const start = first
      ? `907100000${lrp ? 3 : 2}0${keyNumber}0${lrp ? "102" : "0"}00`
      : `90770000010${keyNumber}00`;
    const part1 = fromHex(this.say(start));
    const sw1 = toHex(part1.slice(-2));
    if (sw1 !== "91af") return sw1;
    const rndA = this.#random.bytes(16);
    const challenge = part1.slice(0, -2);
    const session = lrp
      ? this.#lrp(key, rndA, challenge.slice(1), first)
      : this.#aes(key, rndA, challenge, first);
    const part2 = fromHex(this.say(concat(fromHex("90af000020"), session.proof, fromHex("00"))));
    const sw2 = toHex(part2.slice(-2));
    this.#keys = undefined;
    if (sw2 !== "9100") return sw2;
    session.finish(part2.slice(0, -2));
    this.#keys = session.keys;
    if (first) this.commandCounter = 0;
    return sw2;
  }

  #aes(key: Uint8Array, rndA: Uint8Array, challenge: Uint8Array, first: boolean) {
    const rndB = nobleCrypto.aesCbcDecrypt(key, zeroIv, challenge);
    const turn = (bytes: Uint8Array) => concat(bytes.slice(1), bytes.slice(0, 1));
    const sv = contextOf(rndA, rndB);
    const encKey = aesCmac(nobleCrypto, key, concat(fromHex("a55a00010080"), sv));
    const macKey = aesCmac(nobleCrypto, key, concat(fromHex("5aa500010080"), sv));
    const iv = (label: string) => {
      const ctr = Uint8Array.of(this.commandCounter & 255, this.commandCounter >> 8);
      const block = concat(fromHex(label), this.ti, ctr, new Uint8Array(8));
      return nobleCrypto.aesEncryptBlock(encKey, block);
    };
    const keys: Keys = {
      mac: (message) => truncateMac(aesCmac(nobleCrypto, macKey, message)),
      encrypt: (plain) => nobleCrypto.aesCbcEncrypt(encKey, iv("a55a"), plain),
      decrypt: (cipher) => nobleCrypto.aesCbcDecrypt(encKey, iv("5aa5"), cipher),
    };
    return {
      proof: nobleCrypto.aesCbcEncrypt(key, zeroIv, concat(rndA, turn(rndB))),
      finish: (answer: Uint8Array) => {
        const opened = nobleCrypto.aesCbcDecrypt(key, zeroIv, answer);
        if (first) this.ti = opened.slice(0, 4);
        assert.deepEqual(first ? opened.slice(4, 20) : opened, turn(rndA));
      },
      keys,
    };
  }

  #lrp(key: Uint8Array, rndA: Uint8Array, rndB: Uint8Array, first: boolean) {
    const sv = concat(fromHex("00010080"), contextOf(rndA, rndB), fromHex("9669"));
    const master = lrpCmac(aes, lrpKeys(aes, key, 1)[0]!, sv);
    const [macKey, encKey] = lrpKeys(aes, master, 2);
    const counter = new Uint8Array(4);
    const keys: Keys = {
      mac: (message) => truncateMac(lrpCmac(aes, macKey!, message)),
      encrypt: (plain) => lrpEncrypt(aes, encKey!, counter, plain),
      decrypt: (cipher) => lrpDecrypt(aes, encKey!, counter, cipher),
    };
    return {
      proof: concat(rndA, lrpCmac(aes, macKey!, concat(rndA, rndB))),
      finish: (answer: Uint8Array) => {
        const cipher = answer.slice(0, -16);
        assert.deepEqual(answer.slice(-16), lrpCmac(aes, macKey!, concat(rndB, rndA, cipher)));
        if (first) this.ti = keys.decrypt(cipher).slice(0, 4);
      },
      keys,
    };
  }

  /** A native command in the given mode; checks and opens the answer's protection. */
  send(ins: number, header: string, data = "", mode: CommMode = "plain"): Answer {
    const keys = this.#keys;
    const apdu = this.wrap(ins, header, data, mode);
    const answer = fromHex(this.say(apdu));
    const sw = toHex(answer.slice(-2));
    const body = answer.slice(0, -2);
    if (keys === undefined) return { sw, data: toHex(body) };
    this.commandCounter++;
    if (mode === "plain" || (sw !== "9100" && sw !== "9190")) return { sw, data: toHex(body) };
    if (body.length === 0) return { sw, data: "bare" };
    const mac = keys.mac(concat(answer.slice(-1), this.#context(), body.slice(0, -8)));
    assert.deepEqual(body.slice(-8), mac, "the MAC of the answer");
    const opened = body.slice(0, -8);
    if (mode === "mac" || opened.length === 0) return { sw, data: toHex(opened) };
    return { sw, data: toHex(keys.decrypt(opened)).replace(/80(00)*$/, "") };
  }

  /** The APDU of a command in the given mode. */
  wrap(ins: number, header: string, data = "", mode: CommMode = "plain"): Uint8Array {
    const body = fromHex(data);
    if (mode !== "full" || body.length === 0) return this.#assemble(ins, header, body, mode);
    const padded = new Uint8Array(body.length + 16 - (body.length % 16));
    padded.set(body);
    padded[body.length] = 0x80;
    return this.wrapPadded(ins, header, padded);
  }

  /** The APDU of a command in full mode whose data is padded already, well or badly. */
  wrapPadded(ins: number, header: string, padded: Uint8Array): Uint8Array {
    return this.#assemble(ins, header, this.#keys!.encrypt(padded), "full");
  }

  #assemble(ins: number, header: string, body: Uint8Array, mode: CommMode): Uint8Array {
    const head = fromHex(header);
    const mac =
      mode === "plain"
        ? NONE
        : this.#keys!.mac(concat(Uint8Array.of(ins), this.#context(), head, body));
    const field = concat(head, body, mac);
    const lc = field.length > 0 ? Uint8Array.of(field.length) : NONE;
    return concat(Uint8Array.of(0x90, ins, 0, 0), lc, field, Uint8Array.of(0));
  }

  /** MACt of the session over some bytes. */
  mac(message: Uint8Array): string {
    return toHex(this.#keys!.mac(message));
  }

  #context(): Uint8Array {
    return concat(Uint8Array.of(this.commandCounter & 255, this.commandCounter >> 8), this.ti);
  }
}

function contextOf(rndA: Uint8Array, rndB: Uint8Array): Uint8Array {
  const mixed = rndA.slice(2, 8).map((byte, i) => byte ^ rndB[i]!);
  return concat(rndA.slice(0, 2), mixed, rndB.slice(6), rndA.slice(8));
}

/** The data of ChangeFileSettings without SDM. */
export function settings(commMode: CommMode, { read, write, readWrite, change }: AccessRights) {
  const mode = { plain: 0, mac: 1, full: 3 }[commMode];
  return toHex(Uint8Array.of(mode, (readWrite << 4) | change, (read << 4) | write));
}
