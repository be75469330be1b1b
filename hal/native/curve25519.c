/*
 * Ed25519 and X25519 over curve25519-*.c. Everything that touches a secret runs in constant time: no
 * branch and no index depends on it. Verification is of public data and does not.
 */
#include <string.h>
#include "curve25519.h"
#include "curve25519-edwards.h"
#include "curve25519-scalar.h"
#include "curve25519-sha512.h"
#include "wipe.h"

static void clamp(uint8_t scalar[32])
{
	scalar[0] &= 0xf8;
	scalar[31] &= 0x7f;
	scalar[31] |= 0x40;
}

/* SHA-512(first || second || message); `second` may be absent. */
static void hashOf(uint8_t digest[64], const uint8_t first[32], const uint8_t *second, const uint8_t *message,
	size_t length)
{
	Sha512 hash;

	lkSha512Start(&hash);
	lkSha512Add(&hash, first, 32);
	if (second)
		lkSha512Add(&hash, second, 32);
	lkSha512Add(&hash, message, length);
	lkSha512End(&hash, digest);
}

/* RFC 8032 5.1.5: the scalar in the first half, the prefix in the second. */
static void expand(uint8_t expanded[64], const uint8_t seed[32])
{
	hashOf(expanded, seed, NULL, NULL, 0);
	clamp(expanded);
}

static void multiplyBase(uint8_t encoded[32], const uint8_t scalar[32])
{
	EdwardsPoint point;

	lkEdwardsMultiplyBase(&point, scalar);
	lkEdwardsEncode(encoded, &point);
	lkWipe(&point, sizeof(point));
}

void lkEd25519PublicKey(uint8_t publicKey[32], const uint8_t seed[32])
{
	uint8_t expanded[64];

	expand(expanded, seed);
	multiplyBase(publicKey, expanded);
	lkWipe(expanded, sizeof(expanded));
}

void lkEd25519Sign(uint8_t signature[64], const uint8_t seed[32], const uint8_t publicKey[32],
	const uint8_t *message, size_t length)
{
	uint8_t expanded[64], digest[64], r[32], k[32];

	expand(expanded, seed);
	hashOf(digest, expanded + 32, NULL, message, length);
	lkScalarReduce(r, digest);
	lkWipe(digest, sizeof(digest));
	multiplyBase(signature, r);
	hashOf(digest, signature, publicKey, message, length);
	lkScalarReduce(k, digest);
	lkScalarMulAdd(signature + 32, k, expanded, r);
	lkWipe(expanded, sizeof(expanded));
	lkWipe(r, sizeof(r));
}

/* Whether a number, little-endian, is below a limit. */
static int isBelow(const uint8_t number[32], const uint32_t limit[8])
{
	Field words;
	int i;

	lkFieldFromBytes(words, number);
	for (i = 7; i >= 0; i--) {
		if (words[i] != limit[i])
			return words[i] < limit[i];
	}
	return 0;
}

static int isCanonicalPoint(const uint8_t encoded[32])
{
	/* p = 2^255 - 19 */
	static const Field P = {
		0xffffffed, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0x7fffffff
	};
	uint8_t y[32];

	memcpy(y, encoded, 32);
	y[31] &= 0x7f;
	return isBelow(y, P);
}

int lkEd25519Verify(const uint8_t publicKey[32], const uint8_t *message, size_t length,
	const uint8_t signature[64])
{
	uint8_t digest[64], k[32], expected[32];
	EdwardsPoint A, R;

	if (!isBelow(signature + 32, lkOrder) || !isCanonicalPoint(publicKey))
		return 0;
	if (!lkEdwardsDecode(&A, publicKey) || lkEdwardsHasSmallOrder(&A))
		return 0;
	hashOf(digest, signature, publicKey, message, length);
	lkScalarReduce(k, digest);
	lkEdwardsCombine(&R, signature + 32, k, &A);
	lkEdwardsEncode(expected, &R);
	return 0 == memcmp(expected, signature, 32);
}

void lkX25519PublicKey(uint8_t publicKey[32], const uint8_t privateKey[32])
{
	uint8_t scalar[32];
	EdwardsPoint point;
	Field above, below;

	memcpy(scalar, privateKey, 32);
	clamp(scalar);
	/* On the Edwards curve, where there is a table; u = (1 + y) / (1 - y) (RFC 7748 4.1). */
	lkEdwardsMultiplyBase(&point, scalar);
	lkFieldAdd(above, point.Z, point.Y);
	lkFieldSub(below, point.Z, point.Y);
	lkFieldInvert(below, below);
	lkFieldMul(above, above, below);
	lkFieldToBytes(publicKey, above);
	lkWipe(scalar, sizeof(scalar));
	lkWipe(&point, sizeof(point));
}

/* One step of RFC 7748 5: (x2 : z2) is doubled, (x3 : z3) becomes the sum, their difference is x1. */
static void ladderStep(const Field x1, Field x2, Field z2, Field x3, Field z3)
{
	Field a, b, e;

	lkFieldAdd(a, x2, z2);
	lkFieldSub(b, x2, z2);
	lkFieldSub(e, x3, z3);
	lkFieldAdd(x3, x3, z3);
	lkFieldMul(x3, x3, b);
	lkFieldMul(z3, e, a);
	lkFieldSquare(a, a);
	lkFieldSquare(b, b);
	lkFieldMul(x2, a, b);
	lkFieldSub(e, a, b);
	/* a24 = 121665: e (a + a24 e) = e (b + 121666 e) */
	lkFieldAdd121666(b, b, e);
	lkFieldMul(z2, e, b);
	lkFieldAdd(a, z3, x3);
	lkFieldSub(b, z3, x3);
	lkFieldSquare(x3, a);
	lkFieldSquare(b, b);
	lkFieldMul(z3, b, x1);
}

int lkX25519(uint8_t shared[32], const uint8_t privateKey[32], const uint8_t publicKey[32])
{
	uint8_t scalar[32], any = 0;
	Field x1, x2, z2, x3, z3;
	uint32_t swap = 0, bit;
	int t, i;

	memcpy(scalar, privateKey, 32);
	clamp(scalar);
	lkFieldFromBytes(x1, publicKey);
	/* The highest bit does not count (RFC 7748 5). */
	x1[7] &= 0x7fffffff;
	lkFieldSmall(x2, 1);
	lkFieldSmall(z2, 0);
	lkFieldCopy(x3, x1);
	lkFieldSmall(z3, 1);
	for (t = 254; t >= 0; t--) {
		bit = (scalar[t >> 3] >> (t & 7)) & 1;
		swap ^= bit;
		lkFieldSwap(x2, x3, swap);
		lkFieldSwap(z2, z3, swap);
		swap = bit;
		ladderStep(x1, x2, z2, x3, z3);
	}
	/* The lowest three bits of the scalar are 0: nothing is left to be exchanged. */
	lkFieldInvert(z2, z2);
	lkFieldMul(x2, x2, z2);
	lkFieldToBytes(shared, x2);
	for (i = 0; i < 32; i++)
		any |= shared[i];
	lkWipe(scalar, sizeof(scalar));
	lkWipe(x2, sizeof(x2));
	lkWipe(z2, sizeof(z2));
	lkWipe(x3, sizeof(x3));
	lkWipe(z3, sizeof(z3));
	return any != 0;
}
