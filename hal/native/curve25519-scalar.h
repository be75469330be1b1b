/* The integers modulo L, the order of the base point (RFC 8032 5.1), little-endian, in constant time. */
#ifndef LATCHKEY_CURVE25519_SCALAR_H
#define LATCHKEY_CURVE25519_SCALAR_H

#include <stdint.h>

/* L = 2^252 + 27742317777372353535851937790883648493, and a word of 0. */
extern const uint32_t lkOrder[9];

void lkScalarReduce(uint8_t out[32], const uint8_t wide[64]);

/* a b + c modulo L; below 2^256 each. */
void lkScalarMulAdd(uint8_t out[32], const uint8_t a[32], const uint8_t b[32], const uint8_t c[32]);

#endif
