/* ref10's signatures under the names of ours: for a driver that asks ref10. */
#ifndef LATCHKEY_TEST_REF10_H
#define LATCHKEY_TEST_REF10_H

#include <stddef.h>
#include <stdint.h>

#define lkEd25519PublicKey ref10PublicKey
#define lkEd25519Sign ref10Sign
#define lkEd25519Verify ref10Verify

void ref10PublicKey(uint8_t publicKey[32], const uint8_t seed[32]);
void ref10Sign(uint8_t signature[64], const uint8_t seed[32], const uint8_t publicKey[32],
	const uint8_t *message, size_t length);
int ref10Verify(const uint8_t publicKey[32], const uint8_t *message, size_t length,
	const uint8_t signature[64]);

#endif
