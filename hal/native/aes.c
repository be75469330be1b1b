/*
 * AES without tables: two blocks are turned into eight slices of 32 bits, slice i with bit i of every
 * byte, and the S-box is a circuit of ands and exclusive ors of slices (E. Kaesper and P. Schwabe, Faster
 * and Timing-Attack Resistant AES-GCM, 2009). No branch and no address depends on a key or a block.
 *
 * Byte r of column c of block b stands at bit 8 r + 2 c + b of the slices: a byte of a slice is a row.
 */
#include <string.h>
#include "aes.h"
#include "for-speed.h"
#include "wipe.h"

typedef uint32_t Slices[8];

/* Slices that a loop takes by a number stay in memory; so a number must be known to the compiler. */
#if defined(__GNUC__) && !defined(__clang__)
#define EACH _Pragma("GCC unroll 8")
#else
#define EACH
#endif

static inline uint32_t load(const uint8_t *bytes)
{
	return bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
}

static inline void store(uint8_t *bytes, uint32_t word)
{
	bytes[0] = (uint8_t)word;
	bytes[1] = (uint8_t)(word >> 8);
	bytes[2] = (uint8_t)(word >> 16);
	bytes[3] = (uint8_t)(word >> 24);
}

/* What is under the mask in `low`, moved up, against what is there in `high`. */
#define EXCHANGE(high, low, mask, shift) do { \
		uint32_t moved = ((high >> shift) ^ low) & mask; \
		low ^= moved; \
		high ^= moved << shift; \
	} while (0)

/* In each byte of the eight words a matrix of eight by eight bits is mirrored; twice is nothing. */
static inline void mirror(Slices q)
{
	int i;

	EACH for (i = 0; i < 8; i += 2)
		EXCHANGE(q[i], q[i + 1], 0x55555555, 1);
	EACH for (i = 0; i < 8; i += 4) {
		EXCHANGE(q[i], q[i + 2], 0x33333333, 2);
		EXCHANGE(q[i + 1], q[i + 3], 0x33333333, 2);
	}
	EACH for (i = 0; i < 4; i++)
		EXCHANGE(q[i], q[i + 4], 0x0f0f0f0f, 4);
}

static inline void slicesOf(Slices q, const uint8_t blocks[2 * AES_BLOCK])
{
	int i;

	EACH for (i = 0; i < 8; i++)
		q[i] = load(blocks + 4 * (i >> 1) + AES_BLOCK * (i & 1));
	mirror(q);
}

static inline void blocksOf(uint8_t blocks[2 * AES_BLOCK], Slices q)
{
	int i;

	mirror(q);
	EACH for (i = 0; i < 8; i++)
		store(blocks + 4 * (i >> 1) + AES_BLOCK * (i & 1), q[i]);
}

/*
 * The S-box of every byte, without its constant 63h, which the round keys carry: the circuit of J. Boyar
 * and R. Peralta (A New Combinational Logic Minimization Technique, 2010), its letters and numbers.
 */
static inline __attribute__((always_inline)) void circuit(Slices q)
{
	uint32_t x0 = q[7], x1 = q[6], x2 = q[5], x3 = q[4], x4 = q[3], x5 = q[2], x6 = q[1], x7 = q[0];
	/* The linear layer at the top. */
	uint32_t y14 = x3 ^ x5, y13 = x0 ^ x6, y9 = x0 ^ x3, y8 = x0 ^ x5, t0 = x1 ^ x2;
	uint32_t y1 = t0 ^ x7, y4 = y1 ^ x3, y12 = y13 ^ y14, y2 = y1 ^ x0, y5 = y1 ^ x6;
	uint32_t y3 = y5 ^ y8, t1 = x4 ^ y12, y15 = t1 ^ x5, y20 = t1 ^ x1, y6 = y15 ^ x7;
	uint32_t y10 = y15 ^ t0, y11 = y20 ^ y9, y7 = x7 ^ y11, y17 = y10 ^ y11, y19 = y10 ^ y8;
	uint32_t y16 = t0 ^ y11, y21 = y13 ^ y16, y18 = x0 ^ y16;
	/* The inverse in GF(2^8), by way of GF(2^4). */
	uint32_t t2 = y12 & y15, t3 = y3 & y6, t4 = t3 ^ t2, t5 = y4 & x7, t6 = t5 ^ t2;
	uint32_t t7 = y13 & y16, t8 = y5 & y1, t9 = t8 ^ t7, t10 = y2 & y7, t11 = t10 ^ t7;
	uint32_t t12 = y9 & y11, t13 = y14 & y17, t14 = t13 ^ t12, t15 = y8 & y10, t16 = t15 ^ t12;
	uint32_t t17 = t4 ^ t14, t18 = t6 ^ t16, t19 = t9 ^ t14, t20 = t11 ^ t16;
	uint32_t t21 = t17 ^ y20, t22 = t18 ^ y19, t23 = t19 ^ y21, t24 = t20 ^ y18;
	uint32_t t25 = t21 ^ t22, t26 = t21 & t23, t27 = t24 ^ t26, t28 = t25 & t27, t29 = t28 ^ t22;
	uint32_t t30 = t23 ^ t24, t31 = t22 ^ t26, t32 = t31 & t30, t33 = t32 ^ t24, t34 = t23 ^ t33;
	uint32_t t35 = t27 ^ t33, t36 = t24 & t35, t37 = t36 ^ t34, t38 = t27 ^ t36, t39 = t29 & t38;
	uint32_t t40 = t25 ^ t39, t41 = t40 ^ t37, t42 = t29 ^ t33, t43 = t29 ^ t40, t44 = t33 ^ t37;
	uint32_t t45 = t42 ^ t41;
	uint32_t z0 = t44 & y15, z1 = t37 & y6, z2 = t33 & x7, z3 = t43 & y16, z4 = t40 & y1;
	uint32_t z5 = t29 & y7, z6 = t42 & y11, z7 = t45 & y17, z8 = t41 & y10, z9 = t44 & y12;
	uint32_t z10 = t37 & y3, z11 = t33 & y4, z12 = t43 & y13, z13 = t40 & y5, z14 = t29 & y2;
	uint32_t z15 = t42 & y9, z16 = t45 & y14, z17 = t41 & y8;
	/* The linear layer at the bottom. */
	uint32_t t46 = z15 ^ z16, t47 = z10 ^ z11, t48 = z5 ^ z13, t49 = z9 ^ z10, t50 = z2 ^ z12;
	uint32_t t51 = z2 ^ z5, t52 = z7 ^ z8, t53 = z0 ^ z3, t54 = z6 ^ z7, t55 = z16 ^ z17;
	uint32_t t56 = z12 ^ t48, t57 = t50 ^ t53, t58 = z4 ^ t46, t59 = z3 ^ t54, t60 = t46 ^ t57;
	uint32_t t61 = z14 ^ t57, t62 = t52 ^ t58, t63 = t49 ^ t58, t64 = z4 ^ t59, t65 = t61 ^ t62;
	uint32_t t66 = z1 ^ t63, t67 = t64 ^ t65;

	q[7] = t59 ^ t63;
	q[6] = t64 ^ t53 ^ t66;
	q[5] = t55 ^ t67;
	q[4] = t53 ^ t66;
	q[3] = t51 ^ t66;
	q[2] = t47 ^ t65;
	q[1] = t56 ^ t62;
	q[0] = t48 ^ t60;
}

/* The same where it need not be fast: in place it costs a kilobyte each time. */
static __attribute__((noinline)) void substitute(Slices q)
{
	circuit(q);
}

/* FIPS 197 5.3.2: the matrix of the S-box undone. */
static inline void undoMatrix(Slices q)
{
	Slices x;
	int i;

	memcpy(x, q, sizeof(x));
	EACH for (i = 0; i < 8; i++)
		q[i] = x[(i + 2) & 7] ^ x[(i + 5) & 7] ^ x[(i + 7) & 7];
}

/* The inverse in GF(2^8) is its own: it stands between two matrices undone. */
static inline void undoSubstitute(Slices q)
{
	undoMatrix(q);
	substitute(q);
	undoMatrix(q);
}

/* 5.1.2: row r turned by r columns. */
static inline void shiftRows(Slices q)
{
	int i;

	EACH for (i = 0; i < 8; i++) {
		uint32_t x = q[i];

		q[i] = (x & 0x000000ff) | (x & 0x0000fc00) >> 2 | (x & 0x00000300) << 6
			| (x & 0x00f00000) >> 4 | (x & 0x000f0000) << 4
			| (x & 0xc0000000) >> 6 | (x & 0x3f000000) << 2;
	}
}

static inline void undoShiftRows(Slices q)
{
	int i;

	EACH for (i = 0; i < 8; i++) {
		uint32_t x = q[i];

		q[i] = (x & 0x000000ff) | (x & 0x00003f00) << 2 | (x & 0x0000c000) >> 6
			| (x & 0x00f00000) >> 4 | (x & 0x000f0000) << 4
			| (x & 0x03000000) << 6 | (x & 0xfc000000) >> 2;
	}
}

static inline uint32_t turned(uint32_t x, int bits)
{
	return x >> bits | x << (32 - bits);
}

/* 4.2.1: every byte times x. */
static inline void twice(Slices q)
{
	uint32_t top = q[7];

	q[7] = q[6];
	q[6] = q[5];
	q[5] = q[4];
	q[4] = q[3] ^ top;
	q[3] = q[2] ^ top;
	q[2] = q[1];
	q[1] = q[0] ^ top;
	q[0] = top;
}

/* 5.1.3: each row twice, the next three times, the two behind it once. */
static inline void mixColumns(Slices q)
{
	Slices pairs;
	int i;

	EACH for (i = 0; i < 8; i++) {
		uint32_t next = turned(q[i], 8);

		pairs[i] = q[i] ^ next;
		q[i] = next ^ turned(pairs[i], 16);
	}
	twice(pairs);
	EACH for (i = 0; i < 8; i++)
		q[i] ^= pairs[i];
}

/* 5.3.3: its polynomial is that of mixColumns times 4 x^2 + 5. */
static inline void undoMixColumns(Slices q)
{
	Slices pairs;
	int i;

	EACH for (i = 0; i < 8; i++)
		pairs[i] = q[i] ^ turned(q[i], 16);
	twice(pairs);
	twice(pairs);
	EACH for (i = 0; i < 8; i++)
		q[i] ^= pairs[i];
	mixColumns(q);
}

static inline void addKey(Slices q, const Slices key)
{
	int i;

	EACH for (i = 0; i < 8; i++)
		q[i] ^= key[i];
}

static uint32_t substituteWord(uint32_t word)
{
	Slices q = { word };

	mirror(q);
	substitute(q);
	mirror(q);
	return q[0] ^ 0x63636363;
}

/* 5.2, with rows for bytes: the first of a word is its lowest. */
void lkAesStart(Aes *aes, const uint8_t *key, size_t length)
{
	uint32_t w[60], constant = 1;
	int words = (int)length / 4, count, i, round;

	aes->rounds = words + 6;
	count = 4 * (aes->rounds + 1);
	for (i = 0; i < words; i++)
		w[i] = load(key + 4 * i);
	for (; i < count; i++) {
		uint32_t last = w[i - 1];

		if (i % words == 0) {
			last = substituteWord(turned(last, 8)) ^ constant;
			constant = constant << 1 ^ (constant >> 7) * 0x11b;
		}
		else if ((words == 8) && (i % 8 == 4))
			last = substituteWord(last);
		w[i] = w[i - words] ^ last;
	}
	for (round = 0; round <= aes->rounds; round++) {
		uint32_t *q = aes->keys[round];

		EACH for (i = 0; i < 8; i++)
			q[i] = w[4 * round + (i >> 1)];
		mirror(q);
		/* Neither shifted rows nor mixed columns change a constant that is in every byte. */
		if (round) {
			q[0] = ~q[0];
			q[1] = ~q[1];
			q[5] = ~q[5];
			q[6] = ~q[6];
		}
	}
	lkWipe(w, sizeof(w));
}

void lkAesEncrypt(const Aes *aes, uint8_t blocks[2 * AES_BLOCK])
{
	Slices q;
	int round;

	slicesOf(q, blocks);
	addKey(q, aes->keys[0]);
	for (round = 1; ; round++) {
		circuit(q);
		shiftRows(q);
		if (round == aes->rounds)
			break;
		mixColumns(q);
		addKey(q, aes->keys[round]);
	}
	addKey(q, aes->keys[round]);
	blocksOf(blocks, q);
	lkWipe(q, sizeof(q));
}

void lkAesDecrypt(const Aes *aes, uint8_t blocks[2 * AES_BLOCK])
{
	Slices q;
	int round = aes->rounds;

	slicesOf(q, blocks);
	addKey(q, aes->keys[round]);
	for (;;) {
		undoShiftRows(q);
		undoSubstitute(q);
		addKey(q, aes->keys[--round]);
		if (round == 0)
			break;
		undoMixColumns(q);
	}
	blocksOf(blocks, q);
	lkWipe(q, sizeof(q));
}
