import { encodeCommand, parseResponse, type Transceive } from "../nfc/apdu.ts";
import type { CardFile } from "../nfc/ntag424-read.ts";
import { expectStatus, SW_OK } from "../nfc/status-word.ts";

/** File 03: 128 bytes that are for the application alone (Table 5). */
export const PROPRIETARY_FILE: CardFile = Object.freeze({
  fileId: 0xe105,
  shortFileId: 5,
  size: 128,
});

const INS_SELECT = 0xa4;
const INS_UPDATE_BINARY = 0xd6;
const NO_FCI = 0x0c;
const MASTER_FILE = Object.freeze([0x3f, 0x00]);

/**
 * Selects the PICC level (MF), where the originality keys are (NT4H2421Gx §10.9.1, §8.2.4.5).
 * Any selection ends an authentication. @throws card-status
 */
export async function selectPiccLevel(transceive: Transceive): Promise<void> {
  const data = Uint8Array.from(MASTER_FILE);
  const apdu = encodeCommand({ cla: 0, ins: INS_SELECT, p1: 0, p2: NO_FCI, data });
  expectStatus(parseResponse(await transceive(apdu)), SW_OK, "ISOSelectFile");
}

/**
 * ISOUpdateBinary (§10.9.3): 1 to 255 bytes at `offset` (0 to 255) of a file that anybody may
 * write. Up to 119 bytes travel in one frame and are written wholly or not at all.
 * @throws card-status
 */
export async function updateBinary(
  transceive: Transceive,
  file: CardFile,
  offset: number,
  data: Uint8Array,
): Promise<void> {
  if (!(Number.isInteger(offset) && offset >= 0 && offset <= 255))
    throw new RangeError(`ISOUpdateBinary: offset ${offset}`);
  if (data.length === 0) throw new RangeError("ISOUpdateBinary: no data");
  const p1 = 0x80 | file.shortFileId;
  const apdu = encodeCommand({ cla: 0, ins: INS_UPDATE_BINARY, p1, p2: offset, data });
  expectStatus(parseResponse(await transceive(apdu)), SW_OK, "ISOUpdateBinary");
}
