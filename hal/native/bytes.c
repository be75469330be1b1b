/*
 * What protocol/encoding/ does in JavaScript, for the image. Where text or bytes are anything but
 * ordinary these say so, and the twin in JavaScript decides and finds the words for it: so they
 * need only be right about what they accept.
 */
#include <string.h>
#include "bytes.h"

/* By nibbles, as in crc32.ts. */
uint32_t lkCrc32(const uint8_t *bytes, size_t length, uint32_t before)
{
	static const uint32_t TABLE[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c
	};
	uint32_t crc = before ^ 0xffffffff;

	while (length--) {
		crc ^= *bytes++;
		crc = (crc >> 4) ^ TABLE[crc & 15];
		crc = (crc >> 4) ^ TABLE[crc & 15];
	}
	return crc ^ 0xffffffff;
}

static char digitOf(uint32_t value, int urlSafe)
{
	if (value < 26)
		return (char)('A' + value);
	if (value < 52)
		return (char)('a' + value - 26);
	if (value < 62)
		return (char)('0' + value - 52);
	if (value == 62)
		return urlSafe ? '-' : '+';
	return urlSafe ? '_' : '/';
}

size_t lkBase64Encode(char *out, const uint8_t *bytes, size_t length, int urlSafe, int padded)
{
	char *start = out;
	size_t i;

	for (i = 0; i < length; i += 3) {
		size_t left = length - i;
		uint32_t bits = (uint32_t)bytes[i] << 16;

		if (left > 1)
			bits |= (uint32_t)bytes[i + 1] << 8;
		if (left > 2)
			bits |= bytes[i + 2];
		*out++ = digitOf(bits >> 18, urlSafe);
		*out++ = digitOf((bits >> 12) & 63, urlSafe);
		if (left > 1)
			*out++ = digitOf((bits >> 6) & 63, urlSafe);
		else if (padded)
			*out++ = '=';
		if (left > 2)
			*out++ = digitOf(bits & 63, urlSafe);
		else if (padded)
			*out++ = '=';
	}
	return (size_t)(out - start);
}

static int valueOf(uint8_t c)
{
	if ((c >= 'A') && (c <= 'Z'))
		return c - 'A';
	if ((c >= 'a') && (c <= 'z'))
		return c - 'a' + 26;
	if ((c >= '0') && (c <= '9'))
		return c - '0' + 52;
	if ((c == '+') || (c == '-'))
		return 62;
	if ((c == '/') || (c == '_'))
		return 63;
	return -1;
}

int lkBase64Decode(uint8_t *out, const char *text, size_t length)
{
	uint8_t *start = out;
	size_t end = length, i;
	uint32_t bits = 0;
	int held = 0, standard = 0, urlSafe = 0;

	while ((end > 0) && (length - end < 2) && (text[end - 1] == '='))
		end--;
	if ((end != length) && (length % 4))
		return -1;
	if (end % 4 == 1)
		return -1;
	for (i = 0; i < end; i++) {
		uint8_t c = (uint8_t)text[i];
		int value = valueOf(c);

		if (value < 0)
			return -1;
		standard |= (c == '+') || (c == '/');
		urlSafe |= (c == '-') || (c == '_');
		bits = ((bits << 6) | (uint32_t)value) & 0xffff;
		held += 6;
		if (held >= 8) {
			held -= 8;
			*out++ = (uint8_t)(bits >> held);
		}
	}
	if ((standard && urlSafe) || (bits & ((1u << held) - 1)))
		return -1;
	return (int)(out - start);
}

void lkHexEncode(char *out, const uint8_t *bytes, size_t length)
{
	static const char DIGITS[] = "0123456789abcdef";

	while (length--) {
		*out++ = DIGITS[*bytes >> 4];
		*out++ = DIGITS[*bytes++ & 15];
	}
}

static int nibbleOf(uint8_t c)
{
	if ((c >= '0') && (c <= '9'))
		return c - '0';
	c |= 0x20;
	return ((c >= 'a') && (c <= 'f')) ? c - 'a' + 10 : -1;
}

int lkHexDecode(uint8_t *out, const char *text, size_t length)
{
	size_t i;

	if (length % 2)
		return -1;
	for (i = 0; i < length; i += 2) {
		int high = nibbleOf((uint8_t)text[i]), low = nibbleOf((uint8_t)text[i + 1]);

		if ((high < 0) || (low < 0))
			return -1;
		*out++ = (uint8_t)((high << 4) | low);
	}
	return (int)(length / 2);
}

int lkIsPlainUtf8(const uint8_t *bytes, size_t length)
{
	const uint8_t *end = bytes + length;

	while (bytes < end) {
		uint8_t lead = *bytes++;
		uint32_t point, smallest;
		int more;

		if (lead == 0)
			return 0;
		if (lead < 0x80)
			continue;
		if ((lead >= 0xc2) && (lead < 0xe0))
			more = 1, smallest = 0x80;
		else if ((lead >= 0xe0) && (lead < 0xf0))
			more = 2, smallest = 0x800;
		else
			return 0;
		if (end - bytes < more)
			return 0;
		point = lead & (0x3fu >> more);
		while (more--) {
			uint8_t next = *bytes++;

			if ((next & 0xc0) != 0x80)
				return 0;
			point = (point << 6) | (next & 63);
		}
		if ((point < smallest) || ((point >= 0xd800) && (point <= 0xdfff)))
			return 0;
	}
	return 1;
}

int lkIsPrintable(const char *text, size_t length)
{
	while (length--) {
		char c = *text++;

		if ((c < ' ') || (c > '~'))
			return 0;
	}
	return 1;
}

int lkIsNestedDeeper(const char *text, size_t length, int depthMax)
{
	int depth = 0, inString = 0;
	size_t i;

	for (i = 0; i < length; i++) {
		char c = text[i];

		if (c == '"')
			inString = !inString;
		else if (inString)
			i += (c == '\\') ? 1 : 0;
		else if ((c == '[') || (c == '{'))
			depth++;
		else if ((c == ']') || (c == '}'))
			depth--;
		if (depth > depthMax)
			return 1;
	}
	return 0;
}

void lkPutLength(uint8_t *out, size_t length)
{
	out[0] = (uint8_t)(length >> 24);
	out[1] = (uint8_t)(length >> 16);
	out[2] = (uint8_t)(length >> 8);
	out[3] = (uint8_t)length;
}

int lkPutNumber(uint8_t *out, double value)
{
	uint64_t whole;

	if (!(value >= 0) || (value > 9007199254740991.0))
		return 0;
	whole = (uint64_t)value;
	if ((double)whole != value)
		return 0;
	lkPutLength(out, (size_t)(whole >> 32));
	lkPutLength(out + 4, (size_t)(whole & 0xffffffff));
	return 1;
}

uint8_t lkSum(const uint8_t *bytes, size_t length)
{
	uint8_t sum = 0;

	while (length--)
		sum = (uint8_t)(sum + *bytes++);
	return sum;
}

int lkEqual(const uint8_t *a, const uint8_t *b, size_t length)
{
	uint32_t difference = 0;

	while (length--)
		difference |= *a++ ^ *b++;
	return (int)((difference - 1) >> 31);
}

void lkXor(uint8_t *out, const uint8_t *a, const uint8_t *b, size_t length)
{
	while (length--)
		*out++ = *a++ ^ *b++;
}

size_t lkCopyToZero(uint8_t *to, size_t room, const uint8_t *from, size_t length)
{
	size_t i;

	for (i = 0; (i < length) && (i < room) && from[i]; i++)
		to[i] = from[i];
	return i;
}

/* A run has 254 bytes at most. */
#define RUN_MAX 254

size_t lkCobsEncode(uint8_t *out, const uint8_t *bytes, size_t length)
{
	uint8_t *start = out, *code = out++;
	size_t i;
	int run = 1;

	for (i = 0; i < length; i++) {
		if (bytes[i]) {
			*out++ = bytes[i];
			run++;
		}
		if (!bytes[i] || ((run == RUN_MAX + 1) && (i + 1 < length))) {
			*code = (uint8_t)run;
			code = out++;
			run = 1;
		}
	}
	*code = (uint8_t)run;
	return (size_t)(out - start);
}

int lkCobsDecode(uint8_t *out, const uint8_t *stuffed, size_t length)
{
	uint8_t *start = out;
	size_t at = 0;

	while (at < length) {
		size_t run = stuffed[at++], i;

		if ((run == 0) || (at + run - 1 > length))
			return -1;
		for (i = 1; i < run; i++) {
			if (stuffed[at] == 0)
				return -1;
			*out++ = stuffed[at++];
		}
		if ((run <= RUN_MAX) && (at < length))
			*out++ = 0;
	}
	return (int)(out - start);
}
