/* Loops over bytes that take the engine some hundred cycles a byte. Twins: protocol/encoding/. */
#include <stddef.h>
#include <stdint.h>

/* CRC-32 of zip and Ethernet; `before` is that of what stands before, or 0. */
uint32_t lkCrc32(const uint8_t *bytes, size_t length, uint32_t before);

/* Base64 of either alphabet; how many characters that were. `out` has room for 4 (n + 2) / 3. */
size_t lkBase64Encode(char *out, const uint8_t *bytes, size_t length, int urlSafe, int padded);

/* How many bytes, or -1 for what is not base64 as `fromBase64` takes it. Room for 3 n / 4. */
int lkBase64Decode(uint8_t *out, const char *text, size_t length);

void lkHexEncode(char *out, const uint8_t *bytes, size_t length);
/* How many bytes, or -1. Room for n / 2. */
int lkHexDecode(uint8_t *out, const char *text, size_t length);

/*
 * Whether this is UTF-8 in its shortest form without what an engine may keep in a way of its own: a
 * zero, halves of pairs, and whatever takes a pair in UTF-16.
 */
int lkIsPlainUtf8(const uint8_t *bytes, size_t length);

/* Whether all of it is printable ASCII. */
int lkIsPrintable(const char *text, size_t length);

/* Whether brackets outside of strings are nested deeper than that. */
int lkIsNestedDeeper(const char *text, size_t length, int depthMax);

/* A length in four bytes, and an unsigned integer to 2^53 - 1 in eight, big-endian; 0 for any other. */
void lkPutLength(uint8_t *out, size_t length);
int lkPutNumber(uint8_t *out, double value);

/* All bytes added up. */
uint8_t lkSum(const uint8_t *bytes, size_t length);

/* Whether all bytes are equal, in a time that depends on their number only. */
int lkEqual(const uint8_t *a, const uint8_t *b, size_t length);

/* Exclusive or of two strings of bytes. */
void lkXor(uint8_t *out, const uint8_t *a, const uint8_t *b, size_t length);

/* Copies up to a zero, or as much as there is or as there is room for; how many bytes. */
size_t lkCopyToZero(uint8_t *to, size_t room, const uint8_t *from, size_t length);

/* Byte stuffing; how many bytes that were. Room for n + n / 254 + 1. */
size_t lkCobsEncode(uint8_t *out, const uint8_t *bytes, size_t length);
/* How many bytes, or -1 for what is none. Room for n. */
int lkCobsDecode(uint8_t *out, const uint8_t *stuffed, size_t length);
