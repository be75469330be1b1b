import { concat } from "../encoding/bytes.ts";
import { LatchkeyError } from "../errors.ts";
import { encodeCommand, parseResponse, type ResponseApdu, type Transceive } from "../nfc/apdu.ts";
import { SW_ADDITIONAL_FRAME } from "../nfc/status-word.ts";
import {
  type AuthenticateOptions,
  authenticateFirst,
  authenticateNonFirst,
} from "./authenticate.ts";
import type { KeyHolder } from "./handshake.ts";
import type { CommandSender, NativeCommand } from "./native-command.ts";
import type { Channel } from "./secure-messaging.ts";

const NEXT_FRAME = Object.freeze({ cla: 0x90, ins: 0xaf, p1: 0, p2: 0, le: 256 });

/**
 * Sends an APDU and gathers the frames of its answer (91AF, 90 AF …); one MAC stands over all of
 * them (NT4H2421Gx Table 22). Never more frames than the command has.
 */
export async function exchangeFrames(
  transceive: Transceive,
  apdu: Uint8Array,
  frames = 1,
): Promise<ResponseApdu> {
  let response = parseResponse(await transceive(apdu));
  const parts = [response.data];
  for (let frame = 1; frame < frames && response.sw === SW_ADDITIONAL_FRAME; frame++) {
    response = parseResponse(await transceive(encodeCommand(NEXT_FRAME)));
    parts.push(response.data);
  }
  return { data: concat(...parts), sw: response.sw };
}

/**
 * An authenticated session with a chip. It ends at the first thing that goes wrong, here as on the
 * chip: then its keys are gone and every further command fails with card-session-ended. Nothing is
 * ever sent twice, because a repeated command would not fit the counter.
 *
 * @example
 * const session = await Session.open(transceive, holder, { keyNo: 0 });
 * const uid = await getCardUid(session);
 */
export class Session implements CommandSender {
  readonly #transceive: Transceive;
  #channel: Channel;
  #keyNo: number;
  #busy = false;

  private constructor(transceive: Transceive, channel: Channel, keyNo: number) {
    this.#transceive = transceive;
    this.#channel = channel;
    this.#keyNo = keyNo;
  }

  /** A First authentication. @throws as `authenticateFirst` */
  static async open(
    transceive: Transceive,
    holder: KeyHolder,
    options: AuthenticateOptions,
  ): Promise<Session> {
    const channel = await authenticateFirst(transceive, holder, options);
    return new Session(transceive, channel, options.keyNo);
  }

  /** A session over a channel that was opened by other means: by a server that holds the keys. */
  static over(transceive: Transceive, channel: Channel, keyNo: number): Session {
    return new Session(transceive, channel, keyNo);
  }

  /** The key that the session stands under; access rights are granted to it. */
  get keyNo(): number {
    return this.#keyNo;
  }

  get closed(): boolean {
    return this.#channel.closed;
  }

  /**
   * Carries out one command.
   * @throws card-session-ended, card-status, card-desync, card-mac-invalid, card-protocol,
   *   apdu-malformed, busy (another command is under way); what `transceive` throws
   */
  async send(command: NativeCommand): Promise<Uint8Array> {
    return await this.#exclusive(async () => {
      const apdu = await this.#channel.wrap(command);
      return await this.#deliver(apdu, command.frames);
    });
  }

  /**
   * Delivers a command that the holder of the session keys has wrapped by itself; so a new key
   * need never pass through here. Its channel checks the answer. @throws as `send`
   */
  async deliver(apdu: Uint8Array): Promise<Uint8Array> {
    return await this.#exclusive(() => this.#deliver(apdu));
  }

  /** Goes on under another key, within the same transaction. @throws as `authenticateNonFirst` */
  async reauthenticate(
    holder: KeyHolder,
    options: Omit<AuthenticateOptions, "messaging">,
  ): Promise<void> {
    await this.#exclusive(async () => {
      const previous = this.#channel;
      this.#channel = await authenticateNonFirst(this.#transceive, holder, previous, options);
      this.#keyNo = options.keyNo;
      return new Uint8Array(0);
    });
  }

  /** Wipes the session keys. The chip keeps its side until another command or the field ends it. */
  close(): void {
    this.#channel.close();
  }

  async #deliver(apdu: Uint8Array, frames?: number): Promise<Uint8Array> {
    return await this.#channel.unwrap(await exchangeFrames(this.#transceive, apdu, frames));
  }

  async #exclusive(act: () => Promise<Uint8Array>): Promise<Uint8Array> {
    if (this.#busy)
      throw new LatchkeyError("busy", { message: "A command to the card is under way." });
    this.#busy = true;
    try {
      return await act();
    } catch (error) {
      // A RangeError is ours and was thrown before anything was sent; the chip knows nothing of it.
      if (!(error instanceof RangeError)) this.#channel.close();
      throw error;
    } finally {
      this.#busy = false;
    }
  }
}
