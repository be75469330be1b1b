/**
 * Consistent Overhead Byte Stuffing (Cheshire and Baker, 1999): any bytes without a zero among
 * them, at the cost of one byte in 254. So a zero on the wire is always the end of a frame, and
 * a receiver that comes in late or hears noise is in step again at the next one.
 */
const RUN_MAX = 254;

/** The stuffed bytes, without a zero at their end. */
export function cobsEncode(data: Uint8Array): Uint8Array {
  const out = new Uint8Array(data.length + Math.floor(data.length / RUN_MAX) + 1);
  let codeAt = 0;
  let at = 1;
  let run = 1;
  const finish = (): void => {
    out[codeAt] = run;
    codeAt = at++;
    run = 1;
  };
  for (let i = 0; i < data.length; i++) {
    if (data[i] !== 0) {
      out[at++] = data[i]!;
      run++;
    }
    const full = run === RUN_MAX + 1 && i < data.length - 1;
    if (data[i] === 0 || full) finish();
  }
  out[codeAt] = run;
  return out.slice(0, at);
}

/** What was stuffed, or `undefined` for what is none. */
export function cobsDecode(stuffed: Uint8Array): Uint8Array | undefined {
  const out = new Uint8Array(stuffed.length);
  let length = 0;
  let at = 0;
  while (at < stuffed.length) {
    const run = stuffed[at++]!;
    if (run === 0 || at + run - 1 > stuffed.length) return undefined;
    for (let i = 1; i < run; i++) {
      const byte = stuffed[at++]!;
      if (byte === 0) return undefined;
      out[length++] = byte;
    }
    if (run <= RUN_MAX && at < stuffed.length) out[length++] = 0;
  }
  return out.slice(0, length);
}
