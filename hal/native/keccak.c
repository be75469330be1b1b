/*
 * SHA3-256 of FIPS 202. Neither the Moddable SDK nor the Pico SDK has it, and in JavaScript one
 * permutation costs two hundred times as much. Constant-time: no branch and no address depends on the
 * data.
 */
#include <string.h>
#include "keccak.h"
#include "for-speed.h"

#define LANES 25
#define ROUNDS 24
/* 1600 - 2 * 256 bits */
#define RATE 136

static inline uint64_t rotated(uint64_t value, int count)
{
	return (value << count) | (value >> (64 - count));
}

/* FIPS 202 3.2.4: chi of a row. */
static inline void putRow(uint64_t *out, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
	out[0] = a ^ (~b & c);
	out[1] = b ^ (~c & d);
	out[2] = c ^ (~d & e);
	out[3] = d ^ (~e & a);
	out[4] = e ^ (~a & b);
}

/* A lane after theta, turned as rho says (3.2.2): all counts are constants, so that nothing is looked up. */
#define TURNED(lane, count) rotated(in[lane] ^ d[(lane) % 5], count)

/*
 * One round but for iota. Which lanes make a row of the next state is pi (3.2.3): in row y and place x
 * stands what was in row x and place x + 3 y. A row is five lanes, as many as the registers hold.
 */
static inline void turn(uint64_t out[LANES], const uint64_t in[LANES])
{
	uint64_t c[5], d[5];
	int i;

#pragma GCC unroll 5
	for (i = 0; i < 5; i++)
		c[i] = in[i] ^ in[i + 5] ^ in[i + 10] ^ in[i + 15] ^ in[i + 20];
#pragma GCC unroll 5
	for (i = 0; i < 5; i++)
		d[i] = c[(i + 4) % 5] ^ rotated(c[(i + 1) % 5], 1);
	putRow(out, in[0] ^ d[0], TURNED(6, 44), TURNED(12, 43), TURNED(18, 21), TURNED(24, 14));
	putRow(out + 5, TURNED(3, 28), TURNED(9, 20), TURNED(10, 3), TURNED(16, 45), TURNED(22, 61));
	putRow(out + 10, TURNED(1, 1), TURNED(7, 6), TURNED(13, 25), TURNED(19, 8), TURNED(20, 18));
	putRow(out + 15, TURNED(4, 27), TURNED(5, 36), TURNED(11, 10), TURNED(17, 15), TURNED(23, 56));
	putRow(out + 20, TURNED(2, 62), TURNED(8, 55), TURNED(14, 39), TURNED(15, 41), TURNED(21, 2));
}

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
	uint64_t other[LANES], *in = a, *out = other, *swapped;
	int round;

	/* Twelve there and twelve back. */
	for (round = 0; round < ROUNDS; round++) {
		turn(out, in);
		out[0] ^= CONSTANTS[round];
		swapped = in;
		in = out;
		out = swapped;
	}
}

static inline uint64_t load(const uint8_t *bytes)
{
	uint32_t low = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
	uint32_t high = bytes[4] | (uint32_t)bytes[5] << 8 | (uint32_t)bytes[6] << 16 | (uint32_t)bytes[7] << 24;

	return (uint64_t)high << 32 | low;
}

static void absorb(uint64_t a[LANES], const uint8_t *bytes, size_t length)
{
	size_t i;

	for (i = 0; i + 8 <= length; i += 8)
		a[i >> 3] ^= load(bytes + i);
	for (; i < length; i++)
		a[i >> 3] ^= (uint64_t)bytes[i] << (8 * (i & 7));
}

static void squeeze(const uint64_t a[LANES], uint8_t digest[32])
{
	int i, byte;

	for (i = 0; i < 4; i++)
		for (byte = 0; byte < 8; byte++)
			digest[8 * i + byte] = (uint8_t)(a[i] >> (8 * byte));
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
