/* SHA-256 (FIPS 180-4) of pieces, in constant time. */
#ifndef LATCHKEY_SHA256_H
#define LATCHKEY_SHA256_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
	uint32_t state[8];
	uint8_t block[64];
	uint64_t length;
} Sha256;

void lkSha256Start(Sha256 *hash);
void lkSha256Add(Sha256 *hash, const uint8_t *bytes, size_t length);
/* Wipes the state. */
void lkSha256End(Sha256 *hash, uint8_t digest[32]);

#endif
