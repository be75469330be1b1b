import { uintBE } from "../encoding/bytes.ts";

/** How a message is protected in a session (NT4H2421Gx Table 12). */
export type CommMode = "plain" | "mac" | "full";

/** A native command (§8.3), before it is wrapped into an APDU and before secure messaging. */
export interface NativeCommand {
  /** As the data sheet calls it: for errors and logs. */
  readonly name: string;
  /** Cmd. */
  readonly ins: number;
  /** CmdHeader: never encrypted. */
  readonly header?: Uint8Array;
  /** CmdData: encrypted in full mode. */
  readonly data?: Uint8Array;
  /** Applies in a session; without one everything goes plain (§8.2.3.5). */
  readonly mode: CommMode;
  /** A status word that means success beside 9100h. */
  readonly alsoOk?: number;
  /** The number of frames in the answer; 1 when absent. */
  readonly frames?: number;
  /** Refused outside a session, because it would send a key in plain or cannot succeed. */
  readonly needsSession?: boolean;
  /** Success may come without a MAC, and is unproven then. */
  readonly bareAnswer?: boolean;
  /** The chip ends the session with this command. */
  readonly endsSession?: boolean;
}

/** Whatever can carry out native commands: a session, or the bare card. */
export interface CommandSender {
  /**
   * The data of the answer, checked and decrypted.
   * @throws LatchkeyError; see {@link SecureMessaging} and `plainSender`
   */
  send(command: NativeCommand): Promise<Uint8Array>;
}

/** A number as native commands have it: `size` bytes, LSB first (§8.3). */
export function uintLE(value: number, size: number): Uint8Array {
  return uintBE(value, size).reverse();
}

/** The number in up to 4 bytes, LSB first. */
export function readUintLE(bytes: Uint8Array): number {
  let value = 0;
  for (let i = bytes.length - 1; i >= 0; i--) value = value * 256 + bytes[i]!;
  return value;
}
