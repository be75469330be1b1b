/*
 * Ed25519 and X25519 over ref10's field and group. Written anew around them, because the package's
 * own `verify` takes signatures with S >= L and keys of small order, and has no X25519.
 *
 * Everything that touches a secret runs in constant time: ref10's base multiplication selects from
 * its table by masks, the ladder swaps by masks. Verification is of public data and does not.
 */
#include <string.h>
#include "ref10.h"
#include "curve25519.h"

/* A plain memset before a return may be left out by the compiler. */
static void wipe(void *bytes, size_t length)
{
	volatile uint8_t *p = bytes;
	while (length--)
		*p++ = 0;
}

static void clamp(uint8_t scalar[32])
{
	scalar[0] &= 0xf8;
	scalar[31] &= 0x7f;
	scalar[31] |= 0x40;
}

/* RFC 8032 5.1.5: the scalar in the first half, the prefix in the second. */
static void expand(uint8_t expanded[64], const uint8_t seed[32])
{
	sha512(seed, 32, expanded);
	clamp(expanded);
}

static void multiplyBase(uint8_t encoded[32], const uint8_t scalar[32])
{
	ge_p3 point;

	ge_scalarmult_base(&point, scalar);
	ge_p3_tobytes(encoded, &point);
	wipe(&point, sizeof(point));
}

void lkEd25519PublicKey(uint8_t publicKey[32], const uint8_t seed[32])
{
	uint8_t expanded[64];

	expand(expanded, seed);
	multiplyBase(publicKey, expanded);
	wipe(expanded, sizeof(expanded));
}

/* SHA-512(first || second || message) modulo L, in the first 32 bytes. */
static void hashToScalar(uint8_t out[64], const uint8_t *first, const uint8_t *second,
	const uint8_t *message, size_t length)
{
	sha512_context hash;

	sha512_init(&hash);
	sha512_update(&hash, first, 32);
	if (second)
		sha512_update(&hash, second, 32);
	sha512_update(&hash, message, length);
	sha512_final(&hash, out);
	wipe(&hash, sizeof(hash));
	sc_reduce(out);
}

void lkEd25519Sign(uint8_t signature[64], const uint8_t seed[32], const uint8_t publicKey[32],
	const uint8_t *message, size_t length)
{
	uint8_t expanded[64], r[64], k[64];

	expand(expanded, seed);
	hashToScalar(r, expanded + 32, NULL, message, length);
	multiplyBase(signature, r);
	hashToScalar(k, signature, publicKey, message, length);
	sc_muladd(signature + 32, k, expanded, r);
	wipe(expanded, sizeof(expanded));
	wipe(r, sizeof(r));
}

/* Whether a number, little-endian, is below a limit. */
static int isBelow(const uint8_t number[32], const uint8_t limit[32])
{
	int i;

	for (i = 31; i >= 0; i--) {
		if (number[i] != limit[i])
			return number[i] < limit[i];
	}
	return 0;
}

static int isCanonicalPoint(const uint8_t encoded[32])
{
	/* p = 2^255 - 19 */
	static const uint8_t P[32] = {
		0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f
	};
	uint8_t y[32];

	memcpy(y, encoded, 32);
	y[31] &= 0x7f;
	return isBelow(y, P);
}

/* Whether eight times the point is the identity: X = 0 and Y = Z. */
static int hasSmallOrder(const ge_p3 *point)
{
	ge_p1p1 sum;
	ge_p2 twice;
	fe difference;
	int i;

	ge_p3_dbl(&sum, point);
	for (i = 0; i < 2; i++) {
		ge_p1p1_to_p2(&twice, &sum);
		ge_p2_dbl(&sum, &twice);
	}
	ge_p1p1_to_p2(&twice, &sum);
	fe_sub(difference, twice.Y, twice.Z);
	return !fe_isnonzero(twice.X) && !fe_isnonzero(difference);
}

int lkEd25519Verify(const uint8_t publicKey[32], const uint8_t *message, size_t length,
	const uint8_t signature[64])
{
	/* L = 2^252 + 27742317777372353535851937790883648493 */
	static const uint8_t L[32] = {
		0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
		0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10
	};
	uint8_t k[64], expected[32];
	ge_p3 minusA;
	ge_p2 R;

	if (!isBelow(signature + 32, L) || !isCanonicalPoint(publicKey))
		return 0;
	if (0 != ge_frombytes_negate_vartime(&minusA, publicKey))
		return 0;
	/* ref10 decodes x = 0 with its sign bit set, which RFC 8032 5.1.3 refuses; of small order. */
	if (hasSmallOrder(&minusA))
		return 0;
	hashToScalar(k, signature, publicKey, message, length);
	ge_double_scalarmult_vartime(&R, k, &minusA, signature + 32);
	ge_tobytes(expected, &R);
	return 0 == memcmp(expected, signature, 32);
}

void lkX25519PublicKey(uint8_t publicKey[32], const uint8_t privateKey[32])
{
	uint8_t scalar[32];
	ge_p3 point;
	fe above, below;

	memcpy(scalar, privateKey, 32);
	clamp(scalar);
	/* On the Edwards curve, where there is a table; u = (1 + y) / (1 - y) (RFC 7748 4.1). */
	ge_scalarmult_base(&point, scalar);
	fe_add(above, point.Z, point.Y);
	fe_sub(below, point.Z, point.Y);
	fe_invert(below, below);
	fe_mul(above, above, below);
	fe_tobytes(publicKey, above);
	wipe(scalar, sizeof(scalar));
	wipe(&point, sizeof(point));
}

/* One step of RFC 7748 5: (x2 : z2) is doubled, (x3 : z3) becomes the sum, their difference is x1. */
static void ladderStep(const fe x1, fe x2, fe z2, fe x3, fe z3)
{
	fe a, b, aa, bb, e, da, cb;

	fe_add(a, x2, z2);
	fe_sub(b, x2, z2);
	fe_sq(aa, a);
	fe_sq(bb, b);
	fe_sub(e, aa, bb);
	fe_sub(da, x3, z3);
	fe_mul(da, da, a);
	fe_add(cb, x3, z3);
	fe_mul(cb, cb, b);
	fe_mul(x2, aa, bb);
	/* a24 = 121665: e (aa + a24 e) = e (bb + 121666 e) */
	fe_mul121666(a, e);
	fe_add(a, a, bb);
	fe_mul(z2, e, a);
	fe_add(x3, da, cb);
	fe_sq(x3, x3);
	fe_sub(z3, da, cb);
	fe_sq(z3, z3);
	fe_mul(z3, z3, x1);
}

int lkX25519(uint8_t shared[32], const uint8_t privateKey[32], const uint8_t publicKey[32])
{
	uint8_t scalar[32], any = 0;
	fe x1, x2, z2, x3, z3;
	unsigned int swap = 0, bit;
	int t, i;

	memcpy(scalar, privateKey, 32);
	clamp(scalar);
	/* fe_frombytes leaves the highest bit out, as RFC 7748 5 demands. */
	fe_frombytes(x1, publicKey);
	fe_1(x2);
	fe_0(z2);
	fe_copy(x3, x1);
	fe_1(z3);
	for (t = 254; t >= 0; t--) {
		bit = (scalar[t >> 3] >> (t & 7)) & 1;
		swap ^= bit;
		fe_cswap(x2, x3, swap);
		fe_cswap(z2, z3, swap);
		swap = bit;
		ladderStep(x1, x2, z2, x3, z3);
	}
	fe_cswap(x2, x3, swap);
	fe_cswap(z2, z3, swap);
	fe_invert(z2, z2);
	fe_mul(x2, x2, z2);
	fe_tobytes(shared, x2);
	for (i = 0; i < 32; i++)
		any |= shared[i];
	wipe(scalar, sizeof(scalar));
	wipe(x2, sizeof(x2));
	wipe(z2, sizeof(z2));
	wipe(x3, sizeof(x3));
	wipe(z3, sizeof(z3));
	return any != 0;
}
