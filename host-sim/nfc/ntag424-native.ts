import type { DecodedApdu } from "./ntag424-apdu.ts";
import {
  authenticateFirst,
  authenticateNonFirst,
  finishAuthentication,
} from "./ntag424-authenticate.ts";
import type { Chip } from "./ntag424-chip.ts";
import { setConfiguration } from "./ntag424-configure.ts";
import { fileCounters, readData, writeData } from "./ntag424-data.ts";
import type { CommMode } from "./ntag424-file.ts";
import { cardUid, readSignature, startVersion, versionFrame } from "./ntag424-identity.ts";
import { changeKey, keyVersion } from "./ntag424-keys.ts";
import { protect, unprotect } from "./ntag424-secure-messaging.ts";
import { changeFileSettings, fileSettings } from "./ntag424-settings.ts";
import { type ChipAnswer, isSuccess, NATIVE } from "./ntag424-status.ts";

/** A native command from the chip's side: how it is protected and what it does. */
export interface NativeCommand {
  /** Length of CmdHeader, which is never encrypted. */
  readonly headerLength: number;
  /**
   * The communication mode in the present state, or the status word of a refusal that does not
   * depend on the command's data. Without an authentication everything is plain.
   */
  readonly mode: (chip: Chip, header: Uint8Array) => CommMode | number;
  readonly run: (chip: Chip, header: Uint8Array, data: Uint8Array, mode: CommMode) => ChipAnswer;
}

const ADDITIONAL_FRAME = 0xaf;
const AUTHENTICATE_FIRST = 0x71;
const AUTHENTICATE_NON_FIRST = 0x77;

/** By instruction (Table 22). */
function commandOf(ins: number): NativeCommand | undefined {
  switch (ins) {
    case 0x3c:
      return readSignature;
    case 0x51:
      return cardUid;
    case 0x5c:
      return setConfiguration;
    case 0x5f:
      return changeFileSettings;
    case 0x60:
      return startVersion;
    case 0x64:
      return keyVersion;
    case 0x8d:
      return writeData;
    case 0xad:
      return readData;
    case 0xc4:
      return changeKey;
    case 0xf5:
      return fileSettings;
    case 0xf6:
      return fileCounters;
    default:
      return undefined;
  }
}

/**
 * Runs a wrapped native command (§8.3, §8.4). An error ends the authentication and is reported
 * without a MAC (§9.1.9); only the delay leaves everything as it is, since the reader is to ask
 * again.
 */
export function nativeCommand(chip: Chip, apdu: DecodedApdu): ChipAnswer {
  const answer = dispatch(chip, apdu);
  if (!isSuccess(answer.sw) && answer.sw !== NATIVE.AUTHENTICATION_DELAY) {
    chip.session.authentication = undefined;
  }
  return answer;
}

function dispatch(chip: Chip, apdu: DecodedApdu): ChipAnswer {
  const { pending } = chip.session;
  chip.session.pending = undefined;
  if (apdu.p1 !== 0 || apdu.p2 !== 0) return { sw: NATIVE.PARAMETER_ERROR };
  if (apdu.le !== 0) return { sw: NATIVE.LENGTH_ERROR };
  if (apdu.ins === ADDITIONAL_FRAME) {
    if (pending === undefined) return { sw: NATIVE.ILLEGAL_COMMAND_CODE };
    return pending.kind === "version"
      ? versionFrame(chip, pending, apdu.data)
      : finishAuthentication(chip, pending, apdu.data);
  }
  if (apdu.ins === AUTHENTICATE_FIRST) return authenticateFirst(chip, apdu.data);
  if (apdu.ins === AUTHENTICATE_NON_FIRST) return authenticateNonFirst(chip, apdu.data);
  const command = commandOf(apdu.ins);
  if (command === undefined) return { sw: NATIVE.ILLEGAL_COMMAND_CODE };
  return execute(chip, apdu, command);
}

function execute(chip: Chip, apdu: DecodedApdu, command: NativeCommand): ChipAnswer {
  const { headerLength } = command;
  if (apdu.data.length < headerLength) return { sw: NATIVE.LENGTH_ERROR };
  const header = apdu.data.slice(0, headerLength);
  const rest = apdu.data.slice(headerLength);
  const mode = command.mode(chip, header);
  if (typeof mode === "number") return { sw: mode };
  const { authentication } = chip.session;
  if (authentication === undefined) return command.run(chip, header, rest, "plain");
  const data = unprotect(authentication, mode, { ins: apdu.ins, header, rest });
  if (typeof data === "number") return { sw: data };
  const answer = command.run(chip, header, data, mode);
  // Frames between, and the answer of a command that ended the session, carry no MAC.
  if (answer.sw === NATIVE.ADDITIONAL_FRAME || !isSuccess(answer.sw)) return answer;
  return chip.session.authentication === authentication
    ? protect(authentication, mode, answer)
    : answer;
}
