/* AES with keys of 128 or 256 bits (FIPS 197), two blocks at a time, in constant time. */
#ifndef LATCHKEY_AES_H
#define LATCHKEY_AES_H

#include <stddef.h>
#include <stdint.h>

#define AES_BLOCK 16

typedef struct {
	/* Each as eight slices: see aes.c. */
	uint32_t keys[15][8];
	int rounds;
} Aes;

/* A key has 16 or 32 bytes. What is started is to be wiped. */
void lkAesStart(Aes *aes, const uint8_t *key, size_t length);

/* Both blocks in place. */
void lkAesEncrypt(const Aes *aes, uint8_t blocks[2 * AES_BLOCK]);
void lkAesDecrypt(const Aes *aes, uint8_t blocks[2 * AES_BLOCK]);

/* SP 800-38A 6.2, of whole blocks; `out` may be `in`. */
void lkAesCbcEncrypt(const Aes *aes, const uint8_t iv[AES_BLOCK], uint8_t *out, const uint8_t *in,
	size_t length);
void lkAesCbcDecrypt(const Aes *aes, const uint8_t iv[AES_BLOCK], uint8_t *out, const uint8_t *in,
	size_t length);

#endif
