/*
 * Runs the C of hal/native on the desk: reads `operation hex hex …` a line, answers in hex.
 * An empty argument is written `-`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../../hal/native/curve25519.h"
#include "../../../hal/native/keccak.h"

#define ARGUMENTS_MAX 4

typedef struct {
	uint8_t *bytes;
	size_t length;
} Bytes;

static int digit(char c)
{
	return (c <= '9') ? c - '0' : c - 'a' + 10;
}

static Bytes parse(const char *text)
{
	Bytes out;
	size_t i;

	out.length = (0 == strcmp(text, "-")) ? 0 : strlen(text) / 2;
	/* Exactly as long as needed, so that a sanitizer sees a read beyond the end. */
	out.bytes = malloc(out.length ? out.length : 1);
	for (i = 0; i < out.length; i++)
		out.bytes[i] = (uint8_t)(digit(text[2 * i]) * 16 + digit(text[2 * i + 1]));
	return out;
}

static void answer(const uint8_t *bytes, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		printf("%02x", bytes[i]);
	printf("\n");
}

int main(void)
{
	static char line[1 << 20];

	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof(line), stdin)) {
		Bytes a[ARGUMENTS_MAX];
		uint8_t out[64];
		int count = 0, i;
		char *operation = strtok(line, " \n");
		char *text;

		while ((count < ARGUMENTS_MAX) && (text = strtok(NULL, " \n")))
			a[count++] = parse(text);
		if (0 == strcmp(operation, "public")) {
			lkEd25519PublicKey(out, a[0].bytes);
			answer(out, 32);
		}
		else if (0 == strcmp(operation, "sign")) {
			lkEd25519Sign(out, a[0].bytes, a[1].bytes, a[2].bytes, a[2].length);
			answer(out, 64);
		}
		else if (0 == strcmp(operation, "verify")) {
			out[0] = (uint8_t)lkEd25519Verify(a[0].bytes, a[1].bytes, a[1].length, a[2].bytes);
			answer(out, 1);
		}
		else if (0 == strcmp(operation, "xpublic")) {
			lkX25519PublicKey(out, a[0].bytes);
			answer(out, 32);
		}
		else if (0 == strcmp(operation, "x")) {
			int good = lkX25519(out, a[0].bytes, a[1].bytes);
			answer(out, good ? 32 : 0);
		}
		else if (0 == strcmp(operation, "sha3")) {
			lkSha3_256(out, a[0].bytes, a[0].length);
			answer(out, 32);
		}
		else if (0 == strcmp(operation, "chain")) {
			memcpy(out, a[0].bytes, 32);
			lkSha3_256Chain(out, (uint32_t)(a[1].bytes[0] * 256 + a[1].bytes[1]));
			answer(out, 32);
		}
		else
			return 2;
		for (i = 0; i < count; i++)
			free(a[i].bytes);
	}
	return 0;
}
