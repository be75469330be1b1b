#include "umaal.h"
#include "curve25519-field.h"
#include "curve25519-scalar.h"
#include "wipe.h"

const uint32_t lkOrder[9] = {
	0x5cf5d3ed, 0x5812631a, 0xa2f79cd6, 0x14def9de, 0, 0, 0, 0x10000000, 0
};

/*
 * left := 2^32 left + next modulo L, for left below L. The quotient is taken from the bits above
 * 2^252. It is never too small, and too large by one at most, because L is so little above 2^252.
 */
static void shiftIn(uint32_t left[9], uint32_t next)
{
	uint32_t quotient, carry, mask;
	int i;

	for (i = 8; i > 0; i--)
		left[i] = left[i - 1];
	left[0] = next;
	/* 33 bits, of which the highest says that it is 2^32: one too large, for left is below L. */
	quotient = left[8] << 4 | left[7] >> 28;
	quotient |= 0 - (left[8] >> 28);
	/* ~(~a + b) is a - b. */
	carry = 0;
	for (i = 0; i < 9; i++) {
		left[i] = ~left[i];
		umaal(&left[i], &carry, lkOrder[i], quotient);
		left[i] = ~left[i];
	}
	/* Below zero by less than L, or not at all. */
	mask = left[8] >> 31;
	carry = 0;
	for (i = 0; i < 9; i++)
		umaal(&left[i], &carry, lkOrder[i], mask);
}

static void reduce(uint8_t out[32], const uint32_t wide[16])
{
	uint32_t left[9] = { 0 };
	int i;

	for (i = 15; i >= 0; i--)
		shiftIn(left, wide[i]);
	for (i = 0; i < 32; i++)
		out[i] = (uint8_t)(left[i >> 2] >> (8 * (i & 3)));
	lkWipe(left, sizeof(left));
}

void lkScalarReduce(uint8_t out[32], const uint8_t bytes[64])
{
	uint32_t wide[16];

	lkFieldFromBytes(wide, bytes);
	lkFieldFromBytes(wide + 8, bytes + 32);
	reduce(out, wide);
	lkWipe(wide, sizeof(wide));
}

void lkScalarMulAdd(uint8_t out[32], const uint8_t a[32], const uint8_t b[32], const uint8_t c[32])
{
	uint32_t wide[16], x[8], y[8];
	int i, j;

	lkFieldFromBytes(x, a);
	lkFieldFromBytes(y, b);
	lkFieldFromBytes(wide, c);
	for (i = 0; i < 8; i++) {
		uint32_t carry = 0;

		for (j = 0; j < 8; j++)
			umaal(&wide[i + j], &carry, x[i], y[j]);
		wide[i + 8] = carry;
	}
	reduce(out, wide);
	lkWipe(wide, sizeof(wide));
	lkWipe(x, sizeof(x));
	lkWipe(y, sizeof(y));
}
