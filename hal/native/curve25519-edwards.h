/* Points of edwards25519, -x^2 + y^2 = 1 + d x^2 y^2 (RFC 8032 5.1). */
#ifndef LATCHKEY_CURVE25519_EDWARDS_H
#define LATCHKEY_CURVE25519_EDWARDS_H

#include "curve25519-field.h"

/* x = X/Z, y = Y/Z, xy = T/Z */
typedef struct {
	Field X, Y, Z, T;
} EdwardsPoint;

/* In constant time, as all of these but lkEdwardsCombine and lkEdwardsDecode. */
void lkEdwardsIdentity(EdwardsPoint *out);

/* 2 p; does not read T. `withT` is 0 where what comes next does not read it either. */
void lkEdwardsDouble(EdwardsPoint *out, const EdwardsPoint *p, int withT);

/*
 * Adds a point that is given by y + x, y - x and 2 d x y, each times the same factor; `z` is 2 Z
 * times that factor. For the negative of a point y + x and y - x change places, and `negative` is 1.
 */
void lkEdwardsAdd(EdwardsPoint *p, const Field plus, const Field minus, const Field dxy, const Field z,
	uint32_t negative, int withT);

/* scalar B without T; the scalar is below 2^255, little-endian. */
void lkEdwardsMultiplyBase(EdwardsPoint *out, const uint8_t scalar[32]);

/* s B - k A without T; s and k are below 2^253. */
void lkEdwardsCombine(EdwardsPoint *out, const uint8_t s[32], const uint8_t k[32], const EdwardsPoint *A);

/*
 * RFC 8032 5.1.3; 0 for what is no point. The caller has seen that y is below p, and refuses small
 * orders: that of x = 0 with its sign bit set is one, which this takes.
 */
int lkEdwardsDecode(EdwardsPoint *out, const uint8_t encoded[32]);

/* y, and the lowest bit of x above it. */
void lkEdwardsEncode(uint8_t encoded[32], const EdwardsPoint *point);

/* Whether eight times the point is the identity. */
int lkEdwardsHasSmallOrder(const EdwardsPoint *point);

#endif
