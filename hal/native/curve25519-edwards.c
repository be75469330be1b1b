/*
 * Extended coordinates with complete formulas (Hisil, Wong, Carter, Dawson, "Twisted Edwards Curves
 * Revisited", 2008): no pair of points is an exception. Where `withT` is 0 the result is only
 * doubled next, or encoded, and needs no T.
 */
#include "umaal.h"
#include "curve25519-edwards.h"

/* RFC 8032 5.1 Table 1 and 5.1.3. */
static const Field D = {
	0x135978a3, 0x75eb4dca, 0x4141d8ab, 0x00700a4d, 0x7779e898, 0x8cc74079, 0x2b6ffe73, 0x52036cee
};
static const Field ROOT_OF_MINUS_ONE = {
	0x4a0ea0b0, 0xc4ee1b27, 0xad2fe478, 0x2f431806, 0x3dfbd7a7, 0x2b4d0099, 0x4fc1df0b, 0x2b832480
};

void lkEdwardsIdentity(EdwardsPoint *p)
{
	lkFieldSmall(p->X, 0);
	lkFieldSmall(p->Y, 1);
	lkFieldSmall(p->Z, 1);
	lkFieldSmall(p->T, 0);
}

static void setProducts(EdwardsPoint *p, const Field e, const Field f, const Field g, const Field h, int withT)
{
	lkFieldMul(p->X, e, f);
	lkFieldMul(p->Y, g, h);
	lkFieldMul(p->Z, f, g);
	if (withT)
		lkFieldMul(p->T, e, h);
}

/* dbl-2008-hwcd */
void lkEdwardsDouble(EdwardsPoint *out, const EdwardsPoint *p, int withT)
{
	Field a, e, f, g, h;

	lkFieldSquare(a, p->X);
	lkFieldSquare(f, p->Y);
	lkFieldAdd(h, a, f);
	lkFieldSub(g, a, f);
	lkFieldAdd(e, p->X, p->Y);
	lkFieldSquare(e, e);
	lkFieldSub(e, h, e);
	lkFieldSquare(f, p->Z);
	lkFieldAddTwice(f, g, f);
	setProducts(out, e, f, g, h, withT);
}

/* madd-2008-hwcd-3, everything times the factor's half */
void lkEdwardsAdd(EdwardsPoint *p, const Field plus, const Field minus, const Field dxy, const Field z,
	uint32_t negative, int withT)
{
	Field e, f, g, h;

	lkFieldSub(f, p->Y, p->X);
	lkFieldMul(f, f, minus);
	lkFieldAdd(g, p->Y, p->X);
	lkFieldMul(g, g, plus);
	lkFieldSub(e, g, f);
	lkFieldAdd(h, g, f);
	lkFieldMul(g, p->T, dxy);
	lkFieldSub(f, z, g);
	lkFieldAdd(g, z, g);
	lkFieldSwap(f, g, negative);
	setProducts(p, e, f, g, h, withT);
}

int lkEdwardsDecode(EdwardsPoint *out, const uint8_t encoded[32])
{
	Field u, v, power, root;
	int sign = encoded[31] >> 7;

	lkFieldFromBytes(out->Y, encoded);
	out->Y[7] &= 0x7fffffff;
	lkFieldSmall(out->Z, 1);
	/* x^2 = u/v, x = u v^3 (u v^7)^((p - 5)/8), or that times the root of -1 */
	lkFieldSquare(v, out->Y);
	lkFieldSub(u, v, out->Z);
	lkFieldMul(v, v, D);
	lkFieldAdd(v, v, out->Z);
	lkFieldSquare(root, v);
	lkFieldMul(root, root, v);
	lkFieldSquare(power, root);
	lkFieldMul(power, power, v);
	lkFieldMul(power, power, u);
	lkFieldPowerForRoot(power, power);
	lkFieldMul(root, root, u);
	lkFieldMul(root, root, power);
	lkFieldSquare(power, root);
	lkFieldMul(power, power, v);
	lkFieldSub(v, power, u);
	if (!lkFieldIsZero(v)) {
		lkFieldAdd(v, power, u);
		if (!lkFieldIsZero(v))
			return 0;
		lkFieldMul(root, root, ROOT_OF_MINUS_ONE);
	}
	lkFieldSmall(v, 0);
	if (lkFieldIsOdd(root) != sign)
		lkFieldSub(root, v, root);
	lkFieldCopy(out->X, root);
	lkFieldMul(out->T, out->X, out->Y);
	return 1;
}

void lkEdwardsEncode(uint8_t encoded[32], const EdwardsPoint *point)
{
	Field inverse, x, y;

	lkFieldInvert(inverse, point->Z);
	lkFieldMul(x, point->X, inverse);
	lkFieldMul(y, point->Y, inverse);
	lkFieldToBytes(encoded, y);
	encoded[31] |= (uint8_t)(lkFieldIsOdd(x) << 7);
}

int lkEdwardsHasSmallOrder(const EdwardsPoint *point)
{
	EdwardsPoint eight;
	Field difference;

	lkEdwardsDouble(&eight, point, 0);
	lkEdwardsDouble(&eight, &eight, 0);
	lkEdwardsDouble(&eight, &eight, 0);
	lkFieldSub(difference, eight.Y, eight.Z);
	return lkFieldIsZero(eight.X) && lkFieldIsZero(difference);
}
