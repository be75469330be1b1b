/* SHA-512 (FIPS 180-4) of pieces, in constant time. */
#ifndef LATCHKEY_CURVE25519_SHA512_H
#define LATCHKEY_CURVE25519_SHA512_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
	uint64_t state[8];
	uint8_t block[128];
	uint64_t length;
} Sha512;

void lkSha512Start(Sha512 *hash);
void lkSha512Add(Sha512 *hash, const uint8_t *bytes, size_t length);
/* Wipes the state. */
void lkSha512End(Sha512 *hash, uint8_t digest[64]);

#endif
