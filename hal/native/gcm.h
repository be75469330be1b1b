/* AES-GCM with nonces of 12 bytes and tags of 16 (SP 800-38D), in constant time. */
#ifndef LATCHKEY_GCM_H
#define LATCHKEY_GCM_H

#include "aes.h"

#define GCM_NONCE 12
#define GCM_TAG 16

/* `sealed` has room for GCM_TAG bytes more than `plain`. */
void lkGcmSeal(const Aes *aes, const uint8_t nonce[GCM_NONCE], const uint8_t *aad, size_t aadLength,
	const uint8_t *plain, size_t length, uint8_t *sealed);

/* Whether the tag behind `length` bytes fits: 1 or 0. Only its result depends on the key. */
int lkGcmFits(const Aes *aes, const uint8_t nonce[GCM_NONCE], const uint8_t *aad, size_t aadLength,
	const uint8_t *sealed, size_t length);

/*
 * 1, and `plain` with `length` bytes, when the tag behind them fits; 0 otherwise, and then nothing was
 * decrypted and `plain` is as it was.
 */
int lkGcmOpen(const Aes *aes, const uint8_t nonce[GCM_NONCE], const uint8_t *aad, size_t aadLength,
	const uint8_t *sealed, size_t length, uint8_t *plain);

#endif
