/* Multiples of the base point by secrets: no branch and no index depends on a scalar. */
#include "umaal.h"
#include "curve25519-edwards.h"
#include "curve25519-scalar.h"
#include "curve25519-tables.h"
#include "wipe.h"

/*
 * One entry of the eight for a limb, by masks: every word of all of them is read. On its own, so
 * that all masks stay in registers.
 */
static __attribute__((noinline)) void selectEntry(uint32_t entry[POINT_WORDS], const uint32_t *row, uint32_t index)
{
#define MASK(j) (0 - ((((j) ^ index) - 1) >> 31))
	const uint32_t m0 = MASK(0), m1 = MASK(1), m2 = MASK(2), m3 = MASK(3);
	const uint32_t m4 = MASK(4), m5 = MASK(5), m6 = MASK(6), m7 = MASK(7);
	int i;

	for (i = 0; i < POINT_WORDS; i++, row += COMB_ENTRIES)
		entry[i] = (row[0] & m0) | (row[1] & m1) | (row[2] & m2) | (row[3] & m3)
			| (row[4] & m4) | (row[5] & m5) | (row[6] & m6) | (row[7] & m7);
}

/*
 * The bits of (scalar + 2^256 - 1)/2, for the scalar or, if that is even, scalar + L: with 1 and -1
 * for its bits 1 and 0 this is the scalar (Hamburg, "Fast and compact elliptic-curve cryptography",
 * 2012, 3.3). No digit of such a comb is zero.
 */
static void signedBits(uint32_t bits[8], const uint8_t scalar[32])
{
	uint32_t even, carry = 0;
	int i;

	lkFieldFromBytes(bits, scalar);
	even = 1 - (bits[0] & 1);
	for (i = 0; i < 8; i++)
		umaal(&bits[i], &carry, lkOrder[i], even);
	for (i = 0; i < 7; i++)
		bits[i] = bits[i] >> 1 | bits[i + 1] << 31;
	bits[7] = bits[7] >> 1 | 0x80000000;
}

void lkEdwardsMultiplyBase(EdwardsPoint *out, const uint8_t scalar[32])
{
	uint32_t bits[8], entry[POINT_WORDS];
	int step, limb;

	signedBits(bits, scalar);
	lkEdwardsIdentity(out);
	for (step = 7; step >= 0; step--) {
		if (step < 7)
			lkEdwardsDouble(out, out, 1);
		for (limb = 0; limb < COMB_LIMBS; limb++) {
			uint32_t teeth = bits[limb] >> step;
			uint32_t negative = 1 & ~(teeth >> 24);
			uint32_t index = (teeth & 1) | (teeth >> 7 & 2) | (teeth >> 14 & 4);

			/* Of the negative, the signs of the other teeth are turned round. */
			index ^= 7 & (0 - negative);
			selectEntry(entry, lkCombTable + limb * POINT_WORDS * COMB_ENTRIES, index);
			lkFieldSwap(entry, entry + 8, negative);
			lkEdwardsAdd(out, entry, entry + 8, entry + 16, out->Z, negative, limb < COMB_LIMBS - 1);
		}
	}
	lkWipe(bits, sizeof(bits));
	lkWipe(entry, sizeof(entry));
}
