import type { CryptoProvider } from "../crypto/provider.ts";
import type { Secret } from "../crypto/secret.ts";
import { LatchkeyError } from "../errors.ts";
import type { Random } from "../platform.ts";
import { Ev2Handshake } from "./ev2-handshake.ts";
import { LrpHandshake } from "./lrp-handshake.ts";
import { type Channel, SecureMessaging } from "./secure-messaging.ts";

/** One of the four mutual authentications (NT4H2421Gx §9, Table 18 says when to use which). */
export interface HandshakeRequest {
  /** 0 to 4; at the PICC level 1 to 4 are the originality keys. */
  readonly keyNo: number;
  /** What the chip's first answer showed it to speak. */
  readonly messaging: "aes" | "lrp";
  /** PCDcap2 as sent in part 1, 6 bytes: the chip must echo it. */
  readonly pcdCap: Uint8Array;
  /** The session to continue by a NonFirst authentication; absent: First. */
  readonly previous?: Channel;
}

/** The key's side of one authentication, between the card's two answers. */
export interface Handshake {
  /** Data of part 2 (32 bytes) for the data of part 1's answer (16 bytes, 17 in LRP mode). */
  answer(challenge: Uint8Array): Uint8Array | Promise<Uint8Array>;
  /**
   * Checks the data of part 2's answer. The key is proved to both sides then.
   * @throws card-proof-invalid
   */
  finish(proof: Uint8Array): Channel | Promise<Channel>;
  /** Forgets everything when the authentication comes to nothing. May be called at any time. */
  abandon(): void;
}

/**
 * Who holds a chip's keys. The reader's side needs no more than this interface, so the holder can
 * be a server behind the network: the keys stay there, and by returning a channel that also stays
 * there, so do the session keys.
 */
export interface KeyHolder {
  /** @throws LatchkeyError when the holder will not, or has no such key */
  begin(request: HandshakeRequest): Handshake | Promise<Handshake>;
}

/** The transaction that a NonFirst authentication continues: identifier and counter are kept. */
export interface Transaction {
  readonly ti: Uint8Array;
  readonly commandCounter: number;
}

/** What both handshakes start from. */
export interface HandshakeStart {
  /** 16 bytes; still the caller's, neither kept beyond the handshake nor wiped. */
  readonly key: Secret;
  /** 16 random bytes; taken over. */
  readonly rndA: Uint8Array;
  readonly pcdCap: Uint8Array;
  readonly transaction?: Transaction;
}

/**
 * A holder that has the keys in this process. `keyOf` gives the key by number, and keeps it; for
 * any other number it throws.
 */
export function localKeyHolder(
  crypto: CryptoProvider,
  random: Random,
  keyOf: (keyNo: number) => Secret,
): KeyHolder {
  return {
    begin({ keyNo, messaging, pcdCap, previous }) {
      const start = { key: keyOf(keyNo), rndA: random.bytes(16), pcdCap };
      const whole = {
        ...start,
        ...(previous !== undefined && { transaction: continued(previous) }),
      };
      return messaging === "aes"
        ? new Ev2Handshake(crypto, whole)
        : new LrpHandshake(crypto, whole);
    },
  };
}

function continued(previous: Channel): Transaction {
  if (!(previous instanceof SecureMessaging))
    throw new TypeError("ntag424: the session to continue is not held here");
  if (previous.closed) throw new LatchkeyError("card-session-ended");
  return { ti: previous.ti, commandCounter: previous.commandCounter };
}
