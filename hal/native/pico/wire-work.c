/* wire-frame.c for XS. */
#include <string.h>
#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"
#include "../wire-frame.h"

/* frameEncode(kind, address, sequence, acknowledge, payload or undefined, link): ArrayBuffer */
void xs_latchkey_frame_encode(xsMachine *the)
{
	uint8_t bytes[LK_FRAME_MAX], out[LK_FRAME_SENT_MAX];
	xsUnsignedValue length = 0;
	void *payload = NULL;
	int i;

	if (xsReferenceType == xsmcTypeOf(xsArg(4)))
		xsmcGetBufferReadable(xsArg(4), &payload, &length);
	if (length > LK_FRAME_MAX - LK_FRAME_HEAD)
		xsRangeError("a frame of too many bytes");
	for (i = 0; i < LK_FRAME_HEAD; i++)
		bytes[i] = (uint8_t)xsmcToInteger(xsArg(i));
	if (length)
		memcpy(bytes + LK_FRAME_HEAD, payload, length);
	length = (xsUnsignedValue)lkFrameEncode(out, bytes, LK_FRAME_HEAD + length,
		(uint32_t)xsmcToUnsigned(xsArg(5)));
	xsmcSetArrayBuffer(xsResult, out, (xsIntegerValue)length);
}

/* frameDecode(stuffed, link): ArrayBuffer of head and payload, or undefined */
void xs_latchkey_frame_decode(xsMachine *the)
{
	uint8_t bytes[LK_FRAME_MAX];
	xsUnsignedValue length;
	void *stuffed;
	int count;

	xsmcGetBufferReadable(xsArg(0), &stuffed, &length);
	count = lkFrameDecode(bytes, stuffed, length, (uint32_t)xsmcToUnsigned(xsArg(1)));
	if (count >= 0)
		xsmcSetArrayBuffer(xsResult, bytes, count);
}
