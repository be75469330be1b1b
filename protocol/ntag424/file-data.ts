import { LatchkeyError } from "../errors.ts";
import type { AccessCondition, FileSettings } from "./file-settings.ts";
import { type CommandSender, type CommMode, type NativeCommand, uintLE } from "./native-command.ts";
import { protectedLength } from "./secure-messaging.ts";

/** Where in which file, and how it travels. */
export interface FilePlace {
  /** 1 (CC), 2 (NDEF) or 3 (proprietary). */
  readonly fileNo: number;
  /** Default 0. */
  readonly offset?: number;
  /** See {@link transferMode}. Without a session everything goes plain. */
  readonly mode: CommMode;
}

/** The most data in one answer: 256 bytes with what secure messaging adds (Table 78). */
const ANSWER_MAX: Readonly<Record<CommMode, number>> = Object.freeze({
  plain: 256,
  mac: 248,
  full: 239, // 248 less an incomplete block, less one byte of padding at least
});

/**
 * One ISO/IEC 14443-4 frame to the chip: FSC 128 less PCB and CRC. What fits is written entirely
 * or not at all (§8.6, §10.8.2); a longer command is chained, and tears between its frames.
 */
const FRAME_MAX = 125;
/** CLA INS P1 P2 Lc … Le. */
const APDU_OVERHEAD = 6;

/** FileNo ‖ Offset ‖ Length, LSB first. */
function header(fileNo: number, offset: number, length: number): Uint8Array {
  if (!(Number.isInteger(fileNo) && fileNo >= 0 && fileNo <= 31))
    throw new RangeError(`ntag424: file number ${fileNo}`);
  return Uint8Array.of(fileNo, ...uintLE(offset, 3), ...uintLE(length, 3));
}

/**
 * How data of a file travels for the key of a session (§8.2.3.3, §8.2.3.5): in the file's mode when
 * that key has the right, in plain when the right is merely free, and not at all otherwise.
 */
export function transferMode(
  { commMode, access }: Pick<FileSettings, "commMode" | "access">,
  right: "read" | "write",
  keyNo: number | undefined,
): CommMode | undefined {
  const conditions: AccessCondition[] = [access[right], access.readWrite];
  if (keyNo !== undefined && conditions.some((condition) => condition === keyNo)) return commMode;
  return conditions.includes("free") ? "plain" : undefined;
}

/**
 * ReadData (§10.8.1): exactly `length` bytes, in as many commands as it takes, `chunk` bytes each
 * at most. Without a session SDM applies: commands with nothing between them are one read.
 * @throws card-status, card-protocol when the card sends another number of bytes, …
 */
export async function readData(
  sender: CommandSender,
  { fileNo, offset = 0, mode }: FilePlace,
  length: number,
  chunk: number = ANSWER_MAX[mode],
): Promise<Uint8Array> {
  if (!(Number.isInteger(chunk) && chunk >= 1 && chunk <= ANSWER_MAX[mode]))
    throw new RangeError(`ReadData: ${chunk} bytes at once`);
  const out = new Uint8Array(length);
  for (let at = 0; at < length; at += chunk) {
    const size = Math.min(chunk, length - at);
    const command: NativeCommand = {
      name: "ReadData",
      ins: 0xad,
      header: header(fileNo, offset + at, size),
      mode,
    };
    const data = await sender.send(command);
    if (data.length !== size)
      throw new LatchkeyError("card-protocol", {
        message: `The card sent ${data.length} bytes when asked for ${size}.`,
        detail: { instruction: "ReadData" },
      });
    out.set(data, at);
  }
  return out;
}

function writeCommand(place: FilePlace, at: number, data: Uint8Array): NativeCommand {
  const { fileNo, offset = 0, mode } = place;
  const whole = header(fileNo, offset + at, data.length);
  return { name: "WriteData", ins: 0x8d, header: whole, data, mode };
}

/** The most data of one WriteData that still travels in one frame: 112, 104 or 95 bytes. */
export function singleFrameWrite(mode: CommMode): number {
  const probe = (length: number) => writeCommand({ fileNo: 0, mode }, 0, new Uint8Array(length));
  let length = FRAME_MAX;
  while (APDU_OVERHEAD + protectedLength(probe(length)) > FRAME_MAX) length--;
  return length;
}

/**
 * WriteData (§10.8.2), in commands that each fit one frame unless `chunk` says otherwise: then a
 * badge that is pulled away has each piece written wholly or not at all, and piece by piece from
 * the front. @throws card-status, …
 */
export async function writeData(
  sender: CommandSender,
  place: FilePlace,
  data: Uint8Array,
  chunk: number = singleFrameWrite(place.mode),
): Promise<void> {
  if (!(Number.isInteger(chunk) && chunk >= 1)) throw new RangeError(`WriteData: ${chunk} bytes`);
  for (let at = 0; at < data.length; at += chunk)
    await sender.send(writeCommand(place, at, data.subarray(at, at + chunk)));
}
