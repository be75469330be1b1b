/* HMAC (RFC 2104) and HKDF (RFC 5869) of SHA-256, in constant time. */
#ifndef LATCHKEY_HMAC_H
#define LATCHKEY_HMAC_H

#include <stddef.h>
#include <stdint.h>

/* RFC 5869 2.3: no more than 255 blocks. */
#define HKDF_BYTES_MAX (255 * 32)

void lkHmacSha256(uint8_t mac[32], const uint8_t *key, size_t keyLength,
	const uint8_t *message, size_t length);

typedef struct {
	const uint8_t *bytes;
	size_t length;
} HkdfPart;

/* `length` bytes, HKDF_BYTES_MAX at most. An empty salt is one of 32 zeros (2.2). */
void lkHkdfSha256(uint8_t *out, size_t length, HkdfPart material, HkdfPart salt, HkdfPart info);

#endif
