/*
 * Multiples of the base point for curve25519-edwards.c. A point is 24 words: (y + x)/2, (y - x)/2
 * and d x y, so that an addition needs no doubled Z.
 */
#ifndef LATCHKEY_CURVE25519_TABLES_H
#define LATCHKEY_CURVE25519_TABLES_H

#include <stdint.h>

#define POINT_WORDS 24

/*
 * For limb i of a scalar and every j below 8: 2^(32 i) (2^24 +- 2^16 +- 2^8 +- 1) B, where bits 2, 1
 * and 0 of j say plus. Word w of it is at (24 i + w) 8 + j: the same word of all eight side by side.
 */
#define COMB_LIMBS 8
#define COMB_ENTRIES 8
extern const uint32_t lkCombTable[COMB_LIMBS * POINT_WORDS * COMB_ENTRIES];

/* (2 j + 1) B at j. */
#define ODD_WIDTH 7
extern const uint32_t lkOddTable[(1 << (ODD_WIDTH - 2)) * POINT_WORDS];

#endif
