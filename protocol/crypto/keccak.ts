/** The 24 round constants of iota (FIPS 202 3.2.5), low and high half of each. */
const ROUND_CONSTANTS = Object.freeze([
  0x1, 0x0, 0x8082, 0x0, 0x808a, -0x80000000, -0x7fff8000, -0x80000000, 0x808b, 0x0, -0x7fffffff,
  0x0, -0x7fff7f7f, -0x80000000, 0x8009, -0x80000000, 0x8a, 0x0, 0x88, 0x0, -0x7fff7ff7, 0x0,
  -0x7ffffff6, 0x0, -0x7fff7f75, 0x0, 0x8b, -0x80000000, 0x8089, -0x80000000, 0x8003, -0x80000000,
  0x8002, -0x80000000, 0x80, -0x80000000, 0x800a, 0x0, -0x7ffffff6, -0x80000000, -0x7fff7f7f,
  -0x80000000, 0x8080, -0x80000000, -0x7fffffff, 0x0, -0x7fff7ff8, -0x80000000,
]);

/**
 * Keccak-f[1600] in place (FIPS 202 3.3), written for XS: lane i is the pair `s[2i]` (low half)
 * and `s[2i + 1]`. Between them a round's values are int32 locals, because there every element
 * access is a call, and `(x >> n) & mask` stands for `>>>`, whose result may not fit an int32 and
 * is then a double. For the same reason the round is one long list: a loop over lanes costs three
 * times as much.
 */
export function keccakF1600(s: Int32Array): void {
  for (let round = 0; round < 48; round += 2) {
    // Theta: the parity of each column, and of its neighbours.
    const c0l = s[0]! ^ s[10]! ^ s[20]! ^ s[30]! ^ s[40]!;
    const c0h = s[1]! ^ s[11]! ^ s[21]! ^ s[31]! ^ s[41]!;
    const c1l = s[2]! ^ s[12]! ^ s[22]! ^ s[32]! ^ s[42]!;
    const c1h = s[3]! ^ s[13]! ^ s[23]! ^ s[33]! ^ s[43]!;
    const c2l = s[4]! ^ s[14]! ^ s[24]! ^ s[34]! ^ s[44]!;
    const c2h = s[5]! ^ s[15]! ^ s[25]! ^ s[35]! ^ s[45]!;
    const c3l = s[6]! ^ s[16]! ^ s[26]! ^ s[36]! ^ s[46]!;
    const c3h = s[7]! ^ s[17]! ^ s[27]! ^ s[37]! ^ s[47]!;
    const c4l = s[8]! ^ s[18]! ^ s[28]! ^ s[38]! ^ s[48]!;
    const c4h = s[9]! ^ s[19]! ^ s[29]! ^ s[39]! ^ s[49]!;
    const d0l = c4l ^ ((c1l << 1) | ((c1h >> 31) & 1));
    const d0h = c4h ^ ((c1h << 1) | ((c1l >> 31) & 1));
    const d1l = c0l ^ ((c2l << 1) | ((c2h >> 31) & 1));
    const d1h = c0h ^ ((c2h << 1) | ((c2l >> 31) & 1));
    const d2l = c1l ^ ((c3l << 1) | ((c3h >> 31) & 1));
    const d2h = c1h ^ ((c3h << 1) | ((c3l >> 31) & 1));
    const d3l = c2l ^ ((c4l << 1) | ((c4h >> 31) & 1));
    const d3h = c2h ^ ((c4h << 1) | ((c4l >> 31) & 1));
    const d4l = c3l ^ ((c0l << 1) | ((c0h >> 31) & 1));
    const d4h = c3h ^ ((c0h << 1) | ((c0l >> 31) & 1));
    // Rho and pi: each lane is turned and moves.
    const b0l = s[0]! ^ d0l;
    const b0h = s[1]! ^ d0h;
    let l = s[2]! ^ d1l;
    let h = s[3]! ^ d1h;
    const b10l = (l << 1) | ((h >> 31) & 1);
    const b10h = (h << 1) | ((l >> 31) & 1);
    l = s[4]! ^ d2l;
    h = s[5]! ^ d2h;
    const b20l = (h << 30) | ((l >> 2) & 0x3fffffff);
    const b20h = (l << 30) | ((h >> 2) & 0x3fffffff);
    l = s[6]! ^ d3l;
    h = s[7]! ^ d3h;
    const b5l = (l << 28) | ((h >> 4) & 0xfffffff);
    const b5h = (h << 28) | ((l >> 4) & 0xfffffff);
    l = s[8]! ^ d4l;
    h = s[9]! ^ d4h;
    const b15l = (l << 27) | ((h >> 5) & 0x7ffffff);
    const b15h = (h << 27) | ((l >> 5) & 0x7ffffff);
    l = s[10]! ^ d0l;
    h = s[11]! ^ d0h;
    const b16l = (h << 4) | ((l >> 28) & 0xf);
    const b16h = (l << 4) | ((h >> 28) & 0xf);
    l = s[12]! ^ d1l;
    h = s[13]! ^ d1h;
    const b1l = (h << 12) | ((l >> 20) & 0xfff);
    const b1h = (l << 12) | ((h >> 20) & 0xfff);
    l = s[14]! ^ d2l;
    h = s[15]! ^ d2h;
    const b11l = (l << 6) | ((h >> 26) & 0x3f);
    const b11h = (h << 6) | ((l >> 26) & 0x3f);
    l = s[16]! ^ d3l;
    h = s[17]! ^ d3h;
    const b21l = (h << 23) | ((l >> 9) & 0x7fffff);
    const b21h = (l << 23) | ((h >> 9) & 0x7fffff);
    l = s[18]! ^ d4l;
    h = s[19]! ^ d4h;
    const b6l = (l << 20) | ((h >> 12) & 0xfffff);
    const b6h = (h << 20) | ((l >> 12) & 0xfffff);
    l = s[20]! ^ d0l;
    h = s[21]! ^ d0h;
    const b7l = (l << 3) | ((h >> 29) & 7);
    const b7h = (h << 3) | ((l >> 29) & 7);
    l = s[22]! ^ d1l;
    h = s[23]! ^ d1h;
    const b17l = (l << 10) | ((h >> 22) & 0x3ff);
    const b17h = (h << 10) | ((l >> 22) & 0x3ff);
    l = s[24]! ^ d2l;
    h = s[25]! ^ d2h;
    const b2l = (h << 11) | ((l >> 21) & 0x7ff);
    const b2h = (l << 11) | ((h >> 21) & 0x7ff);
    l = s[26]! ^ d3l;
    h = s[27]! ^ d3h;
    const b12l = (l << 25) | ((h >> 7) & 0x1ffffff);
    const b12h = (h << 25) | ((l >> 7) & 0x1ffffff);
    l = s[28]! ^ d4l;
    h = s[29]! ^ d4h;
    const b22l = (h << 7) | ((l >> 25) & 0x7f);
    const b22h = (l << 7) | ((h >> 25) & 0x7f);
    l = s[30]! ^ d0l;
    h = s[31]! ^ d0h;
    const b23l = (h << 9) | ((l >> 23) & 0x1ff);
    const b23h = (l << 9) | ((h >> 23) & 0x1ff);
    l = s[32]! ^ d1l;
    h = s[33]! ^ d1h;
    const b8l = (h << 13) | ((l >> 19) & 0x1fff);
    const b8h = (l << 13) | ((h >> 19) & 0x1fff);
    l = s[34]! ^ d2l;
    h = s[35]! ^ d2h;
    const b18l = (l << 15) | ((h >> 17) & 0x7fff);
    const b18h = (h << 15) | ((l >> 17) & 0x7fff);
    l = s[36]! ^ d3l;
    h = s[37]! ^ d3h;
    const b3l = (l << 21) | ((h >> 11) & 0x1fffff);
    const b3h = (h << 21) | ((l >> 11) & 0x1fffff);
    l = s[38]! ^ d4l;
    h = s[39]! ^ d4h;
    const b13l = (l << 8) | ((h >> 24) & 0xff);
    const b13h = (h << 8) | ((l >> 24) & 0xff);
    l = s[40]! ^ d0l;
    h = s[41]! ^ d0h;
    const b14l = (l << 18) | ((h >> 14) & 0x3ffff);
    const b14h = (h << 18) | ((l >> 14) & 0x3ffff);
    l = s[42]! ^ d1l;
    h = s[43]! ^ d1h;
    const b24l = (l << 2) | ((h >> 30) & 3);
    const b24h = (h << 2) | ((l >> 30) & 3);
    l = s[44]! ^ d2l;
    h = s[45]! ^ d2h;
    const b9l = (h << 29) | ((l >> 3) & 0x1fffffff);
    const b9h = (l << 29) | ((h >> 3) & 0x1fffffff);
    l = s[46]! ^ d3l;
    h = s[47]! ^ d3h;
    const b19l = (h << 24) | ((l >> 8) & 0xffffff);
    const b19h = (l << 24) | ((h >> 8) & 0xffffff);
    l = s[48]! ^ d4l;
    h = s[49]! ^ d4h;
    const b4l = (l << 14) | ((h >> 18) & 0x3fff);
    const b4h = (h << 14) | ((l >> 18) & 0x3fff);
    // Chi, and iota in the first lane.
    s[0] = b0l ^ (~b1l & b2l) ^ ROUND_CONSTANTS[round]!;
    s[1] = b0h ^ (~b1h & b2h) ^ ROUND_CONSTANTS[round + 1]!;
    s[2] = b1l ^ (~b2l & b3l);
    s[3] = b1h ^ (~b2h & b3h);
    s[4] = b2l ^ (~b3l & b4l);
    s[5] = b2h ^ (~b3h & b4h);
    s[6] = b3l ^ (~b4l & b0l);
    s[7] = b3h ^ (~b4h & b0h);
    s[8] = b4l ^ (~b0l & b1l);
    s[9] = b4h ^ (~b0h & b1h);
    s[10] = b5l ^ (~b6l & b7l);
    s[11] = b5h ^ (~b6h & b7h);
    s[12] = b6l ^ (~b7l & b8l);
    s[13] = b6h ^ (~b7h & b8h);
    s[14] = b7l ^ (~b8l & b9l);
    s[15] = b7h ^ (~b8h & b9h);
    s[16] = b8l ^ (~b9l & b5l);
    s[17] = b8h ^ (~b9h & b5h);
    s[18] = b9l ^ (~b5l & b6l);
    s[19] = b9h ^ (~b5h & b6h);
    s[20] = b10l ^ (~b11l & b12l);
    s[21] = b10h ^ (~b11h & b12h);
    s[22] = b11l ^ (~b12l & b13l);
    s[23] = b11h ^ (~b12h & b13h);
    s[24] = b12l ^ (~b13l & b14l);
    s[25] = b12h ^ (~b13h & b14h);
    s[26] = b13l ^ (~b14l & b10l);
    s[27] = b13h ^ (~b14h & b10h);
    s[28] = b14l ^ (~b10l & b11l);
    s[29] = b14h ^ (~b10h & b11h);
    s[30] = b15l ^ (~b16l & b17l);
    s[31] = b15h ^ (~b16h & b17h);
    s[32] = b16l ^ (~b17l & b18l);
    s[33] = b16h ^ (~b17h & b18h);
    s[34] = b17l ^ (~b18l & b19l);
    s[35] = b17h ^ (~b18h & b19h);
    s[36] = b18l ^ (~b19l & b15l);
    s[37] = b18h ^ (~b19h & b15h);
    s[38] = b19l ^ (~b15l & b16l);
    s[39] = b19h ^ (~b15h & b16h);
    s[40] = b20l ^ (~b21l & b22l);
    s[41] = b20h ^ (~b21h & b22h);
    s[42] = b21l ^ (~b22l & b23l);
    s[43] = b21h ^ (~b22h & b23h);
    s[44] = b22l ^ (~b23l & b24l);
    s[45] = b22h ^ (~b23h & b24h);
    s[46] = b23l ^ (~b24l & b20l);
    s[47] = b23h ^ (~b24h & b20h);
    s[48] = b24l ^ (~b20l & b21l);
    s[49] = b24h ^ (~b20h & b21h);
  }
}
