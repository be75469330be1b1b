import { isLatchkeyError, LatchkeyError } from "../../protocol/errors.ts";
import type { Target } from "./commands.ts";
import type { DataExchangeOptions } from "./options.ts";
import type { PN532 } from "./pn532.ts";
import { isAntennaOverload, isTargetLost, statusOf } from "./status.ts";

/** What a session needs of the PN532. */
export type CardChannel = Pick<PN532, "inDataExchange" | "isPresent">;

/** ISO 14443-4 compliance, bit 5 of SEL_RES. */
const SAK_ISO_DEP = 0x20;
/** Status byte of a card that did not answer. */
const TIMEOUT = 0x01;
const INS_SELECT = 0xa4;
const INS_READ_BINARY = 0xb0;

/**
 * One card in the field, from the moment it was listed until it leaves: APDUs in, APDUs out.
 * The PN532 does the block protocol (numbering, chaining, waiting time extensions) by itself.
 *
 * After an error that ended the card's presence the session is `broken` and answers every
 * further APDU with that error: the card may have forgotten what was selected.
 */
export class CardSession {
  readonly #pn532: CardChannel;
  readonly #tg: number;
  readonly uid: Uint8Array;
  readonly sak: number;
  readonly atqa: number;
  /** Answer to select including its length byte; empty when the card does not speak ISO-DEP. */
  readonly ats: Uint8Array;
  #broken: LatchkeyError | undefined;

  constructor(pn532: CardChannel, target: Target) {
    this.#pn532 = pn532;
    this.#tg = target.tg;
    this.uid = target.uid;
    this.sak = target.sak;
    this.atqa = target.atqa;
    this.ats = target.ats;
  }

  /** Whether the card takes APDUs at all. */
  get isoDep(): boolean {
    return (this.sak & SAK_ISO_DEP) !== 0;
  }

  /** The error that ended this session, if one did. */
  get broken(): LatchkeyError | undefined {
    return this.#broken;
  }

  /** Ends the session from outside: the card was listed anew, or is gone. */
  end(error: LatchkeyError = new LatchkeyError("badge-moved")): void {
    this.#broken ??= error;
  }

  /**
   * Sends a C-APDU and gives back the R-APDU (data and two status bytes), up to 256 bytes of
   * data. The length to read is taken from the APDU's Le unless `expectBytes` is given.
   * @throws badge-moved (gone), badge-changed, card-timeout (there but silent), card-protocol,
   * card-unsupported, pn532-… for the chip's own troubles
   */
  async transceive(apdu: Uint8Array, options: DataExchangeOptions = {}): Promise<Uint8Array> {
    if (this.#broken !== undefined) throw this.#broken;
    if (!this.isoDep) throw new LatchkeyError("card-unsupported", { detail: { sak: this.sak } });
    try {
      const expectBytes = options.expectBytes ?? expectedAnswerBytes(apdu);
      const answer = await this.#pn532.inDataExchange(this.#tg, apdu, {
        ...options,
        ...(expectBytes === undefined ? {} : { expectBytes }),
      });
      if (answer.length < 2) {
        throw new LatchkeyError("card-protocol", { message: "the card's answer has no status" });
      }
      return answer;
    } catch (error) {
      this.#broken ??= await this.#explain(error);
      throw this.#broken;
    }
  }

  async #explain(error: unknown): Promise<LatchkeyError> {
    if (!isLatchkeyError(error)) return new LatchkeyError("internal", { cause: error });
    const status = statusOf(error);
    if (status === undefined || isAntennaOverload(status)) return error;
    const options = { cause: error, detail: error.detail };
    if (status === 0x2a) return new LatchkeyError("badge-changed", options);
    // A card pulled away in mid-frame looks like a slow or a faulty one until one asks for a
    // sign of life.
    const gone = isTargetLost(status) && status !== TIMEOUT;
    if (gone || !(await this.#pn532.isPresent().catch(() => false)))
      return new LatchkeyError("badge-moved", options);
    return new LatchkeyError(status === TIMEOUT ? "card-timeout" : "card-protocol", options);
  }
}

/**
 * How long the answer to a short C-APDU will be if all goes well (ISO 7816-4 §5.2), or
 * `undefined` where Le = 00 leaves it open ("up to 256", which few answers are).
 */
export function expectedAnswerBytes(apdu: Uint8Array): number | undefined {
  const le = shortLe(apdu);
  if (le === undefined) return 2;
  if (le > 0) return le + 2;
  if (apdu[1] === INS_SELECT) return 2;
  if (apdu[1] === INS_READ_BINARY) return 258;
  return undefined;
}

/** Le of a short C-APDU; `undefined` when it has none. */
function shortLe(apdu: Uint8Array): number | undefined {
  if (apdu.length < 5) return undefined;
  if (apdu.length === 5) return apdu[4];
  const lc = apdu[4]!;
  return apdu.length === 6 + lc ? apdu[5 + lc] : undefined;
}
