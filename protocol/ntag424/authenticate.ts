import { isLatchkeyError, LatchkeyError } from "../errors.ts";
import { encodeCommand, parseResponse, type ResponseApdu, type Transceive } from "../nfc/apdu.ts";
import { cardStatusError, SW_ADDITIONAL_FRAME, SW_NATIVE_OK } from "../nfc/status-word.ts";
import type { HandshakeRequest, KeyHolder } from "./handshake.ts";
import type { Channel } from "./secure-messaging.ts";

/** Which secure messaging to ask for; "auto" takes what the chip is set to. */
export type Messaging = "aes" | "lrp" | "auto";

export interface AuthenticateOptions {
  readonly keyNo: number;
  /** Default "aes". */
  readonly messaging?: Messaging;
  /**
   * How often part 1 is sent again when the chip answers AUTHENTICATION_DELAY. It takes about
   * 25 ms for each such answer, and goes on until the delay is over (NT4H2421Gx §9). Default 200.
   */
  readonly delayRetriesMax?: number;
}

interface Part1 {
  readonly ins: number;
  readonly data: Uint8Array;
  readonly pcdCap: Uint8Array;
  readonly name: string;
}

const INS_FIRST = 0x71;
const INS_NON_FIRST = 0x77;
const INS_ADDITIONAL_FRAME = 0xaf;
/** PCDcap2.1 bit 1: LRP secure messaging (Table 37). */
const PCD_CAP_LRP = 0x02;
const SW_PERMISSION_DENIED = 0x919d;
const SW_AUTHENTICATION_DELAY = 0x91ad;
const SW_AUTHENTICATION_ERROR = 0x91ae;
const DELAY_RETRIES_MAX = 200;
/** Length of part 1's answer: E(RndB), or AuthMode ‖ RndB (Table 19). */
const AES_CHALLENGE = 16;
const LRP_CHALLENGE = 17;

/**
 * Part 1 of a First authentication. In AES mode no capabilities are sent (LenCap 0); asking for
 * LRP leaves an AES chip the choice to answer in its own way, by which "auto" finds out.
 */
function firstPart1(keyNo: number, messaging: Messaging): Part1 {
  const pcdCap = new Uint8Array(6);
  const ins = INS_FIRST;
  if (messaging === "aes")
    return { ins, data: Uint8Array.of(keyNo, 0), pcdCap, name: "AuthenticateEV2First" };
  pcdCap[0] = PCD_CAP_LRP;
  const data = Uint8Array.of(keyNo, pcdCap.length, ...pcdCap);
  return { ins, data, pcdCap, name: "AuthenticateLRPFirst" };
}

/**
 * AuthenticateEV2First or AuthenticateLRPFirst (§10.4.1, §10.4.3): a new transaction. The
 * application must be selected (or the PICC level, for an originality key).
 *
 * A wrong key is tried once and never again: the chip counts failures, and locks the key for good
 * at its limit.
 * @throws card-key-wrong (the chip refused the key's proof), card-proof-invalid (the chip gave
 *   none), card-auth-delay, card-auth-refused, card-status, card-protocol, apdu-malformed; what
 *   the key's holder and `transceive` throw
 */
export async function authenticateFirst(
  transceive: Transceive,
  holder: KeyHolder,
  { keyNo, messaging = "aes", delayRetriesMax = DELAY_RETRIES_MAX }: AuthenticateOptions,
): Promise<Channel> {
  checkKeyNo(keyNo);
  const part1 = firstPart1(keyNo, messaging);
  const challenge = await sendPart1(transceive, part1, delayRetriesMax);
  const spoken = spokenBy(challenge);
  if (messaging !== "auto" && messaging !== spoken)
    throw new LatchkeyError("card-auth-refused", {
      message: `The chip is set to ${spoken === "lrp" ? "LRP" : "AES"} secure messaging.`,
      detail: { messaging: spoken, instruction: part1.name },
    });
  const request = { keyNo, messaging: spoken, pcdCap: part1.pcdCap };
  return await prove(transceive, holder, request, challenge, part1.name);
}

/**
 * AuthenticateEV2NonFirst or AuthenticateLRPNonFirst (§10.4.2, §10.4.4): another key within the
 * transaction of `previous`, whose identifier and command counter are kept. The previous channel
 * is closed, whatever comes of it: so does the chip.
 * @throws as {@link authenticateFirst}; card-session-ended
 */
export async function authenticateNonFirst(
  transceive: Transceive,
  holder: KeyHolder,
  previous: Channel,
  options: Omit<AuthenticateOptions, "messaging">,
): Promise<Channel> {
  const { keyNo, delayRetriesMax = DELAY_RETRIES_MAX } = options;
  checkKeyNo(keyNo);
  if (previous.closed) throw new LatchkeyError("card-session-ended");
  const name = "AuthenticateEV2NonFirst";
  const pcdCap = new Uint8Array(6);
  const part1 = { ins: INS_NON_FIRST, data: Uint8Array.of(keyNo), pcdCap, name };
  try {
    const challenge = await sendPart1(transceive, part1, delayRetriesMax);
    const request = { keyNo, messaging: spokenBy(challenge), pcdCap, previous };
    return await prove(transceive, holder, request, challenge, name);
  } finally {
    previous.close();
  }
}

function checkKeyNo(keyNo: number): void {
  if (!(Number.isInteger(keyNo) && keyNo >= 0 && keyNo <= 4))
    throw new RangeError(`ntag424: key number ${keyNo}`);
}

function spokenBy(challenge: Uint8Array): "aes" | "lrp" {
  if (challenge.length === AES_CHALLENGE) return "aes";
  if (challenge.length === LRP_CHALLENGE) return "lrp";
  throw new LatchkeyError("card-protocol", {
    message: `Part 1 of the authentication was answered with ${challenge.length} bytes.`,
  });
}

async function exchange(transceive: Transceive, ins: number, data: Uint8Array) {
  const command = { cla: 0x90, ins, p1: 0, p2: 0, data, le: 256 };
  return parseResponse(await transceive(encodeCommand(command)));
}

/** The challenge; the same command again while the chip makes us wait. */
async function sendPart1(
  transceive: Transceive,
  { ins, data, name }: Part1,
  delayRetriesMax: number,
): Promise<Uint8Array> {
  let response: ResponseApdu = await exchange(transceive, ins, data);
  for (let retry = 0; response.sw === SW_AUTHENTICATION_DELAY; retry++) {
    if (retry >= delayRetriesMax)
      throw new LatchkeyError("card-auth-delay", { detail: { retries: retry, instruction: name } });
    response = await exchange(transceive, ins, data);
  }
  if (response.sw === SW_ADDITIONAL_FRAME) return response.data;
  const error = cardStatusError(response.sw, name);
  if (response.sw !== SW_PERMISSION_DENIED) throw error;
  throw new LatchkeyError("card-auth-refused", { detail: error.detail, cause: error });
}

async function prove(
  transceive: Transceive,
  holder: KeyHolder,
  request: HandshakeRequest,
  challenge: Uint8Array,
  name: string,
): Promise<Channel> {
  const handshake = await holder.begin(request);
  try {
    const answer = await handshake.answer(challenge);
    const { data, sw } = await exchange(transceive, INS_ADDITIONAL_FRAME, answer);
    if (sw === SW_AUTHENTICATION_ERROR)
      throw new LatchkeyError("card-key-wrong", {
        detail: { keyNo: request.keyNo, instruction: name },
      });
    if (sw !== SW_NATIVE_OK) throw cardStatusError(sw, name);
    return await handshake.finish(data);
  } finally {
    handshake.abandon();
  }
}

/** Whether an error says that the card and we do not share the key: no reason to try again. */
export function isWrongKey(error: unknown): boolean {
  return isLatchkeyError(error, "card-key-wrong") || isLatchkeyError(error, "card-proof-invalid");
}
