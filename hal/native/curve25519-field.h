/*
 * The integers modulo p = 2^255 - 19, in eight limbs of 32 bits, lowest first. Every value below
 * 2^256 stands for its remainder; only lkFieldToBytes gives the remainder itself. Any argument may
 * be the result's own memory. All of it runs in constant time.
 */
#ifndef LATCHKEY_CURVE25519_FIELD_H
#define LATCHKEY_CURVE25519_FIELD_H

#include <stdint.h>

typedef uint32_t Field[8];

/* Takes all 256 bits. */
void lkFieldFromBytes(Field out, const uint8_t bytes[32]);
/* The remainder modulo p, little-endian. */
void lkFieldToBytes(uint8_t bytes[32], const Field a);
void lkFieldCopy(Field out, const Field a);
void lkFieldSmall(Field out, uint32_t value);

void lkFieldAdd(Field out, const Field a, const Field b);
/* a + 2 b */
void lkFieldAddTwice(Field out, const Field a, const Field b);
/* a + 121666 b */
void lkFieldAdd121666(Field out, const Field a, const Field b);
void lkFieldSub(Field out, const Field a, const Field b);
void lkFieldMul(Field out, const Field a, const Field b);
void lkFieldSquare(Field out, const Field a);
/* a^(2^times) for times > 0 */
void lkFieldSquareTimes(Field out, const Field a, int times);

/* 1/a, and 0 for 0. */
void lkFieldInvert(Field out, const Field a);
/* a^((p - 5) / 8), the exponent of square roots (RFC 8032 5.1.3). */
void lkFieldPowerForRoot(Field out, const Field a);

/* Exchanges both where `swap` is 1, not where it is 0. */
void lkFieldSwap(Field a, Field b, uint32_t swap);
int lkFieldIsZero(const Field a);
/* The lowest bit of the remainder. */
int lkFieldIsOdd(const Field a);

#endif
