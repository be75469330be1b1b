/** Arguments of one call, few enough for the stack of the device's engine. */
const ARGUMENTS = 64;
/**
 * Units of a text to cut off and read at a time: where the engine looks for a unit from the start
 * of the text, as XS without its cache does, a long text read unit by unit takes a time that grows
 * with the square. Whole groups of hexadecimal and base64 digits.
 */
export const PIECE = 256;

/**
 * The text of UTF-16 code units. In pieces: an engine that copies the whole text with every
 * character that is added, as the device's does, takes a time that grows with the square.
 */
export function textOf(units: Uint8Array | Uint16Array): string {
  let text = "";
  for (let at = 0; at < units.length; at += ARGUMENTS) {
    const piece = units.subarray(at, at + ARGUMENTS) as unknown as number[];
    text += String.fromCharCode.apply(undefined, piece);
  }
  return text;
}
