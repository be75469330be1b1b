import { concat } from "../encoding/bytes.ts";
import { LatchkeyError } from "../errors.ts";
import { encodeCommand, type Transceive } from "../nfc/apdu.ts";
import { cardStatusError, SW_NATIVE_OK } from "../nfc/status-word.ts";
import type { CommandSender } from "./native-command.ts";
import { exchangeFrames } from "./session.ts";

/**
 * Commands without a session, all in plain. Nothing that it answers is authentic.
 * `send` throws card-status, apdu-malformed, what `transceive` throws; TypeError for commands that
 * make sense in a session only (ChangeKey would give the new key away).
 */
export function plainSender(transceive: Transceive): CommandSender {
  return {
    async send({ name, ins, header, data, alsoOk, frames, needsSession }) {
      if (needsSession === true) throw new TypeError(`ntag424: ${name} needs a session`);
      const empty = new Uint8Array(0);
      const body = concat(header ?? empty, data ?? empty);
      const apdu = encodeCommand({ cla: 0x90, ins, p1: 0, p2: 0, data: body, le: 256 });
      const response = await exchangeFrames(transceive, apdu, frames);
      if (response.sw === SW_NATIVE_OK || response.sw === alsoOk) return response.data;
      throw refusal(response.sw, name);
    },
  };
}

/** A card that knows no such instruction or class is not ours; anything else is its business. */
function refusal(sw: number, name: string): LatchkeyError {
  const error = cardStatusError(sw, name);
  if (sw !== 0x6d00 && sw !== 0x6e00) return error;
  return new LatchkeyError("card-unsupported", { detail: error.detail, cause: error });
}
