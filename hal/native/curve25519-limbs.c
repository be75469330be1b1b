/*
 * Radix 2^32, because the M33 multiplies 32 by 32 bits and adds two words in one instruction.
 * The order of the products was chosen for what stays in registers: four limbs of a factor, the
 * four words of the sum above them and one carry (operand caching, Hutter and Wenger, CHES 2011);
 * lazy reduction modulo 2p as in Fujii and Aranha, "Curve25519 for the Cortex-M4 and beyond" (2019).
 *
 * Nothing is ever reduced behind a whole chain of carries: what the highest limb holds above 2^255
 * is taken out of it first and enters the chain at its start, times 19 (2^255 = 19 modulo p). What
 * the chain then carries into the highest limb is small, so that it stays below 2^32.
 */
#include "umaal.h"
#include "curve25519-field.h"

/* Limb 7 of a sum that is 2^31 `above` + `top`, and what the chain over the others begins with. */
#define SPLIT_TOP(lo, hi) \
	carry = 19 * ((hi) << 1 | (lo) >> 31); \
	top = (lo) & 0x7fffffff

#define STEP(i, addend, factor, times, NOT) \
	word = NOT (addend)[i]; \
	umaal(&word, &carry, (factor)[i], times); \
	out[i] = NOT word

/*
 * addend + times factor. With NOT as ~ it is addend - times factor: ~x is 2^256 - 1 - x, which is
 * 37 - x modulo p, so that ~(~a + b) = 37 - (37 - a + b). `times` is below 2^26.
 */
#define SUM(NAME, TIMES, NOT) \
	void NAME(Field out, const Field a, const Field b) \
	{ \
		const uint32_t times = TIMES; \
		uint32_t word = NOT a[7], carry = 0, top; \
		umaal(&word, &carry, b[7], times); \
		SPLIT_TOP(word, carry); \
		STEP(0, a, b, times, NOT); \
		STEP(1, a, b, times, NOT); \
		STEP(2, a, b, times, NOT); \
		STEP(3, a, b, times, NOT); \
		STEP(4, a, b, times, NOT); \
		STEP(5, a, b, times, NOT); \
		STEP(6, a, b, times, NOT); \
		out[7] = NOT (top + carry); \
	}

SUM(lkFieldAdd, 1, )
SUM(lkFieldAddTwice, 2, )
SUM(lkFieldAdd121666, 121666, )
SUM(lkFieldSub, 1, ~)

/* The 512 bits of `wide` modulo 2^255 - 19: the high half counts 38 times (2^256 = 38). */
static inline __attribute__((always_inline)) void fold(Field out, const uint32_t wide[16])
{
	const uint32_t times = 38;
	uint32_t word = wide[7], carry = 0, top;

	umaal(&word, &carry, wide[15], times);
	SPLIT_TOP(word, carry);
	STEP(0, wide, wide + 8, times, );
	STEP(1, wide, wide + 8, times, );
	STEP(2, wide, wide + 8, times, );
	STEP(3, wide, wide + 8, times, );
	STEP(4, wide, wide + 8, times, );
	STEP(5, wide, wide + 8, times, );
	STEP(6, wide, wide + 8, times, );
	out[7] = top + carry;
}

/*
 * Four limbs a0 to a3 times limb j of b, added to the window of four words s0 to s3 and to `add`.
 * The lowest word is done; the window moves up by one.
 */
#define COLUMN(j, add, done) \
	factor = b[j]; \
	carry = add; \
	umaal(&s0, &carry, a0, factor); \
	umaal(&s1, &carry, a1, factor); \
	umaal(&s2, &carry, a2, factor); \
	umaal(&s3, &carry, a3, factor); \
	done = s0; \
	s0 = s1; \
	s1 = s2; \
	s2 = s3; \
	s3 = carry

void lkFieldMul(Field out, const Field a, const Field b)
{
	uint32_t wide[16], factor, carry;
	uint32_t a0 = a[0], a1 = a[1], a2 = a[2], a3 = a[3];
	uint32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0;

	COLUMN(0, 0, wide[0]);
	COLUMN(1, 0, wide[1]);
	COLUMN(2, 0, wide[2]);
	COLUMN(3, 0, wide[3]);
	COLUMN(4, 0, wide[4]);
	COLUMN(5, 0, wide[5]);
	COLUMN(6, 0, wide[6]);
	COLUMN(7, 0, wide[7]);
	wide[8] = s0;
	wide[9] = s1;
	wide[10] = s2;
	wide[11] = s3;
	a0 = a[4], a1 = a[5], a2 = a[6], a3 = a[7];
	s0 = s1 = s2 = s3 = 0;
	COLUMN(0, wide[4], wide[4]);
	COLUMN(1, wide[5], wide[5]);
	COLUMN(2, wide[6], wide[6]);
	COLUMN(3, wide[7], wide[7]);
	COLUMN(4, wide[8], wide[8]);
	COLUMN(5, wide[9], wide[9]);
	COLUMN(6, wide[10], wide[10]);
	COLUMN(7, wide[11], wide[11]);
	wide[12] = s0;
	wide[13] = s1;
	wide[14] = s2;
	wide[15] = s3;
	fold(out, wide);
}

/* Adds limb times factor to a word of the sum. */
#define CROSS(word, limb) umaal(&word, &carry, limb, factor)

/* Words 2 i and 2 i + 1 of a square: twice the products of different limbs, and one limb squared. */
#define DIAGONAL(i) \
	square = (uint64_t)a[i] * a[i]; \
	low = (uint32_t)square; \
	high = (uint32_t)(square >> 32); \
	umaal(&low, &carry, wide[2 * i], two); \
	wide[2 * i] = low; \
	umaal(&high, &carry, wide[2 * i + 1], two); \
	wide[2 * i + 1] = high

void lkFieldSquare(Field out, const Field a)
{
	const uint32_t two = 2;
	uint32_t wide[16], factor, carry, low, high;
	uint32_t a0 = a[0], a1 = a[1], a2 = a[2], a3 = a[3];
	uint32_t s0 = 0, s1 = 0, s2 = 0, s3 = 0, s4, s5;
	uint64_t square;

	/* Products of different limbs, once: those of the four lower ones with all above them. */
	factor = a1, carry = 0;
	CROSS(s0, a0);
	wide[1] = s0;
	s0 = carry;
	factor = a2, carry = 0;
	CROSS(s0, a0);
	CROSS(s1, a1);
	wide[2] = s0;
	s0 = s1;
	s1 = carry;
	factor = a3, carry = 0;
	CROSS(s0, a0);
	CROSS(s1, a1);
	CROSS(s2, a2);
	wide[3] = s0;
	s0 = s1;
	s1 = s2;
	s2 = carry;
#define b a
	COLUMN(4, 0, wide[4]);
	COLUMN(5, 0, wide[5]);
	COLUMN(6, 0, wide[6]);
	COLUMN(7, 0, wide[7]);
#undef b
	/* And those of the upper ones among themselves. s0 is word 8. */
	wide[8] = s0;
	a0 = a[4], a1 = a[5], a2 = a[6], a3 = a[7];
	factor = a0, carry = 0;
	CROSS(s1, a1);
	CROSS(s2, a2);
	CROSS(s3, a3);
	s4 = carry;
	wide[9] = s1;
	wide[10] = s2;
	factor = a1, carry = 0;
	CROSS(s3, a2);
	CROSS(s4, a3);
	s5 = carry;
	wide[11] = s3;
	wide[12] = s4;
	factor = a2, carry = 0;
	CROSS(s5, a3);
	wide[13] = s5;
	wide[14] = carry;
	square = (uint64_t)a[0] * a[0];
	wide[0] = (uint32_t)square;
	carry = 0;
	high = (uint32_t)(square >> 32);
	umaal(&high, &carry, wide[1], two);
	wide[1] = high;
	DIAGONAL(1);
	DIAGONAL(2);
	DIAGONAL(3);
	DIAGONAL(4);
	DIAGONAL(5);
	DIAGONAL(6);
	square = (uint64_t)a[7] * a[7];
	low = (uint32_t)square;
	umaal(&low, &carry, wide[14], two);
	wide[14] = low;
	wide[15] = (uint32_t)(square >> 32) + carry;
	fold(out, wide);
}
