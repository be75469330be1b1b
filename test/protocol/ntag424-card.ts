/**
 * The other side of a session, for tests of the driver: authentication, secure messaging and the
 * answers of a few commands. It shares primitives with the driver, but no logic of messages, and
 * knows nothing of access rights: that is for the model in host-sim.
 */
import assert from "node:assert/strict";
import { aesCmac } from "../../protocol/crypto/cmac.ts";
import { nobleCrypto as crypto } from "../../protocol/crypto/noble.ts";
import { concat, equalBytes, xor } from "../../protocol/encoding/bytes.ts";
import { fromHex } from "../../protocol/encoding/hex.ts";
import { encodeResponse, parseCommand, type Transceive } from "../../protocol/nfc/apdu.ts";
import {
  advanceCounter,
  type LrpKey,
  lricbDecrypt,
  lricbEncrypt,
} from "../../protocol/ntag424/lrp.ts";
import { lrpCmac } from "../../protocol/ntag424/lrp-cmac.ts";
import {
  ev2SessionKeys,
  lrpMasterKey,
  lrpSessionKeys,
  lrpSessionVector,
} from "../../protocol/ntag424/session-keys.ts";

type Mode = "plain" | "mac" | "full";

/** Header length and mode of the commands it knows (NT4H2421Gx Table 22). */
const COMMANDS: Readonly<Record<number, readonly [header: number, mode: Mode]>> = {
  81: [0, "full"],
  96: [0, "mac"],
  100: [1, "mac"],
  245: [1, "mac"],
  246: [1, "full"],
  60: [1, "full"],
  95: [1, "full"],
  196: [1, "full"],
  92: [1, "full"],
  173: [7, "full"],
  141: [7, "full"],
};

const VERSION = ["04040830001105", "04040201021105", "04984C7A0B1090CF5D9045104621"];
export const CARD_UID = fromHex("04984c7a0b1090");
export const CARD_SETTINGS = fromHex("0040EEEE000100D1FE001F00004400004400002000006A0000");
export const CARD_SIGNATURE = new Uint8Array(56).fill(0x5a);

interface Session {
  readonly enc: Uint8Array | LrpKey;
  readonly mac: Uint8Array | LrpKey;
  readonly ti: Uint8Array;
  counter: number;
  encCounter: Uint8Array;
}

interface Answer {
  readonly data?: Uint8Array;
  readonly sw?: number;
}

const rotate = (bytes: Uint8Array) => concat(bytes.subarray(1), bytes.subarray(0, 1));
const oddBytes = (mac: Uint8Array) => Uint8Array.from([1, 3, 5, 7, 9, 11, 13, 15], (i) => mac[i]!);
const word = (n: number) => Uint8Array.of(n & 255, n >> 8);
const none = new Uint8Array(0);
const zeroIv = new Uint8Array(16);

function pad(data: Uint8Array): Uint8Array {
  const zeros = new Uint8Array((32 - ((data.length + 1) % 16)) % 16);
  return concat(data, Uint8Array.of(0x80), zeros);
}

export class TestCard {
  readonly keys: Uint8Array[] = Array.from({ length: 5 }, (_, i) =>
    new Uint8Array(16).fill(0x10 + i),
  );
  readonly versions = [0, 0, 0, 0, 0];
  readonly memory = new Uint8Array(128).map((_, i) => i);
  /** Every command that came, as its INS; failures included. */
  readonly seen: number[] = [];
  /** What part 1 answers this many times before it works. */
  delays = 0;
  /** The capabilities that it claims to have been asked for, instead of those that came. */
  echo: Uint8Array | undefined;
  /** Overrides what goes back for the n-th command (from 0). */
  tamper: (response: Uint8Array, index: number) => Uint8Array = (response) => response;
  readonly #lrp: boolean;
  #session: Session | undefined;
  #opening: { first: boolean; keyNo: number; rndB: Uint8Array; cap: Uint8Array } | undefined;
  #frames: string[] = [];
  #fresh = 0x40;

  constructor(messaging: "aes" | "lrp" = "aes") {
    this.#lrp = messaging === "lrp";
  }

  get authenticated(): boolean {
    return this.#session !== undefined;
  }

  readonly transceive: Transceive = async (apdu) => {
    const { ins, data = none } = parseCommand(apdu);
    const index = this.seen.push(ins) - 1;
    const { data: out = none, sw = 0x9100 } = this.#serve(ins, data);
    return this.tamper(encodeResponse({ data: out, sw }), index);
  };

  #serve(ins: number, data: Uint8Array): Answer {
    if (ins === 0x71 || ins === 0x77) return this.#part1(ins === 0x71, data);
    if (ins === 0xaf && this.#opening !== undefined) return this.#part2(data);
    if (ins === 0xaf) return this.#nextFrame();
    const known = COMMANDS[ins];
    if (known === undefined) return this.#drop(0x911c);
    return this.#command(ins, known, data);
  }

  #drop(sw: number): Answer {
    this.#session = undefined;
    this.#opening = undefined;
    return { sw };
  }

  #part1(first: boolean, data: Uint8Array): Answer {
    if (this.delays-- > 0) return { sw: 0x91ad };
    const cap = new Uint8Array(6);
    cap.set(data.subarray(2));
    const asksLrp = cap[0] === 2;
    if (first && this.#lrp && !asksLrp) return this.#drop(0x919d);
    if (!first && this.#session === undefined) return this.#drop(0x919d);
    const keyNo = data[0]!;
    const rndB = new Uint8Array(16).fill(this.#fresh++);
    this.#opening = { first, keyNo, rndB, cap };
    const challenge = this.#lrp
      ? concat(Uint8Array.of(1), rndB)
      : crypto.aesCbcEncrypt(this.keys[keyNo]!, zeroIv, rndB);
    return { data: challenge, sw: 0x91af };
  }

  #part2(data: Uint8Array): Answer {
    return this.#lrp ? this.#lrpPart2(data) : this.#ev2Part2(data);
  }

  #ev2Part2(data: Uint8Array): Answer {
    const { first, keyNo, rndB, cap } = this.#opening!;
    const key = this.keys[keyNo]!;
    const plain = crypto.aesCbcDecrypt(key, zeroIv, data);
    const rndA = plain.slice(0, 16);
    if (!equalBytes(plain.slice(16), rotate(rndB))) return this.#drop(0x91ae);
    const { encKey, macKey } = ev2SessionKeys(crypto, key, rndA, rndB);
    this.#begin(encKey, macKey, first, 0);
    const head = first ? this.#session!.ti : none;
    const tail = first ? concat(new Uint8Array(6), this.echo ?? cap) : none;
    return { data: crypto.aesCbcEncrypt(key, zeroIv, concat(head, rotate(rndA), tail)) };
  }

  #lrpPart2(data: Uint8Array): Answer {
    const { first, keyNo, rndB, cap } = this.#opening!;
    const rndA = data.slice(0, 16);
    const master = lrpMasterKey(crypto, this.keys[keyNo]!, lrpSessionVector(rndA, rndB));
    const { macKey, encKey } = lrpSessionKeys(crypto, master);
    if (!equalBytes(lrpCmac(crypto, macKey, concat(rndA, rndB)), data.slice(16)))
      return this.#drop(0x91ae);
    this.#begin(encKey, macKey, first, first ? 1 : 0);
    const told = concat(this.#session!.ti, Uint8Array.of(2, 0, 0, 0, 0, 0), this.echo ?? cap);
    const sealed = first ? lricbEncrypt(crypto, encKey, new Uint8Array(4), told) : none;
    return { data: concat(sealed, lrpCmac(crypto, macKey, concat(rndB, rndA, sealed))) };
  }

  #begin(enc: Session["enc"], mac: Session["mac"], first: boolean, encCounter: number): void {
    const before = this.#session;
    const ti = first ? new Uint8Array(4).fill(this.#fresh++) : before!.ti;
    const counter = first ? 0 : before!.counter;
    this.#opening = undefined;
    this.#session = { enc, mac, ti, counter, encCounter: Uint8Array.of(0, 0, 0, encCounter) };
  }

  #macOf(code: number, rest: Uint8Array): Uint8Array {
    const { mac, counter, ti } = this.#session!;
    const message = concat(Uint8Array.of(code), word(counter), ti, rest);
    return oddBytes(
      mac instanceof Uint8Array ? aesCmac(crypto, mac, message) : lrpCmac(crypto, mac, message),
    );
  }

  #crypt(direction: "open" | "seal", data: Uint8Array): Uint8Array {
    const session = this.#session!;
    const { enc, ti, counter, encCounter } = session;
    if (!(enc instanceof Uint8Array)) {
      session.encCounter = advanceCounter(encCounter, data.length / 16);
      const run = direction === "open" ? lricbDecrypt : lricbEncrypt;
      return run(crypto, enc, encCounter, data);
    }
    const label = direction === "open" ? [0xa5, 0x5a] : [0x5a, 0xa5];
    const block = concat(Uint8Array.from(label), ti, word(counter), new Uint8Array(8));
    const iv = crypto.aesEncryptBlock(enc, block);
    const run = direction === "open" ? crypto.aesCbcDecrypt : crypto.aesCbcEncrypt;
    return run(enc, iv, data);
  }

  #command(ins: number, [headerLength, mode]: readonly [number, Mode], sent: Uint8Array): Answer {
    const header = sent.slice(0, headerLength);
    if (this.#session === undefined) return this.#act(ins, header, sent.slice(headerLength));
    const body = sent.slice(headerLength, -8);
    const mac = this.#macOf(ins, concat(header, body));
    if (!equalBytes(mac, sent.slice(-8))) return this.#drop(0x911e);
    let data: Uint8Array = body;
    if (mode === "full" && body.length > 0) {
      const opened = this.#crypt("open", body);
      data = opened.slice(0, opened.lastIndexOf(0x80));
    }
    this.#session.counter++;
    const answer = this.#act(ins, header, data);
    if (ins === 0x60) return answer; // the MAC comes with the last frame
    if (ins === 0xc4 && header[0] === 0) return this.#drop(0x9100);
    return this.#protect(answer, mode);
  }

  #protect({ data = none, sw = 0x9100 }: Answer, mode: Mode): Answer {
    if (this.#session === undefined) return { data, sw };
    const body = mode === "full" && data.length > 0 ? this.#crypt("seal", pad(data)) : data;
    return { data: concat(body, this.#macOf(sw & 255, body)), sw };
  }

  #nextFrame(): Answer {
    const frame = this.#frames.shift();
    if (frame === undefined) return this.#drop(0x911c);
    if (this.#frames.length > 0) return { data: fromHex(frame), sw: 0x91af };
    if (this.#session === undefined) return { data: fromHex(frame) };
    const mac = this.#macOf(0x00, fromHex(VERSION.join("")));
    return { data: concat(fromHex(frame), mac) };
  }

  #act(ins: number, header: Uint8Array, data: Uint8Array): Answer {
    const at = (header[1] ?? 0) | ((header[2] ?? 0) << 8);
    const length = (header[4] ?? 0) | ((header[5] ?? 0) << 8);
    if (ins === 0x60) {
      this.#frames = VERSION.slice(1);
      return { data: fromHex(VERSION[0]!), sw: 0x91af };
    }
    if (ins === 0x51) return { data: CARD_UID };
    if (ins === 0x64) return { data: Uint8Array.of(this.versions[header[0]!]!) };
    if (ins === 0xf5) return { data: CARD_SETTINGS };
    if (ins === 0xf6) return { data: Uint8Array.of(0x03, 0x02, 0x01, 0, 0) };
    if (ins === 0x3c) return { data: CARD_SIGNATURE, sw: 0x9190 };
    if (ins === 0xad) return { data: this.memory.slice(at, at + length) };
    if (ins === 0x8d) this.memory.set(data, at);
    if (ins === 0xc4) this.#changeKey(header[0]!, data);
    return {};
  }

  #changeKey(keyNo: number, data: Uint8Array): void {
    const own = keyNo === 0;
    assert.equal(data.length, own ? 17 : 21);
    this.keys[keyNo] = own ? data.slice(0, 16) : xor(data.slice(0, 16), this.keys[keyNo]!);
    this.versions[keyNo] = data[16]!;
  }
}
