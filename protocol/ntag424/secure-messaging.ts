import { constantTimeEqual } from "../crypto/constant-time.ts";
import { concat } from "../encoding/bytes.ts";
import { LatchkeyError } from "../errors.ts";
import { encodeCommand, type ResponseApdu } from "../nfc/apdu.ts";
import { cardStatusError, SW_NATIVE_OK } from "../nfc/status-word.ts";
import type { NativeCommand } from "./native-command.ts";
import { padBlocks, unpadBlocks } from "./padding.ts";
import { commandCounterBytes, type MessagePlace, type SessionCipher } from "./session-cipher.ts";

/**
 * What wraps the commands of a session and checks their answers. It may do so somewhere else (the
 * server, which holds the keys), hence the promises.
 */
export interface Channel {
  readonly closed: boolean;
  /** The C-APDU of the command. The next call must be `unwrap`. */
  wrap(command: NativeCommand): Uint8Array | Promise<Uint8Array>;
  /** The data of the answer. Any failure closes the channel. */
  unwrap(response: ResponseApdu): Uint8Array | Promise<Uint8Array>;
  /** Forgets the keys. May be called twice. */
  close(): void;
}

const MAC_LENGTH = 8;
const COUNTER_MAX = 0xffff;
const LC_MAX = 255;
/** INTEGRITY_ERROR: the chip found the MAC or the padding of the command wrong. */
const SW_INTEGRITY_ERROR = 0x911e;

function ended(message: string): LatchkeyError {
  return new LatchkeyError("card-session-ended", { message });
}

function macInvalid({ name }: NativeCommand): LatchkeyError {
  return new LatchkeyError("card-mac-invalid", {
    message: `The card's answer to ${name} carries no valid MAC.`,
    detail: { instruction: name },
  });
}

/** Bytes of Lc that a command takes in a session (§9.1.8-§9.1.10). */
export function protectedLength({ mode, header, data }: NativeCommand): number {
  const plain = data?.length ?? 0;
  const body = mode === "full" && plain > 0 ? (Math.floor(plain / 16) + 1) * 16 : plain;
  return (header?.length ?? 0) + body + (mode === "plain" ? 0 : MAC_LENGTH);
}

/**
 * Secure messaging of NT4H2421Gx §9.1.8-§9.1.10 and §9.2.8-§9.2.10, AES and LRP, where the session
 * keys are. The command counter rises with every command in every mode, plain included: §9.1.2.
 */
export class SecureMessaging implements Channel {
  /** Transaction identifier, 4 bytes; public. */
  readonly ti: Uint8Array;
  readonly #cipher: SessionCipher;
  #counter: number;
  #pending: NativeCommand | undefined;
  #closed = false;

  /** Takes the cipher over. `commandCounter` is 0 except after a NonFirst authentication. */
  constructor(cipher: SessionCipher, ti: Uint8Array, commandCounter = 0) {
    if (ti.length !== 4) throw new RangeError(`ntag424: a TI of ${ti.length} bytes`);
    commandCounterBytes(commandCounter);
    this.ti = ti.slice();
    this.#cipher = cipher;
    this.#counter = commandCounter;
  }

  get kind(): SessionCipher["kind"] {
    return this.#cipher.kind;
  }

  /** CmdCtr: how many commands the transaction has seen. */
  get commandCounter(): number {
    return this.#counter;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** @throws card-session-ended */
  wrap(command: NativeCommand): Uint8Array {
    if (this.#closed) throw ended("The session with the card has ended.");
    if (this.#pending !== undefined)
      throw new TypeError(`ntag424: ${this.#pending.name} was not answered yet`);
    if (this.#counter === COUNTER_MAX) {
      this.close();
      throw ended("The session has used up its command counter.");
    }
    const { ins, mode, header = new Uint8Array(0), data = new Uint8Array(0) } = command;
    // Before anything is encrypted: a command that does not fit must not move LRP's counter.
    if (protectedLength(command) > LC_MAX) throw new RangeError(`${command.name}: too much data`);
    const place = this.#place();
    const encrypted = mode === "full" && data.length > 0;
    const body = encrypted ? this.#encrypt(place, data) : data;
    const parts = [header, body];
    if (mode !== "plain") parts.push(this.#mac(ins, place, concat(header, body)));
    this.#counter++;
    this.#pending = command;
    return encodeCommand({ cla: 0x90, ins, p1: 0, p2: 0, data: concat(...parts), le: 256 });
  }

  /**
   * @throws card-status, card-desync (the chip refused the command's MAC), card-mac-invalid,
   *   card-protocol; the session is over then, here as on the chip (§9.1.9)
   */
  unwrap(response: ResponseApdu): Uint8Array {
    const command = this.#pending;
    if (this.#closed) throw ended("The session with the card has ended.");
    if (command === undefined) throw new TypeError("ntag424: an answer to no command");
    this.#pending = undefined;
    try {
      const data = this.#open(command, response);
      if (command.endsSession === true) this.close();
      return data;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  close(): void {
    if (!this.#closed) this.#cipher.wipe();
    this.#closed = true;
    this.#pending = undefined;
  }

  #place(): MessagePlace {
    return { ti: this.ti, commandCounter: this.#counter };
  }

  /** The MAC over `Cmd or RC ‖ CmdCtr ‖ TI ‖ rest`. */
  #mac(code: number, { ti, commandCounter }: MessagePlace, rest: Uint8Array): Uint8Array {
    const counter = commandCounterBytes(commandCounter);
    return this.#cipher.mac(concat(Uint8Array.of(code), counter, ti, rest));
  }

  #encrypt(place: MessagePlace, data: Uint8Array): Uint8Array {
    const padded = padBlocks(data);
    const cipher = this.#cipher.encryptCommand(place, padded);
    padded.fill(0);
    return cipher;
  }

  #open(command: NativeCommand, { data, sw }: ResponseApdu): Uint8Array {
    if (sw !== SW_NATIVE_OK && sw !== command.alsoOk) throw refusal(sw, command);
    if (command.mode === "plain") return data;
    // ChangeKey of the session's own key and SetConfiguration of the capabilities: there is no
    // MAC (AN12196 Table 27, AN12321 Table 3), so anybody could have said so.
    if (command.bareAnswer === true && data.length === 0) return data;
    const end = data.length - MAC_LENGTH;
    if (end < 0) throw macInvalid(command);
    const place = this.#place();
    const body = data.slice(0, end);
    // RC is SW2 alone: 00h, but 90h for Read_Sig.
    if (!constantTimeEqual(this.#mac(sw & 0xff, place, body), data.subarray(end)))
      throw macInvalid(command);
    if (command.mode === "mac" || body.length === 0) return body;
    const plain =
      body.length % 16 === 0 ? unpadBlocks(this.#cipher.decryptAnswer(place, body)) : undefined;
    if (plain !== undefined) return plain;
    throw new LatchkeyError("card-protocol", {
      message: `The card's answer to ${command.name} is authentic, but not padded as it must be.`,
    });
  }
}

function refusal(sw: number, { name }: NativeCommand): LatchkeyError {
  const error = cardStatusError(sw, name);
  if (sw !== SW_INTEGRITY_ERROR) return error;
  return new LatchkeyError("card-desync", { detail: error.detail, cause: error });
}
