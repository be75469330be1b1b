import { concat } from "../../protocol/encoding/bytes.ts";
import { type AirFrame, crcFrame, plainFrame } from "../nfc/air-frame.ts";
import type { AirProcedure } from "../nfc/air-procedure.ts";
import { withoutCrcA } from "../nfc/crc-a.ts";
import type { NfcField } from "../nfc/field.ts";
import type { Registers } from "./registers.ts";
import type { RfSettings } from "./rf-settings.ts";
import { STATUS } from "./status.ts";
import type { Targets } from "./targets.ts";

/** Command codes that this model knows; to all others it answers with the error frame. */
export const COMMAND = Object.freeze({
  diagnose: 0x00,
  getFirmwareVersion: 0x02,
  getGeneralStatus: 0x04,
  readRegister: 0x06,
  writeRegister: 0x08,
  setParameters: 0x12,
  samConfiguration: 0x14,
  powerDown: 0x16,
  rfConfiguration: 0x32,
  inDataExchange: 0x40,
  inCommunicateThru: 0x42,
  inDeselect: 0x44,
  inListPassiveTarget: 0x4a,
  inRelease: 0x52,
  inSelect: 0x54,
  inAutoPoll: 0x60,
});

/** Chip PN532, firmware 1.6, type A, type B and NFCIP-1. */
const FIRMWARE_VERSION = [0x32, 0x01, 0x06, 0x07];
/** Checking the ROM takes the 8051 a while (an assumption; libnfc gives it a second). */
const ROM_TEST_US = 60_000;

/** What the commands work on. */
export interface ChipParts {
  readonly field: NfcField;
  readonly targets: Targets;
  readonly rf: RfSettings;
  readonly registers: Registers;
  /** Takes effect with the answer: SAMConfiguration and PowerDown. */
  samConfigured(irqDriven: boolean): void;
  powerDownAfterAnswer(wakeUpEnable: number): void;
  /** A status that a fault forces on the next exchange; `undefined` for none. */
  takeForcedStatus(): number | undefined;
  /** Status of the last exchange, for GetGeneralStatus. */
  lastStatus: number;
}

/**
 * One command of UM0701-02 §7.2-7.3: yields what it does on the air, returns the answer's data
 * (behind the code), or `undefined` for the error frame.
 */
export function* runCommand(
  chip: ChipParts,
  code: number,
  data: Uint8Array,
): AirProcedure<Uint8Array | undefined> {
  switch (code) {
    case COMMAND.diagnose:
      return yield* diagnose(chip, data);
    case COMMAND.getFirmwareVersion:
      return data.length === 0 ? Uint8Array.from(FIRMWARE_VERSION) : undefined;
    case COMMAND.getGeneralStatus:
      return data.length === 0 ? generalStatus(chip) : undefined;
    case COMMAND.readRegister:
      return readRegisters(chip.registers, data);
    case COMMAND.writeRegister:
      return writeRegisters(chip.registers, data);
    case COMMAND.setParameters:
      if (data.length !== 1) return undefined;
      chip.rf.setParameters(data[0]!);
      return new Uint8Array(0);
    case COMMAND.samConfiguration:
      if (data.length < 1 || data.length > 3 || data[0]! < 1 || data[0]! > 4) return undefined;
      // Byte 3: 0 leaves P70_IRQ alone for good.
      chip.samConfigured(data[2] !== 0);
      return new Uint8Array(0);
    case COMMAND.powerDown:
      if (data.length < 1 || data.length > 2) return undefined;
      chip.powerDownAfterAnswer(data[0]!);
      return Uint8Array.of(STATUS.ok);
    case COMMAND.rfConfiguration:
      return rfConfiguration(chip, data);
    case COMMAND.inListPassiveTarget:
      return yield* listPassiveTarget(chip, data);
    case COMMAND.inDataExchange:
      return yield* dataExchange(chip, data);
    case COMMAND.inCommunicateThru:
      return yield* communicateThru(chip, data);
    case COMMAND.inDeselect:
      return data.length === 1 ? Uint8Array.of(yield* chip.targets.deselect(data[0]!)) : undefined;
    case COMMAND.inRelease:
      return data.length === 1 ? Uint8Array.of(yield* chip.targets.release(data[0]!)) : undefined;
    case COMMAND.inSelect:
      return data.length === 1 ? Uint8Array.of(yield* chip.targets.select(data[0]!)) : undefined;
    case COMMAND.inAutoPoll:
      return yield* autoPoll(chip, data);
    default:
      return undefined;
  }
}

function* diagnose(chip: ChipParts, data: Uint8Array): AirProcedure<Uint8Array | undefined> {
  switch (data[0]) {
    case 0x00: // communication line test: the same bytes back
      return data.slice();
    case 0x01: // ROM
      if (data.length !== 1) return undefined;
      yield { pauseUs: ROM_TEST_US };
      return Uint8Array.of(0x00);
    case 0x02: // RAM
      return data.length === 1 ? Uint8Array.of(0x00) : undefined;
    case 0x06: // attention request, or R(NAK) to a 14443-4 card
      return data.length === 1 ? Uint8Array.of(yield* chip.targets.isThere()) : undefined;
    default:
      return undefined;
  }
}

/** Err, Field, NbTg, then Tg, BrRx, BrTx, Type of each; SAM status. */
function generalStatus(chip: ChipParts): Uint8Array {
  const { listed } = chip.targets;
  const each = listed.flatMap((tg) => [tg, 0x00, 0x00, 0x00]);
  const external = chip.field.isOn ? 0x01 : 0x00;
  return Uint8Array.of(chip.lastStatus, external, listed.length, ...each, 0x00);
}

function readRegisters(registers: Registers, data: Uint8Array): Uint8Array | undefined {
  if (data.length === 0 || data.length % 2 !== 0) return undefined;
  const out = new Uint8Array(data.length / 2);
  for (let i = 0; i < out.length; i++) {
    out[i] = registers.read(data[2 * i]! * 256 + data[2 * i + 1]!);
  }
  return out;
}

function writeRegisters(registers: Registers, data: Uint8Array): Uint8Array | undefined {
  if (data.length === 0 || data.length % 3 !== 0) return undefined;
  for (let i = 0; i < data.length; i += 3) {
    registers.write(data[i]! * 256 + data[i + 1]!, data[i + 2]!);
  }
  return new Uint8Array(0);
}

function rfConfiguration(chip: ChipParts, data: Uint8Array): Uint8Array | undefined {
  if (data[0] !== 0x01) {
    return chip.rf.configure(data[0] ?? 0, data.subarray(1)) ? new Uint8Array(0) : undefined;
  }
  if (data.length !== 2) return undefined;
  // Bit 1, AutoRFCA, looks for other fields first: there are none here.
  if (data[1]! & 0x01) {
    chip.field.switchOn();
  } else {
    chip.field.switchOff();
    chip.targets.fieldLost();
  }
  return new Uint8Array(0);
}

function* listPassiveTarget(
  chip: ChipParts,
  data: Uint8Array,
): AirProcedure<Uint8Array | undefined> {
  const [maxTargets, type] = data;
  if (maxTargets === undefined || type === undefined) return undefined;
  if (maxTargets < 1 || maxTargets > 2 || type > 4) return undefined;
  const initiatorData = data.subarray(2);
  let found: Uint8Array[];
  if (type === 0x00) {
    const uid = uidOf(initiatorData);
    if (uid === "malformed") return undefined;
    found = yield* chip.targets.listTypeA(maxTargets, uid);
  } else {
    // FeliCa wants a polling payload of five bytes, type B an AFI, Jewel nothing and one target.
    const sizes = type === 4 ? [0] : type === 3 ? [1, 2] : [5];
    if (!sizes.includes(initiatorData.length)) return undefined;
    found = yield* chip.targets.listNone();
  }
  return concat(Uint8Array.of(found.length), ...found);
}

/** InAutoPoll (§7.3.13): PollNr, Period in 150 ms, types; then Type, Ln, TargetData of each. */
function* autoPoll(chip: ChipParts, data: Uint8Array): AirProcedure<Uint8Array | undefined> {
  const [polls = 0, period = 0] = data;
  const types = data.subarray(2);
  if (polls === 0 || period < 1 || period > 15) return undefined;
  if (types.length < 1 || types.length > 15) return undefined;
  const rounds = polls === 0xff ? Number.POSITIVE_INFINITY : polls;
  const found = yield* chip.targets.autoPoll(types, rounds, period * 150_000);
  if (found === undefined) return Uint8Array.of(0);
  return concat(Uint8Array.of(1, found.type, found.data.length), found.data);
}

/** The UID in InitiatorData: each cascade level but the last begins with the cascade tag. */
function uidOf(data: Uint8Array): Uint8Array | undefined | "malformed" {
  if (data.length === 0) return undefined;
  if (data.length !== 4 && data.length !== 8 && data.length !== 12) return "malformed";
  const uid: number[] = [];
  for (let at = 0; at < data.length; at += 4) {
    const last = at + 4 === data.length;
    if (!last && data[at] !== 0x88) return "malformed";
    uid.push(...data.subarray(last ? at : at + 1, at + 4));
  }
  return Uint8Array.from(uid);
}

function* dataExchange(chip: ChipParts, data: Uint8Array): AirProcedure<Uint8Array | undefined> {
  if (data.length < 1) return undefined;
  const forced = chip.takeForcedStatus();
  const result =
    forced === undefined
      ? yield* chip.targets.exchange(data[0]!, data.slice(1))
      : { status: forced, data: new Uint8Array(0) };
  chip.lastStatus = result.status & 0x3f;
  return concat(Uint8Array.of(result.status), result.data);
}

/** InCommunicateThru (§7.3.9): the host's own frame, with the CRC that the registers ask for. */
function* communicateThru(chip: ChipParts, data: Uint8Array): AirProcedure<Uint8Array | undefined> {
  const { registers, rf } = chip;
  if (data.length === 0) {
    // Nothing to send: the chip only listens (libnfc looks for talking tags in this way).
    yield { pauseUs: rf.exchangeTimeoutUs };
    return thruFailed(chip, STATUS.timeout);
  }
  const reply = yield { frame: rawFrame(registers, data), waitUs: rf.exchangeTimeoutUs };
  if (reply.kind === "silence") return thruFailed(chip, STATUS.timeout);
  if (reply.kind === "garbled") return thruFailed(chip, STATUS.rfProtocol);
  if (reply.kind === "collision") return thruFailed(chip, STATUS.collision);
  const { bytes, bits } = reply.frame;
  registers.setRxLastBits(bits % 8);
  chip.lastStatus = STATUS.ok;
  if (!registers.rxCrc) return concat(Uint8Array.of(STATUS.ok), bytes);
  const body = bits % 8 === 0 ? withoutCrcA(bytes) : undefined;
  if (body === undefined) return thruFailed(chip, STATUS.crc);
  return concat(Uint8Array.of(STATUS.ok), body);
}

function rawFrame(registers: Registers, data: Uint8Array): AirFrame {
  const lastBits = registers.txLastBits;
  if (lastBits > 0) return { bytes: data.slice(), bits: (data.length - 1) * 8 + lastBits };
  return registers.txCrc ? crcFrame(data) : plainFrame(data);
}

function thruFailed(chip: ChipParts, status: number): Uint8Array {
  chip.lastStatus = status;
  return Uint8Array.of(status);
}
