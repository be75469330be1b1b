import { equalBytes } from "../../protocol/encoding/bytes.ts";
import { hasCrc16Modbus } from "../../protocol/encoding/crc16-modbus.ts";

/** What came back to a request, as far as the bytes themselves tell. */
export type ModbusAnswer =
  /** One frame of the length expected, its CRC right. */
  | { readonly kind: "data"; readonly frame: Uint8Array }
  /** The device refuses: function | 80h, then why. */
  | { readonly kind: "exception"; readonly exception: number }
  /** Nothing, or only what was sent. */
  | { readonly kind: "silence"; readonly echo: boolean }
  /** More than one device answered: behind one answer there is room for another. */
  | { readonly kind: "clash" }
  /**
   * The CRC is wrong. `likeClash`: it looks as if two devices of one kind had answered on top of
   * each other, either at the very same time (length and header are right, only the data are
   * wrong) or a little apart (there are more bytes than one answer has). Noise can look like it
   * once, hardly every time.
   */
  | { readonly kind: "damaged"; readonly likeClash: boolean }
  /** A good frame of another device, or to another request. */
  | { readonly kind: "stranger"; readonly address: number };

export interface ModbusRequest {
  /** With its CRC. */
  readonly request: Uint8Array;
  /** Of a good answer, with address and CRC. */
  readonly answerBytes: number;
  /** Any device may answer: the request went to an address that all take for theirs. */
  readonly anyAddress: boolean;
}

/** Address, function, code, CRC: the shortest answer that there is. */
const EXCEPTION_BYTES = 5;

/**
 * Takes apart what a line gave. A line that gives back what is sent (two-wire adapters, TX that
 * leaks into RX) is recognised: the echo is left out.
 */
export function judgeAnswer(asked: ModbusRequest, received: Uint8Array): ModbusAnswer {
  const { request, answerBytes } = asked;
  if (received.length === 0) return { kind: "silence", echo: false };
  const echoes = startsWith(received, request);
  // Where a good answer looks like its request, one of the two is not enough to tell them apart.
  const mirrors = answerBytes === request.length;
  if (!echoes || (mirrors && received.length === answerBytes)) return judge(asked, received);
  const rest = received.subarray(request.length);
  if (rest.length === 0) return { kind: "silence", echo: true };
  return judge(asked, rest);
}

function judge(asked: ModbusRequest, frame: Uint8Array): ModbusAnswer {
  const { request, answerBytes, anyAddress } = asked;
  const [address, code, third] = frame;
  const [askedAddress, askedCode] = request;
  const isHis = address === askedAddress || (anyAddress && address! >= 1 && address! <= 0xf7);
  const isException = frame.length === EXCEPTION_BYTES && code === (askedCode! | 0x80);
  if ((frame.length === answerBytes || isException) && hasCrc16Modbus(frame)) {
    if (!isHis || (!isException && code !== askedCode)) {
      return { kind: "stranger", address: address! };
    }
    return isException ? { kind: "exception", exception: third! } : { kind: "data", frame };
  }
  if (frame.length >= answerBytes + EXCEPTION_BYTES) return { kind: "clash" };
  const hasHeader = frame.length === answerBytes && isHis && code === askedCode;
  return { kind: "damaged", likeClash: hasHeader || frame.length > answerBytes };
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return bytes.length >= start.length && equalBytes(bytes.subarray(0, start.length), start);
}
