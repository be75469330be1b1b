/* GHASH of SP 800-38D 6.4, in constant time. */
#ifndef LATCHKEY_GCM_HASH_H
#define LATCHKEY_GCM_HASH_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
	/* The key's four words, the lowest first, and their sums as the product needs them. */
	uint32_t key[9];
	uint32_t sum[4];
} Ghash;

void lkGhashStart(Ghash *ghash, const uint8_t key[16]);
/* The last block of it is filled with zeros. */
void lkGhashAdd(Ghash *ghash, const uint8_t *bytes, size_t length);
/* Of all that was added, and the lengths of both parts in bytes. Wipes the state. */
void lkGhashEnd(Ghash *ghash, size_t aadLength, size_t length, uint8_t result[16]);

#endif
