/* What is made of sums and products in curve25519-limbs.c: powers, and the way from and to bytes. */
#include "umaal.h"
#include "curve25519-field.h"

void lkFieldFromBytes(Field out, const uint8_t bytes[32])
{
	int i;

	for (i = 0; i < 8; i++, bytes += 4)
		out[i] = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

void lkFieldCopy(Field out, const Field a)
{
	int i;

	for (i = 0; i < 8; i++)
		out[i] = a[i];
}

void lkFieldSmall(Field out, uint32_t value)
{
	int i;

	out[0] = value;
	for (i = 1; i < 8; i++)
		out[i] = 0;
}

/* a + carry, which must stay below 2^256. */
static void addSmall(Field out, const Field a, uint32_t carry)
{
	int i;

	for (i = 0; i < 8; i++) {
		uint32_t word = a[i];

		umaal(&word, &carry, 0, 0);
		out[i] = word;
	}
}

void lkFieldToBytes(uint8_t bytes[32], const Field a)
{
	Field left, tried;
	int i;

	lkFieldCopy(left, a);
	left[7] &= 0x7fffffff;
	addSmall(left, left, 19 * (a[7] >> 31));
	/* Below 2 p now: p must come out once more if 19 more reach 2^255. */
	addSmall(tried, left, 19);
	addSmall(left, left, 19 * (tried[7] >> 31));
	left[7] &= 0x7fffffff;
	for (i = 0; i < 32; i++)
		bytes[i] = (uint8_t)(left[i >> 2] >> (8 * (i & 3)));
}

void lkFieldSquareTimes(Field out, const Field a, int times)
{
	lkFieldSquare(out, a);
	while (--times > 0)
		lkFieldSquare(out, out);
}

/* a^(2^250 - 1), and a^11 on the way: the chain of D. J. Bernstein's first implementation. */
static void power250(Field out, Field eleventh, const Field a)
{
	Field t, u;

	lkFieldSquare(t, a);
	lkFieldSquareTimes(u, t, 2);
	lkFieldMul(u, u, a);
	lkFieldMul(eleventh, t, u);
	lkFieldSquare(t, eleventh);
	lkFieldMul(out, t, u); /* 2^5 - 1 */
	lkFieldSquareTimes(t, out, 5);
	lkFieldMul(out, t, out); /* 2^10 - 1 */
	lkFieldSquareTimes(t, out, 10);
	lkFieldMul(t, t, out); /* 2^20 - 1 */
	lkFieldSquareTimes(u, t, 20);
	lkFieldMul(t, u, t); /* 2^40 - 1 */
	lkFieldSquareTimes(t, t, 10);
	lkFieldMul(out, t, out); /* 2^50 - 1 */
	lkFieldSquareTimes(t, out, 50);
	lkFieldMul(t, t, out); /* 2^100 - 1 */
	lkFieldSquareTimes(u, t, 100);
	lkFieldMul(t, u, t); /* 2^200 - 1 */
	lkFieldSquareTimes(t, t, 50);
	lkFieldMul(out, t, out);
}

/* a^(p - 2), p - 2 = 2^5 (2^250 - 1) + 11 */
void lkFieldInvert(Field out, const Field a)
{
	Field power, eleventh;

	power250(power, eleventh, a);
	lkFieldSquareTimes(power, power, 5);
	lkFieldMul(out, power, eleventh);
}

/* (p - 5) / 8 = 2^2 (2^250 - 1) + 1 */
void lkFieldPowerForRoot(Field out, const Field a)
{
	Field power, eleventh;

	power250(power, eleventh, a);
	lkFieldSquareTimes(power, power, 2);
	lkFieldMul(out, power, a);
}

/* Each word is read once: for all the compiler knows, a and b overlap. */
#define SWAP(i) \
	one = a[i]; \
	other = b[i]; \
	different = (one ^ other) & mask; \
	a[i] = one ^ different; \
	b[i] = other ^ different

void lkFieldSwap(Field a, Field b, uint32_t swap)
{
	const uint32_t mask = 0 - swap;
	uint32_t one, other, different;

	SWAP(0);
	SWAP(1);
	SWAP(2);
	SWAP(3);
	SWAP(4);
	SWAP(5);
	SWAP(6);
	SWAP(7);
}

int lkFieldIsZero(const Field a)
{
	uint8_t bytes[32], any = 0;
	int i;

	lkFieldToBytes(bytes, a);
	for (i = 0; i < 32; i++)
		any |= bytes[i];
	return any == 0;
}

int lkFieldIsOdd(const Field a)
{
	uint8_t bytes[32];

	lkFieldToBytes(bytes, a);
	return bytes[0] & 1;
}
