import { aesCmac } from "../crypto/cmac.ts";
import type { CryptoProvider } from "../crypto/provider.ts";
import { concat, uintBE } from "../encoding/bytes.ts";
import { toUtf8 } from "../encoding/utf8.ts";

/** AN10922 §2.2: the constant in front of the diversification input for AES-128. */
const DIV_AES128 = 0x01;

/**
 * AES-128 key diversification (NXP AN10922 §2.2): 16 bytes from a 16-byte master key and the
 * diversification input M, 16 to 31 bytes. A shorter M is allowed there but is padded to two
 * blocks, which CMAC alone would not do; nothing here needs one, so it is refused (RangeError).
 */
export function diversifyAes128(
  crypto: CryptoProvider,
  masterKey: Uint8Array,
  m: Uint8Array,
): Uint8Array {
  if (masterKey.length !== 16) throw new RangeError("an10922: the master key has 16 bytes");
  if (m.length < 16 || m.length > 31) throw new RangeError(`an10922: M has ${m.length} bytes`);
  return aesCmac(crypto, masterKey, concat(Uint8Array.of(DIV_AES128), m));
}

/**
 * Key `keyNo` (0 to 4) of the badge with this 7-byte UID, from the tenant's master key.
 * M = UID ‖ keyNo ‖ "latchkey", so that one opened chip gives away no other chip and no other key.
 * The second and later sets of keys of one chip add their number, 2 bytes big-endian: no chip gets
 * a key twice.
 */
export function diversifyChipKey(
  crypto: CryptoProvider,
  masterKey: Uint8Array,
  uid: Uint8Array,
  keyNo: number,
  generation = 1,
): Uint8Array {
  if (uid.length !== 7) throw new RangeError(`an10922: a UID of ${uid.length} bytes`);
  if (!(Number.isInteger(keyNo) && keyNo >= 0 && keyNo <= 4))
    throw new RangeError(`an10922: key number ${keyNo}`);
  if (!(Number.isInteger(generation) && generation >= 1 && generation <= 0xffff))
    throw new RangeError(`an10922: key generation ${generation}`);
  const first = concat(uid, Uint8Array.of(keyNo), toUtf8("latchkey"));
  const m = generation === 1 ? first : concat(first, uintBE(generation, 2));
  return diversifyAes128(crypto, masterKey, m);
}
