import { LatchkeyError } from "../errors.ts";
import type { Transceive } from "../nfc/apdu.ts";
import {
  isNtag424,
  type Ntag424Version,
  parseVersion,
  selectApplication,
} from "../nfc/ntag424-read.ts";
import {
  encodeFileSettings,
  type FileSettings,
  type FileStatus,
  parseFileStatus,
} from "./file-settings.ts";
import { type CommandSender, type NativeCommand, readUintLE } from "./native-command.ts";
import { plainSender } from "./plain-sender.ts";

/** Chips answer Read_Sig with 9190h, and 90h is the RC in the MAC; the data sheet says 9100h. */
const SW_READ_SIG_OK = 0x9190;
const UID_LENGTH = 7;
const SIGNATURE_LENGTH = 56;
const COUNTERS_LENGTH = 5;

function wrongLength(name: string, length: number): LatchkeyError {
  return new LatchkeyError("card-protocol", {
    message: `The card answered ${name} with ${length} bytes.`,
    detail: { instruction: name },
  });
}

function exactly(data: Uint8Array, length: number, { name }: NativeCommand): Uint8Array {
  if (data.length !== length) throw wrongLength(name, data.length);
  return data;
}

function fileCommand(name: string, ins: number, fileNo: number): NativeCommand {
  if (!(Number.isInteger(fileNo) && fileNo >= 0 && fileNo <= 31))
    throw new RangeError(`${name}: file number ${fileNo}`);
  return { name, ins, header: Uint8Array.of(fileNo), mode: "mac" };
}

/** GetVersion (§10.5.2): three frames, in a session under one MAC. @throws card-protocol, … */
export async function getVersion(sender: CommandSender): Promise<Ntag424Version> {
  return parseVersion(await sender.send({ name: "GetVersion", ins: 0x60, mode: "mac", frames: 3 }));
}

/**
 * Selects the application and makes sure that the chip is an NTAG 424 DNA, before anything is
 * tried on it. @throws card-unsupported; what `transceive` throws
 */
export async function identifyNtag424(transceive: Transceive): Promise<Ntag424Version> {
  await selectApplication(transceive);
  const version = await getVersion(plainSender(transceive));
  if (isNtag424(version)) return version;
  const { vendorId, type, major } = version.hardware;
  throw new LatchkeyError("card-unsupported", {
    message: "The card has the application, but its version is not that of an NTAG 424 DNA.",
    detail: { vendorId, type, major },
  });
}

/** GetCardUID (§10.5.3): 7 bytes; in a session the only way to the UID when Random ID is on. */
export async function getCardUid(session: CommandSender): Promise<Uint8Array> {
  const command: NativeCommand = {
    name: "GetCardUID",
    ins: 0x51,
    mode: "full",
    needsSession: true,
  };
  return exactly(await session.send(command), UID_LENGTH, command);
}

/** GetKeyVersion (§10.6.2) of key 0 to 4: 0 to 255. Free without a session, but unproven then. */
export async function getKeyVersion(sender: CommandSender, keyNo: number): Promise<number> {
  if (!(Number.isInteger(keyNo) && keyNo >= 0 && keyNo <= 4))
    throw new RangeError(`GetKeyVersion: key number ${keyNo}`);
  const header = Uint8Array.of(keyNo);
  const command: NativeCommand = { name: "GetKeyVersion", ins: 0x64, header, mode: "mac" };
  return exactly(await sender.send(command), 1, command)[0]!;
}

/** GetFileSettings (§10.7.2) of file 1 (CC), 2 (NDEF) or 3 (proprietary). */
export async function getFileSettings(sender: CommandSender, fileNo: number): Promise<FileStatus> {
  return parseFileStatus(await sender.send(fileCommand("GetFileSettings", 0xf5, fileNo)));
}

/**
 * ChangeFileSettings (§10.7.1), in a session under the file's Change key; `free` when the right to
 * change is free: then it goes plain. SDM's counter starts at zero again whenever SDM is enabled.
 * Ask `fileSettingsObjections` before: a refusal ends the session.
 */
export async function changeFileSettings(
  sender: CommandSender,
  fileNo: number,
  settings: FileSettings,
  { free = false }: { readonly free?: boolean } = {},
): Promise<void> {
  const command = fileCommand("ChangeFileSettings", 0x5f, fileNo);
  const data = encodeFileSettings(settings);
  await sender.send({ ...command, data, mode: free ? "plain" : "full", needsSession: !free });
}

/** GetFileCounters (§10.7.3): SDMReadCtr, 24 bits. Full mode, as Table 22 says. */
export async function getFileCounters(sender: CommandSender, fileNo: number): Promise<number> {
  const command = { ...fileCommand("GetFileCounters", 0xf6, fileNo), mode: "full" as const };
  return readUintLE(exactly(await sender.send(command), COUNTERS_LENGTH, command).subarray(0, 3));
}

/** Read_Sig (§10.10.1): the originality signature, 56 bytes. See `verifyOriginality`. */
export async function readSignature(sender: CommandSender): Promise<Uint8Array> {
  const command: NativeCommand = {
    name: "Read_Sig",
    ins: 0x3c,
    header: Uint8Array.of(0x00),
    mode: "full",
    alsoOk: SW_READ_SIG_OK,
  };
  return exactly(await sender.send(command), SIGNATURE_LENGTH, command);
}
