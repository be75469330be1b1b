/** Arguments of one call, few enough for the stack of the device's engine. */
const PIECE = 64;

/**
 * The text of UTF-16 code units. In pieces: an engine that copies the whole text with every
 * character that is added, as the device's does, takes a time that grows with the square.
 */
export function textOf(units: Uint8Array | Uint16Array): string {
  let text = "";
  for (let at = 0; at < units.length; at += PIECE) {
    const piece = units.subarray(at, at + PIECE) as unknown as number[];
    text += String.fromCharCode.apply(undefined, piece);
  }
  return text;
}
