/*
 * Products of polynomials without carries out of products of numbers: of four bits three are left out,
 * so that no sum of a digit reaches the next (T. Pornin, Constant-Time Crypto, bearssl.org). No table,
 * and nothing depends on key or data: the multiplier of a Cortex-M33 takes the same time for all.
 */
#include <string.h>
#include "gcm-hash.h"
#include "for-speed.h"
#include "wipe.h"

static inline uint32_t load(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static inline void store(uint8_t *bytes, uint32_t word)
{
	bytes[0] = (uint8_t)(word >> 24);
	bytes[1] = (uint8_t)(word >> 16);
	bytes[2] = (uint8_t)(word >> 8);
	bytes[3] = (uint8_t)word;
}

/* A digit of a product is a sum of eight ones at most: it fits into its four bits. */
static uint64_t product(uint32_t x, uint32_t y)
{
	uint32_t x0 = x & 0x11111111, x1 = x & 0x22222222, x2 = x & 0x44444444, x3 = x & 0x88888888;
	uint32_t y0 = y & 0x11111111, y1 = y & 0x22222222, y2 = y & 0x44444444, y3 = y & 0x88888888;
	uint64_t z0, z1, z2, z3;

	z0 = (uint64_t)x0 * y0 ^ (uint64_t)x1 * y3 ^ (uint64_t)x2 * y2 ^ (uint64_t)x3 * y1;
	z1 = (uint64_t)x0 * y1 ^ (uint64_t)x1 * y0 ^ (uint64_t)x2 * y3 ^ (uint64_t)x3 * y2;
	z2 = (uint64_t)x0 * y2 ^ (uint64_t)x1 * y1 ^ (uint64_t)x2 * y0 ^ (uint64_t)x3 * y3;
	z3 = (uint64_t)x0 * y3 ^ (uint64_t)x1 * y2 ^ (uint64_t)x2 * y1 ^ (uint64_t)x3 * y0;
	return (z0 & 0x1111111111111111) | (z1 & 0x2222222222222222)
		| (z2 & 0x4444444444444444) | (z3 & 0x8888888888888888);
}

/* Karatsuba: the words by themselves, those of either half added, halves added, and all. */
static void sums(uint32_t out[9], const uint32_t words[4])
{
	memcpy(out, words, 4 * sizeof(uint32_t));
	out[4] = words[0] ^ words[1];
	out[5] = words[2] ^ words[3];
	out[6] = words[0] ^ words[2];
	out[7] = words[1] ^ words[3];
	out[8] = out[6] ^ out[7];
}

/* Four words out of the three products of a half. */
static inline void half(uint32_t out[4], uint64_t low, uint64_t high, uint64_t both)
{
	uint64_t middle = both ^ low ^ high;

	out[0] = (uint32_t)low;
	out[1] = (uint32_t)(low >> 32) ^ (uint32_t)middle;
	out[2] = (uint32_t)high ^ (uint32_t)(middle >> 32);
	out[3] = (uint32_t)(high >> 32);
}

/*
 * sum := sum * key. A block's first bit is its highest and stands for x^0 (6.3), so the product stands
 * one bit too low; what is beyond x^127 is in its low half, and x^128 = 1 + x + x^2 + x^7.
 */
static void multiply(Ghash *ghash)
{
	uint32_t a[9], v[8], low[4], high[4], middle[4];
	const uint32_t *b = ghash->key;
	int i;

	sums(a, ghash->sum);
	half(low, product(a[0], b[0]), product(a[1], b[1]), product(a[4], b[4]));
	half(high, product(a[2], b[2]), product(a[3], b[3]), product(a[5], b[5]));
	half(middle, product(a[6], b[6]), product(a[7], b[7]), product(a[8], b[8]));
	for (i = 0; i < 4; i++)
		middle[i] ^= low[i] ^ high[i];
	for (i = 0; i < 2; i++) {
		v[i] = low[i];
		v[i + 2] = low[i + 2] ^ middle[i];
		v[i + 4] = high[i] ^ middle[i + 2];
		v[i + 6] = high[i + 2];
	}
	for (i = 7; i > 0; i--)
		v[i] = v[i] << 1 | v[i - 1] >> 31;
	v[0] <<= 1;
	for (i = 0; i < 4; i++) {
		uint32_t w = v[i];

		v[i + 4] ^= w ^ w >> 1 ^ w >> 2 ^ w >> 7;
		v[i + 3] ^= w << 31 ^ w << 30 ^ w << 25;
	}
	memcpy(ghash->sum, v + 4, sizeof(ghash->sum));
}

static void addBlock(Ghash *ghash, const uint8_t block[16])
{
	int i;

	for (i = 0; i < 4; i++)
		ghash->sum[3 - i] ^= load(block + 4 * i);
	multiply(ghash);
}

void lkGhashStart(Ghash *ghash, const uint8_t key[16])
{
	uint32_t words[4];
	int i;

	for (i = 0; i < 4; i++)
		words[3 - i] = load(key + 4 * i);
	sums(ghash->key, words);
	memset(ghash->sum, 0, sizeof(ghash->sum));
	lkWipe(words, sizeof(words));
}

void lkGhashAdd(Ghash *ghash, const uint8_t *bytes, size_t length)
{
	uint8_t last[16] = { 0 };

	for (; length >= 16; bytes += 16, length -= 16)
		addBlock(ghash, bytes);
	if (length == 0)
		return;
	memcpy(last, bytes, length);
	addBlock(ghash, last);
}

void lkGhashEnd(Ghash *ghash, size_t aadLength, size_t length, uint8_t result[16])
{
	uint8_t lengths[16] = { 0 };
	int i;

	store(lengths, (uint32_t)((uint64_t)aadLength >> 29));
	store(lengths + 4, (uint32_t)(aadLength << 3));
	store(lengths + 8, (uint32_t)((uint64_t)length >> 29));
	store(lengths + 12, (uint32_t)(length << 3));
	addBlock(ghash, lengths);
	for (i = 0; i < 4; i++)
		store(result + 4 * i, ghash->sum[3 - i]);
	lkWipe(ghash, sizeof(*ghash));
}
