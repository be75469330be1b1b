/*
 * SHA-256 as FIPS 180-4 describes it, sixteen words of the schedule at a time.
 *
 * The RP2350 has a block for it, which random.c uses. This does not: the block can be given no state to
 * go on from, as an image that is hashed in slices needs, and of a tap it would save half a millisecond.
 */
#include <string.h>
#include "sha256.h"
#include "for-speed.h"
#include "wipe.h"

#define BLOCK 64

/* 4.2.2: of the cube roots of the first sixty-four primes. */
static const uint32_t K[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
};

/* 5.3.3: of the square roots of the first eight. */
static const uint32_t START[8] = {
	0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19
};

static inline uint32_t rotated(uint32_t word, int bits)
{
	return word >> bits | word << (32 - bits);
}

static inline uint32_t load(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static void store(uint8_t *bytes, uint32_t word)
{
	bytes[0] = (uint8_t)(word >> 24);
	bytes[1] = (uint8_t)(word >> 16);
	bytes[2] = (uint8_t)(word >> 8);
	bytes[3] = (uint8_t)word;
}

/* 6.2.2: one of sixty-four rounds; instead of moving all eight letters, the next names them anew. */
#define ROUND(a, b, c, d, e, f, g, h, i) \
	h += (rotated(e, 6) ^ rotated(e, 11) ^ rotated(e, 25)) + (g ^ (e & (f ^ g))) + k[i] + w[i]; \
	d += h; \
	h += (rotated(a, 2) ^ rotated(a, 13) ^ rotated(a, 22)) + ((a & b) | (c & (a | b)))

static void compress(uint32_t state[8], const uint8_t block[BLOCK])
{
	uint32_t w[16], a = state[0], b = state[1], c = state[2], d = state[3];
	uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
	const uint32_t *k;
	int i;

	for (i = 0; i < 16; i++)
		w[i] = load(block + 4 * i);
	for (k = K; ; k += 16) {
		for (i = 0; i < 16; i += 8) {
			ROUND(a, b, c, d, e, f, g, h, i);
			ROUND(h, a, b, c, d, e, f, g, i + 1);
			ROUND(g, h, a, b, c, d, e, f, i + 2);
			ROUND(f, g, h, a, b, c, d, e, i + 3);
			ROUND(e, f, g, h, a, b, c, d, i + 4);
			ROUND(d, e, f, g, h, a, b, c, i + 5);
			ROUND(c, d, e, f, g, h, a, b, i + 6);
			ROUND(b, c, d, e, f, g, h, a, i + 7);
		}
		if (k == K + 48)
			break;
		for (i = 0; i < 16; i++) {
			uint32_t early = w[(i + 1) & 15], late = w[(i + 14) & 15];

			w[i] += w[(i + 9) & 15] + (rotated(early, 7) ^ rotated(early, 18) ^ early >> 3)
				+ (rotated(late, 17) ^ rotated(late, 19) ^ late >> 10);
		}
	}
	state[0] += a;
	state[1] += b;
	state[2] += c;
	state[3] += d;
	state[4] += e;
	state[5] += f;
	state[6] += g;
	state[7] += h;
	lkWipe(w, sizeof(w));
}

void lkSha256Start(Sha256 *hash)
{
	memcpy(hash->state, START, sizeof(START));
	hash->length = 0;
}

void lkSha256Add(Sha256 *hash, const uint8_t *bytes, size_t length)
{
	while (length) {
		size_t at = (size_t)(hash->length & (BLOCK - 1)), part = BLOCK - at;

		if (part > length)
			part = length;
		memcpy(hash->block + at, bytes, part);
		hash->length += part;
		bytes += part;
		length -= part;
		if (at + part == BLOCK)
			compress(hash->state, hash->block);
	}
}

void lkSha256End(Sha256 *hash, uint8_t digest[32])
{
	static const uint8_t PADDING[BLOCK] = { 0x80 };
	uint64_t bits = hash->length << 3;
	uint8_t length[8];
	int i;

	store(length, (uint32_t)(bits >> 32));
	store(length + 4, (uint32_t)bits);
	/* 5.1.1: a one, zeros up to eight bytes before the end of a block, the length. */
	lkSha256Add(hash, PADDING, 1 + (size_t)((55 - hash->length) & (BLOCK - 1)));
	lkSha256Add(hash, length, sizeof(length));
	for (i = 0; i < 8; i++)
		store(digest + 4 * i, hash->state[i]);
	lkWipe(hash, sizeof(*hash));
}
