/*
 * Signatures as ref10 makes and checks them, by D. J. Bernstein and others, out of the npm package
 * ed25519-supercop: a second implementation in C, put in the place of ours.
 */
#include "../../../node_modules/ed25519-supercop/vendor/ed25519/src/fe.c"
#include "../../../node_modules/ed25519-supercop/vendor/ed25519/src/ge.c"
#define load_3 sc_load_3
#define load_4 sc_load_4
#include "../../../node_modules/ed25519-supercop/vendor/ed25519/src/sc.c"
#include "../../../node_modules/ed25519-supercop/vendor/ed25519/src/sha512.c"
#include "../../../node_modules/ed25519-supercop/vendor/ed25519/src/keypair.c"
#include "../../../node_modules/ed25519-supercop/vendor/ed25519/src/sign.c"
#include "../../../node_modules/ed25519-supercop/vendor/ed25519/src/verify.c"
#include "ref10.h"

void ref10PublicKey(uint8_t publicKey[32], const uint8_t seed[32])
{
	uint8_t expanded[64];

	ed25519_create_keypair(publicKey, expanded, seed);
}

void ref10Sign(uint8_t signature[64], const uint8_t seed[32], const uint8_t publicKey[32],
	const uint8_t *message, size_t length)
{
	uint8_t expanded[64], ours[32];

	ed25519_create_keypair(ours, expanded, seed);
	ed25519_sign(signature, message, length, publicKey, expanded);
}

int ref10Verify(const uint8_t publicKey[32], const uint8_t *message, size_t length,
	const uint8_t signature[64])
{
	return ed25519_verify(signature, message, length, publicKey);
}
