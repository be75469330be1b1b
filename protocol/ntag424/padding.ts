/** ISO/IEC 9797-1 padding method 2 to whole AES blocks: 80h and zeros, always at least one byte. */
export function padBlocks(data: Uint8Array): Uint8Array {
  const out = new Uint8Array((Math.floor(data.length / 16) + 1) * 16);
  out.set(data);
  out[data.length] = 0x80;
  return out;
}

/**
 * The data without its padding, as a copy; `undefined` when there is no valid padding. Call it only
 * on data whose MAC was checked: otherwise the answer is an oracle.
 */
export function unpadBlocks(padded: Uint8Array): Uint8Array | undefined {
  if (padded.length === 0 || padded.length % 16 !== 0) return undefined;
  let end = padded.length - 1;
  // No further back than one block: longer padding than that is not what method 2 makes.
  while (end > padded.length - 16 && padded[end] === 0) end--;
  return padded[end] === 0x80 ? padded.slice(0, end) : undefined;
}
