/* SHA3-256 (FIPS 202), and the hash chains of WOTS in one call. */
#ifndef LATCHKEY_KECCAK_H
#define LATCHKEY_KECCAK_H

#include <stddef.h>
#include <stdint.h>

void lkSha3_256(uint8_t digest[32], const uint8_t *message, size_t length);

/* digest := SHA3-256(digest), `times` times. */
void lkSha3_256Chain(uint8_t digest[32], uint32_t times);

#endif
