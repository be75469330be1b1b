/*
 * bytes.c for XS. Each gives `undefined` for what is not ordinary: the twin in JavaScript decides
 * then. Making the result may move what the arguments point to, so they are asked for again.
 */
#include <string.h>
#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"
#include "../bytes.h"

static const uint8_t *bytesOf(xsMachine *the, xsSlot *slot, xsUnsignedValue *length)
{
	void *data;

	xsmcGetBufferReadable(*slot, &data, length);
	return data;
}

/* A text of the engine is UTF-8; its length is that of its bytes. */
static const char *textOf(xsMachine *the, xsSlot *slot, size_t *length)
{
	const char *text = xsmcToString(*slot);

	*length = strlen(text);
	return text;
}

static void setUint32(xsMachine *the, uint32_t value)
{
	if (value > 0x7fffffff)
		xsmcSetNumber(xsResult, value);
	else
		xsmcSetInteger(xsResult, (xsIntegerValue)value);
}

/* Room for a text in the result; what it points to is ASCII of that length or shorter. */
static char *textResult(xsMachine *the, size_t length)
{
	xsmcSetStringBuffer(xsResult, NULL, (xsIntegerValue)length);
	return (char *)xsmcToString(xsResult);
}

/* crc32(bytes, before): number */
void xs_latchkey_bytes_crc32(xsMachine *the)
{
	uint32_t before = (uint32_t)xsmcToUnsigned(xsArg(1));
	xsUnsignedValue length;
	const uint8_t *bytes = bytesOf(the, &xsArg(0), &length);

	setUint32(the, lkCrc32(bytes, length, before));
}

/* equal(a, b): boolean; of secret bytes as well */
void xs_latchkey_bytes_equal(xsMachine *the)
{
	xsUnsignedValue one, other;
	const uint8_t *a = bytesOf(the, &xsArg(0), &one);
	const uint8_t *b = bytesOf(the, &xsArg(1), &other);

	xsmcSetBoolean(xsResult, (one == other) && lkEqual(a, b, one));
}

/* toBase64(bytes, urlSafe, padded): string */
void xs_latchkey_bytes_to_base64(xsMachine *the)
{
	xsUnsignedValue length;
	int urlSafe = xsmcToBoolean(xsArg(1)), padded = xsmcToBoolean(xsArg(2));
	size_t digits;
	char *text;

	(void)bytesOf(the, &xsArg(0), &length);
	digits = padded ? ((length + 2) / 3) * 4 : (length * 4 + 2) / 3;
	text = textResult(the, digits);
	lkBase64Encode(text, bytesOf(the, &xsArg(0), &length), length, urlSafe, padded);
}

/* fromBase64(text): ArrayBuffer, or undefined */
void xs_latchkey_bytes_from_base64(xsMachine *the)
{
	size_t length, digits;
	const char *text = textOf(the, &xsArg(0), &length);

	for (digits = length; digits && (length - digits < 2) && ('=' == text[digits - 1]); digits--)
		;
	xsmcSetArrayBuffer(xsResult, NULL, (xsIntegerValue)(digits * 3 / 4));
	if (lkBase64Decode(xsmcToArrayBuffer(xsResult), textOf(the, &xsArg(0), &length), length) < 0)
		xsmcSetUndefined(xsResult);
}

/* toHex(bytes): string */
void xs_latchkey_bytes_to_hex(xsMachine *the)
{
	xsUnsignedValue length;
	char *text;

	(void)bytesOf(the, &xsArg(0), &length);
	text = textResult(the, 2 * length);
	lkHexEncode(text, bytesOf(the, &xsArg(0), &length), length);
}

/* fromHex(text): ArrayBuffer, or undefined */
void xs_latchkey_bytes_from_hex(xsMachine *the)
{
	size_t length;

	(void)textOf(the, &xsArg(0), &length);
	xsmcSetArrayBuffer(xsResult, NULL, (xsIntegerValue)(length / 2));
	if (lkHexDecode(xsmcToArrayBuffer(xsResult), textOf(the, &xsArg(0), &length), length) < 0)
		xsmcSetUndefined(xsResult);
}

/* toUtf8(text): ArrayBuffer; undefined where the engine has a way of its own: zeros, pairs */
void xs_latchkey_bytes_to_utf8(xsMachine *the)
{
	size_t length;
	const char *text = textOf(the, &xsArg(0), &length);

	if (!lkIsPlainUtf8((const uint8_t *)text, length))
		return;
	xsmcSetArrayBuffer(xsResult, NULL, (xsIntegerValue)length);
	text = textOf(the, &xsArg(0), &length);
	memcpy(xsmcToArrayBuffer(xsResult), text, length);
}

/* fromUtf8(bytes): string; undefined for what is not UTF-8, or has zeros or pairs */
void xs_latchkey_bytes_from_utf8(xsMachine *the)
{
	xsUnsignedValue length;
	const uint8_t *bytes = bytesOf(the, &xsArg(0), &length);
	char *text;

	if (!lkIsPlainUtf8(bytes, length))
		return;
	text = textResult(the, length);
	memcpy(text, bytesOf(the, &xsArg(0), &length), length);
}

/* isPrintable(text): boolean */
void xs_latchkey_bytes_is_printable(xsMachine *the)
{
	size_t length;
	const char *text = textOf(the, &xsArg(0), &length);

	xsmcSetBoolean(xsResult, lkIsPrintable(text, length));
}

/* isNestedDeeper(json, depth): boolean */
void xs_latchkey_bytes_is_nested_deeper(xsMachine *the)
{
	xsIntegerValue depth = xsmcToInteger(xsArg(1));
	size_t length;
	const char *text = textOf(the, &xsArg(0), &length);

	xsmcSetBoolean(xsResult, lkIsNestedDeeper(text, length, depth));
}

#define NUMBER_BYTES 8

/* Writes one part, or nothing where `out` is NULL; how many bytes, or -1 for what is none. */
static int putPart(xsMachine *the, xsSlot *part, uint8_t *out)
{
	const uint8_t *bytes;
	xsUnsignedValue length;
	uint8_t number[NUMBER_BYTES];

	switch (xsmcTypeOf(*part)) {
	case xsReferenceType:
		/* An empty array has no bytes that could be asked for. */
		xsmcGet(xsVar(1), *part, xsID_length);
		length = (xsUnsignedValue)xsmcToInteger(xsVar(1));
		bytes = length ? bytesOf(the, part, &length) : number;
		break;
	case xsStringType:
	case xsStringXType: {
		size_t units;

		bytes = (const uint8_t *)textOf(the, part, &units);
		if (!lkIsPlainUtf8(bytes, units))
			return -1;
		length = (xsUnsignedValue)units;
		break;
	}
	case xsIntegerType:
	case xsNumberType:
		if (!lkPutNumber(number, xsmcToNumber(*part)))
			return -1;
		bytes = number;
		length = NUMBER_BYTES;
		break;
	default:
		return -1;
	}
	if (out)
		memcpy(out, bytes, length);
	return (int)length;
}

/* join(parts, lengths): ArrayBuffer; undefined where a part is none, or a text is not plain */
void xs_latchkey_bytes_join(xsMachine *the)
{
	int prefix = xsmcToBoolean(xsArg(1)) ? 4 : 0;
	xsIntegerValue count, i, total = 0;
	uint8_t *out;

	xsmcVars(2);
	xsmcGet(xsVar(0), xsArg(0), xsID_length);
	count = xsmcToInteger(xsVar(0));
	for (i = 0; i < count; i++) {
		int length;

		xsmcGetIndex(xsVar(0), xsArg(0), (xsUnsignedValue)i);
		length = putPart(the, &xsVar(0), NULL);
		if (length < 0)
			return;
		total += prefix + length;
	}
	xsmcSetArrayBuffer(xsResult, NULL, total);
	for (i = 0, total = 0; i < count; i++) {
		int length;

		/* Getting an element makes nothing, so what was asked for stays in place. */
		xsmcGetIndex(xsVar(0), xsArg(0), (xsUnsignedValue)i);
		out = (uint8_t *)xsmcToArrayBuffer(xsResult) + total;
		length = putPart(the, &xsVar(0), out + prefix);
		if (prefix)
			lkPutLength(out, (size_t)length);
		total += prefix + length;
	}
}

/* sum(bytes, start, end): number */
void xs_latchkey_bytes_sum(xsMachine *the)
{
	xsIntegerValue start = xsmcToInteger(xsArg(1)), end = xsmcToInteger(xsArg(2));
	xsUnsignedValue length;
	const uint8_t *bytes = bytesOf(the, &xsArg(0), &length);

	if ((start < 0) || (end < start) || ((xsUnsignedValue)end > length))
		xsRangeError("outside of the bytes");
	xsmcSetInteger(xsResult, lkSum(bytes + start, (size_t)(end - start)));
}

/* xor(a, b): ArrayBuffer; undefined for different lengths */
void xs_latchkey_bytes_xor(xsMachine *the)
{
	xsUnsignedValue one, other;

	(void)bytesOf(the, &xsArg(0), &one);
	(void)bytesOf(the, &xsArg(1), &other);
	if (one != other)
		return;
	xsmcSetArrayBuffer(xsResult, NULL, (xsIntegerValue)one);
	lkXor(xsmcToArrayBuffer(xsResult), bytesOf(the, &xsArg(0), &one), bytesOf(the, &xsArg(1), &one), one);
}

/* copyToZero(to, at, from, start): how many, and 65536 when a zero ended it */
void xs_latchkey_bytes_copy_to_zero(xsMachine *the)
{
	xsIntegerValue at = xsmcToInteger(xsArg(1)), start = xsmcToInteger(xsArg(3));
	xsUnsignedValue room, length;
	void *to;
	const uint8_t *from = bytesOf(the, &xsArg(2), &length);
	size_t copied;

	xsmcGetBufferWritable(xsArg(0), &to, &room);
	if ((at < 0) || (start < 0) || ((xsUnsignedValue)at > room) || ((xsUnsignedValue)start > length)
		|| (length > 0xffff))
		xsRangeError("outside of the bytes");
	room -= (xsUnsignedValue)at;
	length -= (xsUnsignedValue)start;
	copied = lkCopyToZero((uint8_t *)to + at, room, from + start, length);
	xsmcSetInteger(xsResult, (xsIntegerValue)copied
		+ (((copied < length) && (0 == from[start + (xsIntegerValue)copied])) ? 0x10000 : 0));
}
