/*
 * SHA3-256 of FIPS 202. Neither the Moddable SDK nor the Pico SDK has it, and in JavaScript one
 * permutation costs 55 times as much. Constant-time: no branch and no address depends on the data.
 */
#include <string.h>
#include "keccak.h"

#define LANES 25
#define ROUNDS 24
/* 1600 - 2 * 256 bits */
#define RATE 136

static inline uint64_t rotate(uint64_t value, int count)
{
	return (value << count) | (value >> (64 - count));
}

/* FIPS 202 3.2, 3.3: theta; rho and pi along the one cycle that they make; chi; iota. */
static void permute(uint64_t a[LANES])
{
	static const uint64_t CONSTANTS[ROUNDS] = {
		0x0000000000000001u, 0x0000000000008082u, 0x800000000000808au, 0x8000000080008000u,
		0x000000000000808bu, 0x0000000080000001u, 0x8000000080008081u, 0x8000000000008009u,
		0x000000000000008au, 0x0000000000000088u, 0x0000000080008009u, 0x000000008000000au,
		0x000000008000808bu, 0x800000000000008bu, 0x8000000000008089u, 0x8000000000008003u,
		0x8000000000008002u, 0x8000000000000080u, 0x000000000000800au, 0x800000008000000au,
		0x8000000080008081u, 0x8000000000008080u, 0x0000000080000001u, 0x8000000080008008u
	};
	static const uint8_t ROTATIONS[ROUNDS] = {
		1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44
	};
	static const uint8_t CYCLE[ROUNDS] = {
		10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1
	};
	uint64_t c[5], moving, kept;
	int round, i, j;

	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < 5; i++)
			c[i] = a[i] ^ a[i + 5] ^ a[i + 10] ^ a[i + 15] ^ a[i + 20];
		for (i = 0; i < 5; i++) {
			uint64_t d = c[(i + 4) % 5] ^ rotate(c[(i + 1) % 5], 1);
			for (j = 0; j < LANES; j += 5)
				a[j + i] ^= d;
		}
		moving = a[1];
		for (i = 0; i < ROUNDS; i++) {
			kept = a[CYCLE[i]];
			a[CYCLE[i]] = rotate(moving, ROTATIONS[i]);
			moving = kept;
		}
		for (j = 0; j < LANES; j += 5) {
			for (i = 0; i < 5; i++)
				c[i] = a[j + i];
			for (i = 0; i < 5; i++)
				a[j + i] ^= ~c[(i + 1) % 5] & c[(i + 2) % 5];
		}
		a[0] ^= CONSTANTS[round];
	}
}

static void absorb(uint64_t a[LANES], const uint8_t *bytes, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		a[i >> 3] ^= (uint64_t)bytes[i] << (8 * (i & 7));
}

static void squeeze(const uint64_t a[LANES], uint8_t digest[32])
{
	int i;

	for (i = 0; i < 32; i++)
		digest[i] = (uint8_t)(a[i >> 3] >> (8 * (i & 7)));
}

void lkSha3_256(uint8_t digest[32], const uint8_t *message, size_t length)
{
	uint64_t a[LANES];
	/* FIPS 202 6.1 and B.2: the two bits of SHA-3, and the padding. */
	static const uint8_t FIRST = 0x06;

	memset(a, 0, sizeof(a));
	for (; length >= RATE; message += RATE, length -= RATE) {
		absorb(a, message, RATE);
		permute(a);
	}
	absorb(a, message, length);
	a[length >> 3] ^= (uint64_t)FIRST << (8 * (length & 7));
	a[(RATE - 1) >> 3] ^= (uint64_t)0x80 << (8 * ((RATE - 1) & 7));
	permute(a);
	squeeze(a, digest);
}

void lkSha3_256Chain(uint8_t digest[32], uint32_t times)
{
	while (times--)
		lkSha3_256(digest, digest, 32);
}
