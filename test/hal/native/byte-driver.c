/*
 * Runs bytes.c and glyphs.c on the desk: reads `operation number number bytes bytes` a line, bytes
 * in hexadecimal or `-`, and answers `number bytes`; the number is -1 for "none".
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../../hal/native/bytes.h"
#include "../../../hal/native/glyphs.h"
#include "../../../hal/native/wire-frame.h"

static int digit(char c)
{
	return (c <= '9') ? c - '0' : c - 'a' + 10;
}

/* Exactly as long as needed, so that a sanitizer sees a read beyond the end. */
static uint8_t *parse(const char *text, size_t *length)
{
	uint8_t *out;
	size_t i;

	*length = (0 == strcmp(text, "-")) ? 0 : strlen(text) / 2;
	out = malloc(*length ? *length : 1);
	for (i = 0; i < *length; i++)
		out[i] = (uint8_t)(digit(text[2 * i]) * 16 + digit(text[2 * i + 1]));
	return out;
}

static uint8_t *room(size_t length)
{
	return calloc(length ? length : 1, 1);
}

static void answer(long number, const uint8_t *bytes, size_t length)
{
	size_t i;

	printf("%ld ", number);
	for (i = 0; i < length; i++)
		printf("%02x", bytes[i]);
	printf(length ? "\n" : "-\n");
}

/* x, y and scale with dark in one number each. */
static void drawText(int place, int style, uint8_t *columns, const uint8_t *text, size_t length)
{
	uint8_t picture[128 * 8];
	LkPicture whole = { picture, 128, 8 };
	char *terminated = (char *)room(length + 1);

	memset(picture, (style & 16) ? 0xff : 0, sizeof(picture));
	memcpy(terminated, text, length);
	lkDrawText(&whole, columns, terminated, (place >> 10) - 300, (place & 1023) - 300, style & 3,
		!!(style & 16));
	answer(0, picture, sizeof(picture));
	free(terminated);
}

static int run(const char *operation, int one, int two, uint8_t *a, size_t n, uint8_t *b, size_t m)
{
	uint8_t *out = room(2 * n + LK_SPAN_HEAD);
	int count;

	if (0 == strcmp(operation, "crc32"))
		answer((long)lkCrc32(b, m, lkCrc32(a, n, 0)), NULL, 0);
	else if (0 == strcmp(operation, "base64")) {
		free(out);
		out = room(two ? (n + 2) / 3 * 4 : (n * 4 + 2) / 3);
		answer(0, out, lkBase64Encode((char *)out, a, n, one, two));
	}
	else if (0 == strcmp(operation, "unbase64")) {
		free(out);
		out = room(3 * n / 4);
		count = lkBase64Decode(out, (const char *)a, n);
		answer(count, out, count < 0 ? 0 : (size_t)count);
	}
	else if (0 == strcmp(operation, "hex")) {
		lkHexEncode((char *)out, a, n);
		answer(0, out, 2 * n);
	}
	else if (0 == strcmp(operation, "unhex")) {
		count = lkHexDecode(out, (const char *)a, n);
		answer(count, out, count < 0 ? 0 : (size_t)count);
	}
	else if (0 == strcmp(operation, "utf8"))
		answer(lkIsPlainUtf8(a, n), NULL, 0);
	else if (0 == strcmp(operation, "printable"))
		answer(lkIsPrintable((const char *)a, n), NULL, 0);
	else if (0 == strcmp(operation, "nested"))
		answer(lkIsNestedDeeper((const char *)a, n, one), NULL, 0);
	else if (0 == strcmp(operation, "tozero")) {
		size_t copied = lkCopyToZero(out, (size_t)one, a, n);

		answer((copied < n) && !a[copied], out, copied);
	}
	else if (0 == strcmp(operation, "number")) {
		/* The number's own bytes, the lowest first. */
		double value;

		memcpy(&value, a, sizeof(value));
		count = lkPutNumber(out, value);
		answer(count, out, count ? 8 : 0);
	}
	else if (0 == strcmp(operation, "length")) {
		lkPutLength(out, (size_t)one);
		answer(0, out, 4);
	}
	else if (0 == strcmp(operation, "sum"))
		answer(lkSum(a, n), NULL, 0);
	else if (0 == strcmp(operation, "equal"))
		answer((n == m) && lkEqual(a, b, n), NULL, 0);
	else if (0 == strcmp(operation, "xor")) {
		lkXor(out, a, b, n);
		answer(0, out, n);
	}
	else if (0 == strcmp(operation, "frame")) {
		/* The link's number in two halves. */
		free(out);
		out = room(LK_FRAME_SENT_MAX);
		answer(0, out, lkFrameEncode(out, a, n, (uint32_t)one << 16 | (uint32_t)two));
	}
	else if (0 == strcmp(operation, "unframe")) {
		free(out);
		out = room(LK_FRAME_MAX);
		count = lkFrameDecode(out, a, n, (uint32_t)one << 16 | (uint32_t)two);
		answer(count, out, count < 0 ? 0 : (size_t)count);
	}
	else if (0 == strcmp(operation, "cobs"))
		answer(0, out, lkCobsEncode(out, a, n));
	else if (0 == strcmp(operation, "uncobs")) {
		count = lkCobsDecode(out, a, n);
		answer(count, out, count < 0 ? 0 : (size_t)count);
	}
	else if (0 == strcmp(operation, "text"))
		drawText(one, two, a, b, m);
	else if (0 == strcmp(operation, "span")) {
		size_t first, last;

		if (lkChangedSpan(a, b, n, (size_t)one, &first, &last))
			answer((long)(first << 16 | last), NULL, 0);
		else
			answer(-1, NULL, 0);
	}
	else if (0 == strcmp(operation, "take")) {
		/* `one` is page, first and last in a byte each; the new picture shown follows what is sent. */
		size_t sent = lkTakeSpan(out, a, b, one >> 16, (size_t)(one >> 8 & 255), (size_t)(one & 255));

		memcpy(out + sent, b, m);
		answer((long)sent, out, sent + m);
	}
	else
		return 2;
	free(out);
	return 0;
}

int main(void)
{
	static char line[1 << 20];

	while (fgets(line, sizeof(line), stdin)) {
		char *operation = strtok(line, " \n");
		int one = atoi(strtok(NULL, " \n")), two = atoi(strtok(NULL, " \n")), status;
		size_t n, m;
		uint8_t *a = parse(strtok(NULL, " \n"), &n), *b = parse(strtok(NULL, " \n"), &m);

		status = run(operation, one, two, a, n, b, m);
		free(a);
		free(b);
		if (status)
			return status;
	}
	return 0;
}
