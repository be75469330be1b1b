import type { Transceive } from "../nfc/apdu.ts";
import { readData } from "../ntag424/file-data.ts";
import type { FileSettings } from "../ntag424/file-settings.ts";
import type { KeyHolder } from "../ntag424/handshake.ts";
import { Session } from "../ntag424/session.ts";
import { PAYLOAD_LENGTH } from "./payload.ts";
import { SEALED_FILE_NO, SEALED_READ_KEY_NO } from "./sealed-tap.ts";

/**
 * How file 03 of a sealed badge is set: key 3 reads, key 0 writes, nobody does both. A session
 * under key 3 can do nothing with a badge but read this one file.
 */
export const SEALED_FILE_SETTINGS: FileSettings = Object.freeze({
  commMode: "full",
  access: Object.freeze({
    read: SEALED_READ_KEY_NO,
    write: 0,
    readWrite: "never",
    change: 0,
  }),
} as const);

/**
 * The server's side of a sealed tap: authenticates with key 3 and reads the payload, 114 bytes.
 * The application must be selected. One attempt: whoever has the chip at hand sees to its delays.
 * @throws card-key-wrong, card-proof-invalid, card-mac-invalid, card-auth-delay,
 *   card-auth-refused, card-desync, card-status, card-protocol, apdu-malformed; what `holder` and
 *   `transceive` throw
 */
export async function readSealedPayload(
  transceive: Transceive,
  holder: KeyHolder,
): Promise<Uint8Array> {
  const options = { keyNo: SEALED_READ_KEY_NO, delayRetriesMax: 0 };
  const session = await Session.open(transceive, holder, options);
  try {
    const place = { fileNo: SEALED_FILE_NO, mode: "full" } as const;
    return await readData(session, place, PAYLOAD_LENGTH);
  } finally {
    session.close();
  }
}
