/* The primitives of curve25519.c and keccak.c for XS. Buffers are views or ArrayBuffers. */
#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"
#include "../curve25519.h"
#include "../keccak.h"

/* A whole chain of WOTS: 33 ms, in which nothing else runs. */
#define CHAIN_MAX 255

static const uint8_t *bytesOf(xsMachine *the, xsSlot *slot, xsUnsignedValue *length)
{
	void *data;

	xsmcGetBufferReadable(*slot, &data, length);
	return data;
}

static const uint8_t *exactly(xsMachine *the, xsSlot *slot, xsUnsignedValue wanted)
{
	xsUnsignedValue length;
	const uint8_t *data = bytesOf(the, slot, &length);

	if (length != wanted)
		xsRangeError("a key or signature of the wrong length");
	return data;
}

/* ed25519PublicKey(seed): ArrayBuffer(32) */
void xs_latchkey_ed25519_public_key(xsMachine *the)
{
	uint8_t publicKey[32];

	lkEd25519PublicKey(publicKey, exactly(the, &xsArg(0), 32));
	xsmcSetArrayBuffer(xsResult, publicKey, sizeof(publicKey));
}

/* ed25519Sign(seed, publicKey, message): ArrayBuffer(64) */
void xs_latchkey_ed25519_sign(xsMachine *the)
{
	uint8_t signature[64];
	const uint8_t *seed = exactly(the, &xsArg(0), 32);
	const uint8_t *publicKey = exactly(the, &xsArg(1), 32);
	xsUnsignedValue length;
	const uint8_t *message = bytesOf(the, &xsArg(2), &length);

	lkEd25519Sign(signature, seed, publicKey, message, length);
	xsmcSetArrayBuffer(xsResult, signature, sizeof(signature));
}

/* ed25519Verify(publicKey, message, signature): boolean */
void xs_latchkey_ed25519_verify(xsMachine *the)
{
	const uint8_t *publicKey = exactly(the, &xsArg(0), 32);
	xsUnsignedValue length;
	const uint8_t *message = bytesOf(the, &xsArg(1), &length);
	const uint8_t *signature = exactly(the, &xsArg(2), 64);

	xsmcSetBoolean(xsResult, lkEd25519Verify(publicKey, message, length, signature));
}

/* x25519PublicKey(privateKey): ArrayBuffer(32) */
void xs_latchkey_x25519_public_key(xsMachine *the)
{
	uint8_t publicKey[32];

	lkX25519PublicKey(publicKey, exactly(the, &xsArg(0), 32));
	xsmcSetArrayBuffer(xsResult, publicKey, sizeof(publicKey));
}

/* x25519(privateKey, publicKey): ArrayBuffer(32), or undefined when it is all zero */
void xs_latchkey_x25519(xsMachine *the)
{
	uint8_t shared[32];
	const uint8_t *privateKey = exactly(the, &xsArg(0), 32);

	if (lkX25519(shared, privateKey, exactly(the, &xsArg(1), 32)))
		xsmcSetArrayBuffer(xsResult, shared, sizeof(shared));
	c_memset(shared, 0, sizeof(shared));
}

/* sha3_256(message): ArrayBuffer(32) */
void xs_latchkey_sha3_256(xsMachine *the)
{
	uint8_t digest[32];
	xsUnsignedValue length;
	const uint8_t *message = bytesOf(the, &xsArg(0), &length);

	lkSha3_256(digest, message, length);
	xsmcSetArrayBuffer(xsResult, digest, sizeof(digest));
}

/* sha3_256Chain(start, times): ArrayBuffer(32) */
void xs_latchkey_sha3_256_chain(xsMachine *the)
{
	uint8_t digest[32];
	xsIntegerValue times = xsmcToInteger(xsArg(1));

	if ((times < 0) || (times > CHAIN_MAX))
		xsRangeError("a chain of too many steps");
	c_memcpy(digest, exactly(the, &xsArg(0), 32), sizeof(digest));
	lkSha3_256Chain(digest, (uint32_t)times);
	xsmcSetArrayBuffer(xsResult, digest, sizeof(digest));
}
