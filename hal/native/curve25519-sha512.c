/* SHA-512 as FIPS 180-4 describes it, sixteen words of the schedule at a time. */
#include <string.h>
#include "curve25519-sha512.h"
#include "for-speed.h"
#include "wipe.h"

/* 4.2.3: of the cube roots of the first eighty primes. */
static const uint64_t K[80] = {
	0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc,
	0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118,
	0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2,
	0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235, 0xc19bf174cf692694,
	0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
	0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5,
	0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
	0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70,
	0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed, 0x53380d139d95b3df,
	0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
	0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30,
	0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8,
	0x19a4c116b8d2d0c8, 0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8,
	0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
	0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
	0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b,
	0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178,
	0x06f067aa72176fba, 0x0a637dc5a2c898a6, 0x113f9804bef90dae, 0x1b710b35131c471b,
	0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c,
	0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817
};

/* 5.3.5: of the square roots of the first eight. */
static const uint64_t START[8] = {
	0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
	0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179
};

static inline uint64_t rotated(uint64_t word, int bits)
{
	return word >> bits | word << (64 - bits);
}

static uint64_t load(const uint8_t *bytes)
{
	uint64_t word = 0;
	int i;

	for (i = 0; i < 8; i++)
		word = word << 8 | bytes[i];
	return word;
}

static void store(uint8_t *bytes, uint64_t word)
{
	int i;

	for (i = 7; i >= 0; i--, word >>= 8)
		bytes[i] = (uint8_t)word;
}

/* 6.2.2: one of eighty rounds; instead of moving all eight letters, the next round names them anew. */
#define ROUND(a, b, c, d, e, f, g, h, i) \
	h += (rotated(e, 14) ^ rotated(e, 18) ^ rotated(e, 41)) + (g ^ (e & (f ^ g))) + k[i] + w[i]; \
	d += h; \
	h += (rotated(a, 28) ^ rotated(a, 34) ^ rotated(a, 39)) + ((a & b) | (c & (a | b)))

static void compress(uint64_t state[8], const uint8_t block[128])
{
	uint64_t w[16], s[8];
	const uint64_t *k;
	int i;

	for (i = 0; i < 16; i++)
		w[i] = load(block + 8 * i);
	memcpy(s, state, sizeof(s));
	for (k = K; ; k += 16) {
		for (i = 0; i < 16; i += 8) {
			ROUND(s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], i);
			ROUND(s[7], s[0], s[1], s[2], s[3], s[4], s[5], s[6], i + 1);
			ROUND(s[6], s[7], s[0], s[1], s[2], s[3], s[4], s[5], i + 2);
			ROUND(s[5], s[6], s[7], s[0], s[1], s[2], s[3], s[4], i + 3);
			ROUND(s[4], s[5], s[6], s[7], s[0], s[1], s[2], s[3], i + 4);
			ROUND(s[3], s[4], s[5], s[6], s[7], s[0], s[1], s[2], i + 5);
			ROUND(s[2], s[3], s[4], s[5], s[6], s[7], s[0], s[1], i + 6);
			ROUND(s[1], s[2], s[3], s[4], s[5], s[6], s[7], s[0], i + 7);
		}
		if (k == K + 64)
			break;
		for (i = 0; i < 16; i++) {
			uint64_t early = w[(i + 1) & 15], late = w[(i + 14) & 15];

			w[i] += w[(i + 9) & 15] + (rotated(early, 1) ^ rotated(early, 8) ^ early >> 7)
				+ (rotated(late, 19) ^ rotated(late, 61) ^ late >> 6);
		}
	}
	for (i = 0; i < 8; i++)
		state[i] += s[i];
	lkWipe(w, sizeof(w));
	lkWipe(s, sizeof(s));
}

void lkSha512Start(Sha512 *hash)
{
	memcpy(hash->state, START, sizeof(START));
	hash->length = 0;
}

void lkSha512Add(Sha512 *hash, const uint8_t *bytes, size_t length)
{
	while (length) {
		size_t at = (size_t)(hash->length & 127), part = 128 - at;

		if (part > length)
			part = length;
		memcpy(hash->block + at, bytes, part);
		hash->length += part;
		bytes += part;
		length -= part;
		if (at + part == 128)
			compress(hash->state, hash->block);
	}
}

void lkSha512End(Sha512 *hash, uint8_t digest[64])
{
	static const uint8_t PADDING[128] = { 0x80 };
	uint8_t bits[16] = { 0 };
	int i;

	store(bits + 8, hash->length << 3);
	/* 5.1.2: a one, zeros up to sixteen bytes before the end of a block, the length. */
	lkSha512Add(hash, PADDING, 1 + (size_t)((111 - hash->length) & 127));
	lkSha512Add(hash, bits, sizeof(bits));
	for (i = 0; i < 8; i++)
		store(digest + 8 * i, hash->state[i]);
	lkWipe(hash, sizeof(*hash));
}
