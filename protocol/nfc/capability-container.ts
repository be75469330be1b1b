import { LatchkeyError } from "../errors.ts";

/** The CC file of a Type 4 tag (T4T §5.1.3, NT4H2421Gx §8.2.3.2): where its NDEF file is. */
export interface CapabilityContainer {
  /** Major version in the high half byte: 20h is 2.0. */
  readonly mappingVersion: number;
  /** MLe: the most data that one ISOReadBinary can give. */
  readonly responseMax: number;
  /** MLc: the most data that one ISOUpdateBinary can take. */
  readonly commandMax: number;
  readonly ndefFileId: number;
  readonly ndefFileSize: number;
  /** 00h: free. */
  readonly readAccess: number;
  /** 00h: free. */
  readonly writeAccess: number;
}

const NDEF_FILE_CTRL = 0x04;
const FIXED_LENGTH = 15;

function damaged(message: string): LatchkeyError {
  return new LatchkeyError("ndef-malformed", { message: `capability container: ${message}` });
}

/** Reads a CC file. @throws ndef-malformed */
export function parseCapabilityContainer(file: Uint8Array): CapabilityContainer {
  const u16 = (at: number) => (file[at]! << 8) | file[at + 1]!;
  if (file.length < FIXED_LENGTH) throw damaged(`has ${file.length} bytes`);
  const cclen = u16(0);
  if (cclen < FIXED_LENGTH || cclen > file.length) throw damaged(`CCLEN says ${cclen}`);
  if (file[7] !== NDEF_FILE_CTRL || file[8] !== 6) throw damaged("has no NDEF-File_Ctrl_TLV");
  return {
    mappingVersion: file[2]!,
    responseMax: u16(3),
    commandMax: u16(5),
    ndefFileId: u16(9),
    ndefFileSize: u16(11),
    readAccess: file[13]!,
    writeAccess: file[14]!,
  };
}
