import type { Secret } from "../crypto/secret.ts";
import { concat, xor } from "../encoding/bytes.ts";
import { crc32 } from "../encoding/crc32.ts";
import { type CommandSender, type NativeCommand, uintLE } from "./native-command.ts";

export interface KeyChange {
  /** 0 to 4. The session must stand under key 0 (AppMasterKey). */
  readonly keyNo: number;
  /** 16 bytes. */
  readonly newKey: Secret;
  /** 0 to 255; GetKeyVersion tells it, to anybody. */
  readonly newVersion: number;
  /** What the key is now: needed for every key but 0. */
  readonly oldKey?: Secret;
}

/** CRC32NK: CRC-32 without the final inversion ("JAMCRC"), LSB first (Table 63). */
export function newKeyCrc(newKey: Uint8Array): Uint8Array {
  return uintLE((crc32(newKey) ^ 0xffffffff) >>> 0, 4);
}

function checkChange({ keyNo, newKey, newVersion }: KeyChange): void {
  if (!(Number.isInteger(keyNo) && keyNo >= 0 && keyNo <= 4))
    throw new RangeError(`ChangeKey: key number ${keyNo}`);
  if (!(Number.isInteger(newVersion) && newVersion >= 0 && newVersion <= 255))
    throw new RangeError(`ChangeKey: version ${newVersion}`);
  if (newKey.length !== 16) throw new RangeError("ChangeKey: a key has 16 bytes");
}

/**
 * The command ChangeKey (NT4H2421Gx §10.6.1) with the new key in its data: wipe `data` when it is
 * sent. For the key of the session, number 0, the chip wants `new ‖ version` and ends the session;
 * for another `(new XOR old) ‖ version ‖ CRC`, so that a wrong idea of the old key does no harm:
 * the chip answers INTEGRITY_ERROR and keeps what it has.
 */
export function changeKeyCommand(change: KeyChange): NativeCommand {
  checkChange(change);
  const { keyNo, newKey, newVersion, oldKey } = change;
  const own = keyNo === 0;
  if (!own && oldKey?.length !== 16) throw new RangeError("ChangeKey: the old key has 16 bytes");
  const version = Uint8Array.of(newVersion);
  const data = own
    ? concat(newKey.bytes, version)
    : concat(xor(newKey.bytes, oldKey!.bytes), version, newKeyCrc(newKey.bytes));
  return {
    name: "ChangeKey",
    ins: 0xc4,
    header: Uint8Array.of(keyNo),
    data,
    mode: "full",
    needsSession: true,
    bareAnswer: own,
    endsSession: own,
  };
}

/**
 * ChangeKey in a session under key 0. After key 0 itself the session is over, and the chip's
 * success carries no MAC: only an authentication with the new key proves it.
 * @throws as `Session.send`
 */
export async function changeKey(session: CommandSender, change: KeyChange): Promise<void> {
  const command = changeKeyCommand(change);
  try {
    await session.send(command);
  } finally {
    command.data?.fill(0);
  }
}
