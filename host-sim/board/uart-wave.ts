/** Someone who drives a serial wire: bytes, 8N1, from a moment on. */
export interface UartSender {
  readonly startUs: number;
  readonly baud: number;
  readonly bytes: Uint8Array;
}

/** Start bit, eight bits, stop bit. */
const FRAME_BITS = 10;
/** How many times a receiver looks per bit while it waits for a start bit. */
const OVERSAMPLING = 8;

/** When the last bit of a sender is over. */
export function endUs({ startUs, baud, bytes }: UartSender): number {
  return startUs + (bytes.length * FRAME_BITS * 1e6) / baud;
}

/** The level that one sender puts on the wire: 1 at rest. */
function levelOf({ startUs, baud, bytes }: UartSender, atUs: number): 0 | 1 {
  const bit = Math.floor(((atUs - startUs) * baud) / 1e6);
  if (bit < 0 || bit >= bytes.length * FRAME_BITS) return 1;
  const place = bit % FRAME_BITS;
  if (place === 0) return 0;
  if (place === FRAME_BITS - 1) return 1;
  return ((bytes[Math.floor(bit / FRAME_BITS)]! >> (place - 1)) & 1) as 0 | 1;
}

/**
 * What a UART at `baud` reads from a wire that these senders pull low, each when it likes: a wire
 * is low as soon as one pulls. One sender of the same speed comes out as it is; of another speed,
 * as the rubbish that a wrong baud rate gives; several at once, as their AND where they meet. A
 * byte without its stop bit is handed on like the others: the Pico's port does not look.
 */
export function uartReads(senders: readonly UartSender[], baud: number): Uint8Array {
  const level = (atUs: number) => senders.every((sender) => levelOf(sender, atUs) === 1);
  const bitUs = 1e6 / baud;
  const stepUs = bitUs / OVERSAMPLING;
  const lastUs = Math.max(...senders.map(endUs));
  const out: number[] = [];
  let atUs = Math.min(...senders.map(({ startUs }) => startUs)) - stepUs;
  while (atUs < lastUs) {
    if (level(atUs)) {
      atUs += stepUs;
      continue;
    }
    // A real start bit is still low in its middle.
    if (level(atUs + bitUs / 2)) {
      atUs += stepUs;
      continue;
    }
    let byte = 0;
    for (let bit = 0; bit < 8; bit++) if (level(atUs + (1.5 + bit) * bitUs)) byte |= 1 << bit;
    out.push(byte);
    atUs += 9.5 * bitUs;
    // Low where the stop bit must be: wait for the line to rise, as UARTs do.
    while (atUs < lastUs && !level(atUs)) atUs += stepUs;
  }
  return Uint8Array.from(out);
}
