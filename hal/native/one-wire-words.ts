/** What goes into the FIFO of `pico/one-wire.pio` and comes out of it: words of 32 bits. */
const WORD_BITS = 32;

/**
 * How many slots, less one; then one bit for each, the lowest first: whether the line is still held
 * when a one would be let go.
 */
export function oneWireWords(bits: Uint8Array): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(1 + Math.ceil(bits.length / WORD_BITS));
  words[0] = bits.length - 1;
  for (let i = 0; i < bits.length; i++) {
    if (bits[i] === 0) words[1 + Math.floor(i / WORD_BITS)]! |= 1 << (i % WORD_BITS);
  }
  return words;
}

/**
 * The levels of `count` looks, of which each word has 32 and the last one the rest, the newest
 * lowest. None without that last word: the line was low at the end of a slot.
 */
export function oneWireLevels(words: Uint32Array, count: number): Uint8Array {
  const isWhole = words.length > Math.floor(count / WORD_BITS);
  const levels = new Uint8Array(isWhole ? count : 0);
  for (let i = 0; i < levels.length; i++) {
    const at = i % WORD_BITS;
    const looks = Math.min(WORD_BITS, count - i + at);
    levels[i] = (words[(i - at) / WORD_BITS]! >>> (looks - 1 - at)) & 1;
  }
  return levels;
}
