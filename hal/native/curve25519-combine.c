/* What verification needs, of public numbers only: its time depends on all of them. */
#include <string.h>
#include "umaal.h"
#include "curve25519-edwards.h"
#include "curve25519-tables.h"

/* 2 d (RFC 8032 5.1 Table 1) */
static const Field TWICE_D = {
	0x26b2f159, 0xebd69b94, 0x8283b156, 0x00e0149a, 0xeef3d130, 0x198e80f2, 0x56dffce7, 0x2406d9dc
};

static int bitOf(const uint8_t scalar[32], int i)
{
	return i < 256 ? scalar[i >> 3] >> (i & 7) & 1 : 0;
}

/*
 * Odd digits between -2^(width - 1) and 2^(width - 1), each with width - 1 zeros behind it at least.
 * Of a scalar below 2^253.
 */
static void recode(int8_t digits[256], const uint8_t scalar[32], int width)
{
	int i, j, carry = 0;

	memset(digits, 0, 256);
	for (i = 0; i < 256; i++) {
		int digit = bitOf(scalar, i) + carry;

		if (digit != 1)
			continue;
		for (j = 1; j < width; j++)
			digit += bitOf(scalar, i + j) << j;
		carry = digit >> (width - 1);
		digits[i] = (int8_t)(digit - (carry << width));
		i += width - 1;
	}
}

/* A point that is added several times: what lkEdwardsAdd takes, with the factor 2 Z. */
typedef struct {
	Field plus, minus, dxy, twiceZ;
} PreparedPoint;

static void prepare(PreparedPoint *out, const EdwardsPoint *p)
{
	lkFieldAdd(out->plus, p->Y, p->X);
	lkFieldSub(out->minus, p->Y, p->X);
	lkFieldMul(out->dxy, p->T, TWICE_D);
	lkFieldAdd(out->twiceZ, p->Z, p->Z);
}

static void addPrepared(EdwardsPoint *p, const PreparedPoint *q, int negative, int withT)
{
	Field z;

	lkFieldMul(z, p->Z, q->twiceZ);
	if (negative)
		lkEdwardsAdd(p, q->minus, q->plus, q->dxy, z, 1, withT);
	else
		lkEdwardsAdd(p, q->plus, q->minus, q->dxy, z, 0, withT);
}

static void addOdd(EdwardsPoint *p, int digit)
{
	const uint32_t *entry = lkOddTable + (digit < 0 ? -digit : digit) / 2 * POINT_WORDS;

	if (digit < 0)
		lkEdwardsAdd(p, entry + 8, entry, entry + 16, p->Z, 1, 0);
	else
		lkEdwardsAdd(p, entry, entry + 8, entry + 16, p->Z, 0, 0);
}

/* Digits of A: its multiples are made each time, so that more of them would cost more than they save. */
#define WIDTH 5
#define MULTIPLES (1 << (WIDTH - 2))

void lkEdwardsCombine(EdwardsPoint *out, const uint8_t s[32], const uint8_t k[32], const EdwardsPoint *A)
{
	int8_t ofB[256], ofA[256];
	PreparedPoint odd[MULTIPLES], twice;
	EdwardsPoint multiple = *A;
	int i;

	lkEdwardsDouble(out, A, 1);
	prepare(&twice, out);
	prepare(&odd[0], &multiple);
	for (i = 1; i < MULTIPLES; i++) {
		addPrepared(&multiple, &twice, 0, 1);
		prepare(&odd[i], &multiple);
	}
	recode(ofB, s, ODD_WIDTH);
	recode(ofA, k, WIDTH);
	lkEdwardsIdentity(out);
	for (i = 255; (i >= 0) && !ofA[i] && !ofB[i]; i--)
		;
	for (; i >= 0; i--) {
		lkEdwardsDouble(out, out, ofA[i] || ofB[i]);
		if (ofA[i])
			addPrepared(out, &odd[(ofA[i] < 0 ? -ofA[i] : ofA[i]) / 2], ofA[i] > 0, ofB[i] != 0);
		if (ofB[i])
			addOdd(out, ofB[i]);
	}
}
