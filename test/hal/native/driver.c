/*
 * Runs the C of hal/native on the desk: reads `operation hex hex …` a line, answers in hex.
 * An empty argument is written `-`.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../../hal/native/curve25519.h"
#include "../../../hal/native/curve25519-edwards.h"
#include "../../../hal/native/curve25519-scalar.h"
#include "../../../hal/native/gcm.h"
#include "../../../hal/native/hmac.h"
#include "../../../hal/native/keccak.h"
#include "../../../hal/native/sha256.h"
#ifdef LATCHKEY_REF10
#include "ref10.h"
#endif
#ifdef LATCHKEY_MEMCHECK
#include <valgrind/memcheck.h>
#else
#define VALGRIND_MAKE_MEM_UNDEFINED(bytes, length)
#define VALGRIND_MAKE_MEM_DEFINED(bytes, length)
#endif

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

/* A branch or an index that depends on it is an error for memcheck; what is answered may be known. */
static void secret(Bytes bytes)
{
	(void)bytes;
	VALGRIND_MAKE_MEM_UNDEFINED(bytes.bytes, bytes.length);
}

static void answer(const uint8_t *bytes, size_t length)
{
	size_t i;

	VALGRIND_MAKE_MEM_DEFINED(bytes, length);
	for (i = 0; i < length; i++)
		printf("%02x", bytes[i]);
	printf("\n");
}

static const struct {
	const char *name;
	void (*run)(Field out, const Field a, const Field b);
} SUMS[] = {
	{ "add", lkFieldAdd }, { "add-twice", lkFieldAddTwice }, { "add-121666", lkFieldAdd121666 },
	{ "sub", lkFieldSub }, { "mul", lkFieldMul }
};
static const struct {
	const char *name;
	void (*run)(Field out, const Field a);
} POWERS[] = {
	{ "square", lkFieldSquare }, { "invert", lkFieldInvert }, { "root", lkFieldPowerForRoot }
};
#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

static void answerField(const Field value)
{
	uint8_t bytes[32];
	int i;

	for (i = 0; i < 32; i++)
		bytes[i] = (uint8_t)(value[i >> 2] >> (8 * (i & 3)));
	answer(bytes, 32);
}

/* `operation a b` on values as they are, not reduced. Each result must come out over an argument too. */
static int field(const char *operation, const Bytes *a)
{
	Field x, y, out, over;
	uint8_t bytes[32];
	size_t i;

	lkFieldFromBytes(x, a[0].bytes);
	lkFieldFromBytes(y, a[1].bytes);
	for (i = 0; i < COUNT(SUMS); i++) {
		if (strcmp(operation, SUMS[i].name))
			continue;
		SUMS[i].run(out, x, y);
		lkFieldCopy(over, x);
		SUMS[i].run(over, over, y);
		if (memcmp(out, over, sizeof(out)))
			return 3;
		SUMS[i].run(y, x, y);
		if (memcmp(out, y, sizeof(out)))
			return 3;
		answerField(out);
		return 0;
	}
	for (i = 0; i < COUNT(POWERS); i++) {
		if (strcmp(operation, POWERS[i].name))
			continue;
		POWERS[i].run(out, x);
		POWERS[i].run(x, x);
		if (memcmp(out, x, sizeof(out)))
			return 3;
		answerField(out);
		return 0;
	}
	if (0 == strcmp(operation, "canonical")) {
		lkFieldToBytes(bytes, x);
		if ((lkFieldIsOdd(x) != (bytes[0] & 1)) || (lkFieldIsZero(x) != !memcmp(bytes, (uint8_t[32]){ 0 }, 32)))
			return 3;
		answer(bytes, 32);
		return 0;
	}
	if ((0 == strcmp(operation, "swap")) || (0 == strcmp(operation, "leave"))) {
		lkFieldSwap(x, y, operation[0] == 's');
		answerField(x);
		return 0;
	}
	return 2;
}

static int curves(const char *operation, const Bytes *a)
{
	uint8_t out[64];

	if (0 == strcmp(operation, "public")) {
		secret(a[0]);
		lkEd25519PublicKey(out, a[0].bytes);
		answer(out, 32);
	}
	else if (0 == strcmp(operation, "sign")) {
		secret(a[0]);
		lkEd25519Sign(out, a[0].bytes, a[1].bytes, a[2].bytes, a[2].length);
		answer(out, 64);
	}
	else if (0 == strcmp(operation, "verify")) {
		out[0] = (uint8_t)lkEd25519Verify(a[0].bytes, a[1].bytes, a[1].length, a[2].bytes);
		answer(out, 1);
	}
	/* What must be found: verification has no secret and branches on what it is given. */
	else if (0 == strcmp(operation, "verify-secret")) {
		secret(a[0]);
		out[0] = (uint8_t)lkEd25519Verify(a[0].bytes, a[1].bytes, a[1].length, a[2].bytes);
		answer(out, 1);
	}
	else if (0 == strcmp(operation, "xpublic")) {
		secret(a[0]);
		lkX25519PublicKey(out, a[0].bytes);
		answer(out, 32);
	}
	else if (0 == strcmp(operation, "x")) {
		int good;

		secret(a[0]);
		good = lkX25519(out, a[0].bytes, a[1].bytes);
		VALGRIND_MAKE_MEM_DEFINED(&good, sizeof(good));
		answer(out, good ? 32 : 0);
	}
	else if (0 == strcmp(operation, "reduce")) {
		secret(a[0]);
		lkScalarReduce(out, a[0].bytes);
		answer(out, 32);
	}
	else if (0 == strcmp(operation, "mul-add")) {
		secret(a[0]);
		secret(a[1]);
		lkScalarMulAdd(out, a[0].bytes, a[1].bytes, a[2].bytes);
		answer(out, 32);
	}
	else
		return 2;
	return 0;
}

static int keccak(const char *operation, const Bytes *a)
{
	uint8_t out[32];

	if (0 == strcmp(operation, "sha3"))
		lkSha3_256(out, a[0].bytes, a[0].length);
	else if (0 == strcmp(operation, "chain")) {
		memcpy(out, a[0].bytes, 32);
		lkSha3_256Chain(out, (uint32_t)(a[1].bytes[0] * 256 + a[1].bytes[1]));
	}
	else
		return 2;
	answer(out, 32);
	return 0;
}

/* Half of it at a time, so that pieces end anywhere in a block. */
static void hash(Bytes message)
{
	size_t half = message.length / 2;
	uint8_t out[32];
	Sha256 state;

	lkSha256Start(&state);
	lkSha256Add(&state, message.bytes, half);
	lkSha256Add(&state, message.bytes + half, message.length - half);
	lkSha256End(&state, out);
	answer(out, 32);
}

/* Into memory of exactly that length; over the argument it must come out the same. */
static int chain(void (*run)(const Aes *, const uint8_t *, uint8_t *, const uint8_t *, size_t),
	const Aes *aes, Bytes iv, Bytes data)
{
	uint8_t *out = malloc(data.length ? data.length : 1);
	int differs;

	run(aes, iv.bytes, out, data.bytes, data.length);
	run(aes, iv.bytes, data.bytes, data.bytes, data.length);
	VALGRIND_MAKE_MEM_DEFINED(out, data.length);
	VALGRIND_MAKE_MEM_DEFINED(data.bytes, data.length);
	differs = memcmp(out, data.bytes, data.length);
	answer(out, data.length);
	free(out);
	return differs ? 3 : 0;
}

/* `seal key nonce aad plain`, `open key nonce aad sealed`: nothing when the tag does not fit. */
static int gcm(int seals, const Aes *aes, const Bytes *a)
{
	size_t length = seals ? a[3].length + GCM_TAG : a[3].length - GCM_TAG;
	uint8_t *out = calloc(length ? length : 1, 1);
	int good = 1;
	size_t i;

	if (seals)
		lkGcmSeal(aes, a[1].bytes, a[2].bytes, a[2].length, a[3].bytes, a[3].length, out);
	else
		good = lkGcmOpen(aes, a[1].bytes, a[2].bytes, a[2].length, a[3].bytes, length, out);
	for (i = 0; !good && (i < length); i++)
		if (out[i])
			return 3;
	printf(good ? "01" : "00");
	answer(out, good ? length : 0);
	free(out);
	return 0;
}

static int symmetric(const char *operation, const Bytes *a)
{
	uint8_t out[HKDF_BYTES_MAX];
	HkdfPart parts[3];
	size_t length;
	Aes aes;
	int i;

	if (0 == strcmp(operation, "sha256")) {
		secret(a[0]);
		hash(a[0]);
		return 0;
	}
	if (0 == strcmp(operation, "hmac")) {
		secret(a[0]);
		secret(a[1]);
		lkHmacSha256(out, a[0].bytes, a[0].length, a[1].bytes, a[1].length);
		answer(out, 32);
		return 0;
	}
	if (0 == strcmp(operation, "hkdf")) {
		secret(a[0]);
		for (i = 0; i < 3; i++)
			parts[i] = (HkdfPart){ a[i].bytes, a[i].length };
		length = (size_t)a[3].bytes[0] * 256 + a[3].bytes[1];
		lkHkdfSha256(out, length, parts[0], parts[1], parts[2]);
		answer(out, length);
		return 0;
	}
	if (strncmp(operation, "aes-", 4))
		return 2;
	operation += 4;
	/* The one branch on what a key makes: whether the tag fits. `fits` stops before it. */
	if (strcmp(operation, "open"))
		secret(a[0]);
	lkAesStart(&aes, a[0].bytes, a[0].length);
	if (0 == strcmp(operation, "open"))
		return gcm(0, &aes, a);
	if (0 == strcmp(operation, "fits")) {
		out[0] = (uint8_t)lkGcmFits(&aes, a[1].bytes, a[2].bytes, a[2].length, a[3].bytes,
			a[3].length - GCM_TAG);
		answer(out, 1);
		return 0;
	}
	secret(a[(0 == strcmp(operation, "seal")) ? 3 : 2]);
	if (0 == strcmp(operation, "seal"))
		return gcm(1, &aes, a);
	if (0 == strcmp(operation, "cbc-encrypt"))
		return chain(lkAesCbcEncrypt, &aes, a[1], a[2]);
	if (0 == strcmp(operation, "cbc-decrypt"))
		return chain(lkAesCbcDecrypt, &aes, a[1], a[2]);
	return 2;
}

int main(void)
{
	static char line[1 << 16];

	setvbuf(stdout, NULL, _IOLBF, 0);
	while (fgets(line, sizeof(line), stdin)) {
		Bytes a[ARGUMENTS_MAX];
		int count = 0, failed, i;
		char *operation = strtok(line, " \n");
		char *text;

		while ((count < ARGUMENTS_MAX) && (text = strtok(NULL, " \n")))
			a[count++] = parse(text);
		failed = curves(operation, a);
		if (failed == 2)
			failed = symmetric(operation, a);
		if (failed == 2)
			failed = keccak(operation, a);
		if (failed == 2)
			failed = field(operation, a);
		if (failed)
			return failed;
		for (i = 0; i < count; i++)
			free(a[i].bytes);
	}
	return 0;
}
