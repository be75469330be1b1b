import { concat, equalBytes } from "../../protocol/encoding/bytes.ts";
import type { ChipAes } from "./ntag424-aes.ts";
import { AesChannel, LrpChannel } from "./ntag424-channel.ts";
import type { Chip } from "./ntag424-chip.ts";
import { attemptSucceeded, beginAttempt } from "./ntag424-failures.ts";
import { lrpCmac, lrpKeys } from "./ntag424-lrp.ts";
import type { Handshake } from "./ntag424-session.ts";
import { type ChipAnswer, NATIVE } from "./ntag424-status.ts";

/** Bit 1 of PCDCap2.1 and PDCap2.1: LRP. */
const CAP_LRP = 0x02;
/** AuthMode of the LRP answer. */
const AUTH_MODE_LRP = 0x01;
const KEY_NUMBER_MAX = 4;

/** AuthenticateEV2First and AuthenticateLRPFirst, part 1 (§9.1.5, §9.2.5, Table 19). */
export function authenticateFirst(chip: Chip, data: Uint8Array): ChipAnswer {
  // A longer capability vector than the six bytes of today is allowed, if LenCap says so.
  if (data.length < 2 || data.length !== 2 + data[1]!) return { sw: NATIVE.LENGTH_ERROR };
  const asksLrp = ((data[2] ?? 0) & CAP_LRP) !== 0;
  const pcdCap = new Uint8Array(6);
  pcdCap.set(data.slice(2, 8));
  if (chip.memory.configuration.lrp && !asksLrp) return { sw: NATIVE.PERMISSION_DENIED };
  const ti = chip.memory.random;
  return begin(chip, data[0]!, { pcdCap, ti: () => ti.bytes(4), commandCounter: 0 });
}

/** AuthenticateEV2NonFirst and AuthenticateLRPNonFirst, part 1 (§9.1.6, §9.2.6). */
export function authenticateNonFirst(chip: Chip, data: Uint8Array): ChipAnswer {
  if (data.length !== 1) return { sw: NATIVE.LENGTH_ERROR };
  const { authentication, level } = chip.session;
  if (authentication === undefined && level === "application") {
    return { sw: NATIVE.PERMISSION_DENIED };
  }
  const ti = authentication?.ti ?? new Uint8Array(4);
  const commandCounter = authentication?.commandCounter ?? 0;
  return begin(chip, data[0]!, { pcdCap: undefined, ti: () => ti, commandCounter });
}

function begin(
  chip: Chip,
  keyNumber: number,
  terms: {
    readonly pcdCap: Uint8Array | undefined;
    readonly ti: () => Uint8Array;
    readonly commandCounter: number;
  },
): ChipAnswer {
  const { memory, session } = chip;
  const origin = session.level;
  if (keyNumber > 0x3f) return { sw: NATIVE.PARAMETER_ERROR };
  const lowest = origin === "picc" ? 1 : 0;
  if (keyNumber < lowest || keyNumber > KEY_NUMBER_MAX) return { sw: NATIVE.NO_SUCH_KEY };
  const { lrp } = memory.configuration;
  // Originality keys speak LRP only, and have no counters (AN12196 §7.4, §8.1).
  if (origin === "picc" && !lrp) return { sw: NATIVE.PERMISSION_DENIED };
  if (origin === "application") {
    const { refusal, waitUs } = beginAttempt(memory, keyNumber);
    chip.spentUs += waitUs;
    if (refusal !== undefined) return { sw: refusal };
  }
  const key =
    origin === "picc" ? memory.originalityKeys?.[keyNumber - 1] : memory.keys[keyNumber]!.value;
  const rndB = memory.random.bytes(16);
  const { pcdCap, commandCounter } = terms;
  const ti = terms.ti();
  session.pending = {
    kind: "authenticate",
    ...{ keyNumber, key, origin, rndB, pcdCap, ti, commandCounter },
  };
  const data = lrp
    ? concat(Uint8Array.of(AUTH_MODE_LRP), rndB)
    : memory.aes.encryptCbc(key!, new Uint8Array(16), rndB);
  return { sw: NATIVE.ADDITIONAL_FRAME, data };
}

/** Part 2 of all four. Afterwards the chip is authenticated, or it is not: nothing between. */
export function finishAuthentication(
  chip: Chip,
  handshake: Handshake,
  data: Uint8Array,
): ChipAnswer {
  if (data.length !== 32) return { sw: NATIVE.LENGTH_ERROR };
  const finish = chip.memory.configuration.lrp ? finishLrp : finishAes;
  const finished = finish(chip, handshake, data);
  if (finished === undefined) return { sw: NATIVE.AUTHENTICATION_ERROR };
  if (handshake.origin === "application") {
    const { keyNumber, ti, commandCounter } = handshake;
    attemptSucceeded(chip.memory, keyNumber);
    chip.session.authentication = { keyNumber, ti, commandCounter, channel: finished.channel };
  }
  return { sw: NATIVE.OPERATION_OK, data: finished.data };
}

type Finished<C> = { readonly data: Uint8Array; readonly channel: C } | undefined;

function finishAes(chip: Chip, handshake: Handshake, data: Uint8Array): Finished<AesChannel> {
  const { aes } = chip.memory;
  const { rndB, ti, pcdCap } = handshake;
  const key = handshake.key!;
  const zeroIv = new Uint8Array(16);
  const opened = aes.decryptCbc(key, zeroIv, data);
  const rndA = opened.slice(0, 16);
  if (!equalBytes(opened.slice(16), rotateLeft(rndB))) return undefined;
  const context = contextOf(rndA, rndB);
  const prefix = Uint8Array.of(0x00, 0x01, 0x00, 0x80);
  const encKey = aes.cmac(key, concat(Uint8Array.of(0xa5, 0x5a), prefix, context));
  const macKey = aes.cmac(key, concat(Uint8Array.of(0x5a, 0xa5), prefix, context));
  const echo = rotateLeft(rndA);
  const plain = pcdCap === undefined ? echo : concat(ti, echo, pdCap(chip), pcdCap);
  return {
    data: aes.encryptCbc(key, zeroIv, plain),
    channel: new AesChannel(aes, encKey, macKey),
  };
}

function finishLrp(chip: Chip, handshake: Handshake, data: Uint8Array): Finished<LrpChannel> {
  const { aes } = chip.memory;
  const { key, rndB, ti, pcdCap } = handshake;
  if (key === undefined) return undefined;
  const rndA = data.slice(0, 16);
  const channel = lrpSession(aes, key, rndA, rndB);
  if (!equalBytes(data.slice(16), channel.wholeMac(concat(rndA, rndB)))) return undefined;
  const piccData =
    pcdCap === undefined ? new Uint8Array(0) : channel.encrypt(concat(ti, pdCap(chip), pcdCap));
  const response = channel.wholeMac(concat(rndB, rndA, piccData));
  return { data: concat(piccData, response), channel };
}

/** Session keys of §9.2.7: SesAuthMACKey is updated key 0 of the master key, SesAuthENCKey 1. */
export function lrpSession(
  aes: ChipAes,
  key: Uint8Array,
  rndA: Uint8Array,
  rndB: Uint8Array,
): LrpChannel {
  const sv = concat(
    Uint8Array.of(0x00, 0x01, 0x00, 0x80),
    contextOf(rndA, rndB),
    Uint8Array.of(0x96, 0x69),
  );
  const master = lrpCmac(aes, lrpKeys(aes, key, 1)[0]!, sv);
  const [macKey, encKey] = lrpKeys(aes, master, 2);
  return new LrpChannel(aes, macKey!, encKey!);
}

/** The 26 bytes of §9.1.7; the data sheet counts from the last byte, this from the first. */
function contextOf(rndA: Uint8Array, rndB: Uint8Array): Uint8Array {
  const mixed = rndA.slice(2, 8).map((byte, i) => byte ^ rndB[i]!);
  return concat(rndA.slice(0, 2), mixed, rndB.slice(6), rndA.slice(8));
}

function rotateLeft(bytes: Uint8Array): Uint8Array {
  return concat(bytes.slice(1), bytes.slice(0, 1));
}

/** PDCap2. */
function pdCap(chip: Chip): Uint8Array {
  const { lrp, pdCap5, pdCap6 } = chip.memory.configuration;
  return Uint8Array.of(lrp ? CAP_LRP : 0, 0, 0, 0, pdCap5, pdCap6);
}
