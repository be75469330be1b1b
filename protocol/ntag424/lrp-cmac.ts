import { double } from "../crypto/cmac.ts";
import type { CryptoProvider } from "../crypto/provider.ts";
import { evalLrp, type LrpKey, nibblesOf } from "./lrp.ts";

/** CMAC-LRP (AN12304 §2.4, algorithm 6): CMAC with evalLRP in the place of AES. 16 bytes. */
export function lrpCmac(crypto: CryptoProvider, key: LrpKey, message: Uint8Array): Uint8Array {
  const cipher = (block: Uint8Array) => evalLrp(crypto, key, nibblesOf(block), true);
  const k1 = double(cipher(new Uint8Array(16)));
  const whole = message.length > 0 && message.length % 16 === 0;
  const blocks = Math.max(1, Math.ceil(message.length / 16));
  const padded = new Uint8Array(blocks * 16);
  padded.set(message);
  if (!whole) padded[message.length] = 0x80;
  const mask = whole ? k1 : double(k1);
  let state: Uint8Array = new Uint8Array(16);
  for (let at = 0; at < padded.length; at += 16) {
    const last = at === padded.length - 16;
    const input = padded.slice(at, at + 16);
    for (let i = 0; i < 16; i++) input[i] = input[i]! ^ state[i]! ^ (last ? mask[i]! : 0);
    state = cipher(input);
  }
  return state;
}
