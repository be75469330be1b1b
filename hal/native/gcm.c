/* SP 800-38D 7: blocks of counters, and GHASH over what was sealed. */
#include <string.h>
#include "gcm.h"
#include "gcm-hash.h"
#include "wipe.h"

/* J0 = nonce and 1 masks the tag; the data's blocks count on from there (7.1). */
static void counterBlock(uint8_t block[AES_BLOCK], const uint8_t nonce[GCM_NONCE], uint32_t number)
{
	memcpy(block, nonce, GCM_NONCE);
	block[12] = (uint8_t)(number >> 24);
	block[13] = (uint8_t)(number >> 16);
	block[14] = (uint8_t)(number >> 8);
	block[15] = (uint8_t)number;
}

static void crypt(const Aes *aes, const uint8_t nonce[GCM_NONCE], const uint8_t *in, size_t length,
	uint8_t *out)
{
	uint8_t pair[2 * AES_BLOCK];
	uint32_t number = 2;
	size_t part, i;

	for (; length; length -= part, in += part, out += part, number += 2) {
		part = (length < sizeof(pair)) ? length : sizeof(pair);
		counterBlock(pair, nonce, number);
		counterBlock(pair + AES_BLOCK, nonce, number + 1);
		lkAesEncrypt(aes, pair);
		for (i = 0; i < part; i++)
			out[i] = in[i] ^ pair[i];
	}
	lkWipe(pair, sizeof(pair));
}

static void tagOf(const Aes *aes, const uint8_t nonce[GCM_NONCE], const uint8_t *aad,
	size_t aadLength, const uint8_t *sealed, size_t length, uint8_t tag[GCM_TAG])
{
	/* GHASH's key, and the mask of the tag. */
	uint8_t pair[2 * AES_BLOCK] = { 0 };
	Ghash ghash;
	int i;

	counterBlock(pair + AES_BLOCK, nonce, 1);
	lkAesEncrypt(aes, pair);
	lkGhashStart(&ghash, pair);
	lkGhashAdd(&ghash, aad, aadLength);
	lkGhashAdd(&ghash, sealed, length);
	lkGhashEnd(&ghash, aadLength, length, tag);
	for (i = 0; i < GCM_TAG; i++)
		tag[i] ^= pair[AES_BLOCK + i];
	lkWipe(pair, sizeof(pair));
}

void lkGcmSeal(const Aes *aes, const uint8_t nonce[GCM_NONCE], const uint8_t *aad, size_t aadLength,
	const uint8_t *plain, size_t length, uint8_t *sealed)
{
	crypt(aes, nonce, plain, length, sealed);
	tagOf(aes, nonce, aad, aadLength, sealed, length, sealed + length);
}

int lkGcmFits(const Aes *aes, const uint8_t nonce[GCM_NONCE], const uint8_t *aad, size_t aadLength,
	const uint8_t *sealed, size_t length)
{
	uint8_t tag[GCM_TAG];
	uint32_t difference = 0;
	int i;

	tagOf(aes, nonce, aad, aadLength, sealed, length, tag);
	for (i = 0; i < GCM_TAG; i++)
		difference |= tag[i] ^ sealed[length + i];
	lkWipe(tag, sizeof(tag));
	return (int)((difference - 1) >> 31);
}

int lkGcmOpen(const Aes *aes, const uint8_t nonce[GCM_NONCE], const uint8_t *aad, size_t aadLength,
	const uint8_t *sealed, size_t length, uint8_t *plain)
{
	if (!lkGcmFits(aes, nonce, aad, aadLength, sealed, length))
		return 0;
	crypt(aes, nonce, sealed, length, plain);
	return 1;
}
