/* HMAC and HKDF: a key is worked into two hashes once, whatever is made with it. */
#include <string.h>
#include "hmac.h"
#include "sha256.h"
#include "wipe.h"

#define BLOCK 64

typedef struct {
	Sha256 inner, outer;
} Hmac;

static void start(Hmac *hmac, const uint8_t *key, size_t length)
{
	uint8_t block[BLOCK] = { 0 };
	int i;

	if (length > BLOCK) {
		lkSha256Start(&hmac->inner);
		lkSha256Add(&hmac->inner, key, length);
		lkSha256End(&hmac->inner, block);
	}
	else if (length)
		memcpy(block, key, length);
	for (i = 0; i < BLOCK; i++)
		block[i] ^= 0x36;
	lkSha256Start(&hmac->inner);
	lkSha256Add(&hmac->inner, block, BLOCK);
	for (i = 0; i < BLOCK; i++)
		block[i] ^= 0x36 ^ 0x5c;
	lkSha256Start(&hmac->outer);
	lkSha256Add(&hmac->outer, block, BLOCK);
	lkWipe(block, sizeof(block));
}

static void end(Hmac *hmac, uint8_t mac[32])
{
	lkSha256End(&hmac->inner, mac);
	lkSha256Add(&hmac->outer, mac, 32);
	lkSha256End(&hmac->outer, mac);
}

void lkHmacSha256(uint8_t mac[32], const uint8_t *key, size_t keyLength,
	const uint8_t *message, size_t length)
{
	Hmac hmac;

	start(&hmac, key, keyLength);
	lkSha256Add(&hmac.inner, message, length);
	end(&hmac, mac);
}

void lkHkdfSha256(uint8_t *out, size_t length, HkdfPart material, HkdfPart salt, HkdfPart info)
{
	Hmac keyed, hmac;
	uint8_t block[32], number = 0;

	/* A key of nothing and one of zeros are filled up to the same block. */
	start(&hmac, salt.bytes, salt.length);
	lkSha256Add(&hmac.inner, material.bytes, material.length);
	end(&hmac, block);
	start(&keyed, block, sizeof(block));
	while (length) {
		size_t part = (length < sizeof(block)) ? length : sizeof(block);

		hmac = keyed;
		if (number)
			lkSha256Add(&hmac.inner, block, sizeof(block));
		number++;
		lkSha256Add(&hmac.inner, info.bytes, info.length);
		lkSha256Add(&hmac.inner, &number, 1);
		end(&hmac, block);
		memcpy(out, block, part);
		out += part;
		length -= part;
	}
	lkWipe(&keyed, sizeof(keyed));
	lkWipe(block, sizeof(block));
}
