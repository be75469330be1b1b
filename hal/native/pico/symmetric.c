/*
 * Hashes and ciphers for XS: each in one call. First all arguments are looked at, then the result is made,
 * which may move what they point to; from there on nothing throws, so that what a key leaves on the stack
 * is wiped.
 */
#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"
#include "../gcm.h"
#include "../hmac.h"
#include "../sha256.h"
#include "../wipe.h"

static const uint8_t *bytesOf(xsMachine *the, xsSlot *slot, xsUnsignedValue *length)
{
	void *data;

	xsmcGetBufferReadable(*slot, &data, length);
	return data;
}

static xsUnsignedValue lengthOf(xsMachine *the, xsSlot *slot)
{
	xsUnsignedValue length;

	(void)bytesOf(the, slot, &length);
	return length;
}

static void needLength(xsMachine *the, xsSlot *slot, xsUnsignedValue wanted)
{
	if (lengthOf(the, slot) != wanted)
		xsRangeError("a key, nonce or block of the wrong length");
}

static void needAesKey(xsMachine *the, xsSlot *slot)
{
	xsUnsignedValue length = lengthOf(the, slot);

	if ((length != 16) && (length != 32))
		xsRangeError("aes: a key has 16 or 32 bytes");
}

static uint8_t *resultOf(xsMachine *the, xsUnsignedValue length)
{
	xsmcSetArrayBuffer(xsResult, NULL, (xsIntegerValue)length);
	return xsmcToArrayBuffer(xsResult);
}

static void start(xsMachine *the, Aes *aes, xsSlot *slot)
{
	xsUnsignedValue length;
	const uint8_t *key = bytesOf(the, slot, &length);

	lkAesStart(aes, key, length);
}

/* sha256(message): ArrayBuffer(32) */
void xs_latchkey_sha256(xsMachine *the)
{
	uint8_t digest[32];
	Sha256 hash;
	xsUnsignedValue length;
	const uint8_t *message = bytesOf(the, &xsArg(0), &length);

	lkSha256Start(&hash);
	lkSha256Add(&hash, message, length);
	lkSha256End(&hash, digest);
	xsmcSetArrayBuffer(xsResult, digest, sizeof(digest));
}

/* sha256Start(): ArrayBuffer, whose bytes need not lie as those of a Sha256 must */
void xs_latchkey_sha256_start(xsMachine *the)
{
	Sha256 hash;

	c_memset(&hash, 0, sizeof(hash));
	lkSha256Start(&hash);
	xsmcSetArrayBuffer(xsResult, &hash, sizeof(hash));
}

/* sha256Add(state, piece) */
void xs_latchkey_sha256_add(xsMachine *the)
{
	Sha256 hash;
	xsUnsignedValue length;
	const uint8_t *piece;

	needLength(the, &xsArg(0), sizeof(hash));
	piece = bytesOf(the, &xsArg(1), &length);
	c_memcpy(&hash, xsmcToArrayBuffer(xsArg(0)), sizeof(hash));
	lkSha256Add(&hash, piece, length);
	c_memcpy(xsmcToArrayBuffer(xsArg(0)), &hash, sizeof(hash));
}

/* sha256End(state): ArrayBuffer(32) */
void xs_latchkey_sha256_end(xsMachine *the)
{
	uint8_t digest[32];
	Sha256 hash;

	needLength(the, &xsArg(0), sizeof(hash));
	c_memcpy(&hash, xsmcToArrayBuffer(xsArg(0)), sizeof(hash));
	c_memset(xsmcToArrayBuffer(xsArg(0)), 0, sizeof(hash));
	lkSha256End(&hash, digest);
	xsmcSetArrayBuffer(xsResult, digest, sizeof(digest));
}

/* hmacSha256(key, message): ArrayBuffer(32) */
void xs_latchkey_hmac_sha256(xsMachine *the)
{
	uint8_t mac[32];
	xsUnsignedValue keyLength, length;
	const uint8_t *key = bytesOf(the, &xsArg(0), &keyLength);
	const uint8_t *message = bytesOf(the, &xsArg(1), &length);

	lkHmacSha256(mac, key, keyLength, message, length);
	xsmcSetArrayBuffer(xsResult, mac, sizeof(mac));
	lkWipe(mac, sizeof(mac));
}

static HkdfPart partOf(xsMachine *the, xsSlot *slot)
{
	xsUnsignedValue length;
	const uint8_t *bytes = bytesOf(the, slot, &length);
	HkdfPart part = { bytes, length };

	return part;
}

/* hkdfSha256(ikm, salt, info, length): ArrayBuffer(length) */
void xs_latchkey_hkdf_sha256(xsMachine *the)
{
	xsIntegerValue length = xsmcToInteger(xsArg(3));
	uint8_t *out;

	if ((length < 0) || (length > HKDF_BYTES_MAX))
		xsRangeError("hkdf: too long");
	out = resultOf(the, (xsUnsignedValue)length);
	lkHkdfSha256(out, (size_t)length, partOf(the, &xsArg(0)), partOf(the, &xsArg(1)),
		partOf(the, &xsArg(2)));
}

/* aesEncryptBlock(key, block): ArrayBuffer(16) */
void xs_latchkey_aes_encrypt_block(xsMachine *the)
{
	uint8_t pair[2 * AES_BLOCK] = { 0 };
	xsUnsignedValue length;
	Aes aes;
	uint8_t *out;

	needAesKey(the, &xsArg(0));
	needLength(the, &xsArg(1), AES_BLOCK);
	out = resultOf(the, AES_BLOCK);
	start(the, &aes, &xsArg(0));
	c_memcpy(pair, bytesOf(the, &xsArg(1), &length), AES_BLOCK);
	lkAesEncrypt(&aes, pair);
	c_memcpy(out, pair, AES_BLOCK);
	lkWipe(&aes, sizeof(aes));
	lkWipe(pair, sizeof(pair));
}

typedef void (*Chain)(const Aes *aes, const uint8_t iv[AES_BLOCK], uint8_t *out, const uint8_t *in,
	size_t length);

static void chained(xsMachine *the, Chain chain)
{
	xsUnsignedValue length, ivLength;
	Aes aes;
	const uint8_t *iv, *in;
	uint8_t *out;

	needAesKey(the, &xsArg(0));
	needLength(the, &xsArg(1), AES_BLOCK);
	length = lengthOf(the, &xsArg(2));
	if (length % AES_BLOCK)
		xsRangeError("cbc: the length must be a multiple of 16");
	out = resultOf(the, length);
	start(the, &aes, &xsArg(0));
	iv = bytesOf(the, &xsArg(1), &ivLength);
	in = bytesOf(the, &xsArg(2), &length);
	chain(&aes, iv, out, in, length);
	lkWipe(&aes, sizeof(aes));
}

/* aesCbcEncrypt(key, iv, plain): ArrayBuffer */
void xs_latchkey_aes_cbc_encrypt(xsMachine *the)
{
	chained(the, lkAesCbcEncrypt);
}

/* aesCbcDecrypt(key, iv, cipher): ArrayBuffer */
void xs_latchkey_aes_cbc_decrypt(xsMachine *the)
{
	chained(the, lkAesCbcDecrypt);
}

/* What both of GCM are asked with: key, nonce, additional data, text. */
typedef struct {
	Aes aes;
	const uint8_t *nonce, *aad, *text;
	xsUnsignedValue aadLength, length;
} GcmCall;

static void needGcmArguments(xsMachine *the)
{
	needAesKey(the, &xsArg(0));
	needLength(the, &xsArg(1), GCM_NONCE);
	(void)lengthOf(the, &xsArg(2));
	(void)lengthOf(the, &xsArg(3));
}

/* After the result was made. */
static void startGcm(xsMachine *the, GcmCall *call)
{
	xsUnsignedValue nonceLength;

	start(the, &call->aes, &xsArg(0));
	call->nonce = bytesOf(the, &xsArg(1), &nonceLength);
	call->aad = bytesOf(the, &xsArg(2), &call->aadLength);
	call->text = bytesOf(the, &xsArg(3), &call->length);
}

/* aesGcmSeal(key, nonce, aad, plain): ArrayBuffer */
void xs_latchkey_aes_gcm_seal(xsMachine *the)
{
	GcmCall call;
	uint8_t *out;

	needGcmArguments(the);
	out = resultOf(the, lengthOf(the, &xsArg(3)) + GCM_TAG);
	startGcm(the, &call);
	lkGcmSeal(&call.aes, call.nonce, call.aad, call.aadLength, call.text, call.length, out);
	lkWipe(&call.aes, sizeof(call.aes));
}

/* aesGcmOpen(key, nonce, aad, sealed): ArrayBuffer, or undefined when the tag does not fit */
void xs_latchkey_aes_gcm_open(xsMachine *the)
{
	GcmCall call;
	xsUnsignedValue sealedLength;
	uint8_t *out;

	needGcmArguments(the);
	sealedLength = lengthOf(the, &xsArg(3));
	if (sealedLength < GCM_TAG)
		return;
	out = resultOf(the, sealedLength - GCM_TAG);
	startGcm(the, &call);
	if (!lkGcmOpen(&call.aes, call.nonce, call.aad, call.aadLength, call.text,
			call.length - GCM_TAG, out))
		xsmcSetUndefined(xsResult);
	lkWipe(&call.aes, sizeof(call.aes));
}
