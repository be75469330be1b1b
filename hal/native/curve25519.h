/* Ed25519 (RFC 8032) and X25519 (RFC 7748). No allocation, no state, no library. */
#ifndef LATCHKEY_CURVE25519_H
#define LATCHKEY_CURVE25519_H

#include <stddef.h>
#include <stdint.h>

void lkEd25519PublicKey(uint8_t publicKey[32], const uint8_t seed[32]);

/* `publicKey` must be the seed's own: signing with another one gives the seed away. */
void lkEd25519Sign(uint8_t signature[64], const uint8_t seed[32], const uint8_t publicKey[32],
	const uint8_t *message, size_t length);

/* 1 for a good signature. Refuses S >= L, keys that are not canonical or of small order. */
int lkEd25519Verify(const uint8_t publicKey[32], const uint8_t *message, size_t length,
	const uint8_t signature[64]);

void lkX25519PublicKey(uint8_t publicKey[32], const uint8_t privateKey[32]);

/* 0 when the shared secret is all zero. */
int lkX25519(uint8_t shared[32], const uint8_t privateKey[32], const uint8_t publicKey[32]);

#endif
