/* SP 800-38A 6.2: cipher block chaining. */
#include <string.h>
#include "aes.h"
#include "wipe.h"

/* What the other half of a pair makes is thrown away: here one block waits for the other. */
void lkAesCbcEncrypt(const Aes *aes, const uint8_t iv[AES_BLOCK], uint8_t *out, const uint8_t *in,
	size_t length)
{
	uint8_t pair[2 * AES_BLOCK];
	int i;

	memcpy(pair, iv, AES_BLOCK);
	memset(pair + AES_BLOCK, 0, AES_BLOCK);
	for (; length; length -= AES_BLOCK, in += AES_BLOCK, out += AES_BLOCK) {
		for (i = 0; i < AES_BLOCK; i++)
			pair[i] ^= in[i];
		lkAesEncrypt(aes, pair);
		memcpy(out, pair, AES_BLOCK);
	}
	lkWipe(pair, sizeof(pair));
}

void lkAesCbcDecrypt(const Aes *aes, const uint8_t iv[AES_BLOCK], uint8_t *out, const uint8_t *in,
	size_t length)
{
	/* The block before, and two of them. */
	uint8_t sealed[3 * AES_BLOCK] = { 0 }, pair[2 * AES_BLOCK];
	size_t i, part;

	memcpy(sealed, iv, AES_BLOCK);
	for (; length; length -= part, in += part, out += part) {
		part = (length < sizeof(pair)) ? length : sizeof(pair);
		memcpy(sealed + AES_BLOCK, in, part);
		memcpy(pair, sealed + AES_BLOCK, sizeof(pair));
		lkAesDecrypt(aes, pair);
		for (i = 0; i < part; i++)
			out[i] = pair[i] ^ sealed[i];
		memcpy(sealed, sealed + part, AES_BLOCK);
	}
	lkWipe(pair, sizeof(pair));
}
