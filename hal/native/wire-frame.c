/* The twin of protocol/wired/frame.ts, as far as bytes are concerned. */
#include <string.h>
#include "bytes.h"
#include "wire-frame.h"

#define CHECKSUM 4

/* The link's number stands before every frame and is never sent. */
static uint32_t checksumOf(const uint8_t *bytes, size_t length, uint32_t link)
{
	uint8_t number[4];
	int i;

	for (i = 0; i < 4; i++)
		number[i] = (uint8_t)(link >> (8 * i));
	return lkCrc32(bytes, length, lkCrc32(number, sizeof(number), 0));
}

size_t lkFrameEncode(uint8_t out[LK_FRAME_SENT_MAX], const uint8_t *bytes, size_t length,
	uint32_t link)
{
	uint8_t whole[LK_FRAME_MAX + CHECKSUM];
	uint32_t checksum = checksumOf(bytes, length, link);
	size_t stuffed;
	int i;

	memcpy(whole, bytes, length);
	for (i = 0; i < CHECKSUM; i++)
		whole[length + (size_t)i] = (uint8_t)(checksum >> (8 * i));
	out[0] = 0;
	stuffed = lkCobsEncode(out + 1, whole, length + CHECKSUM);
	out[stuffed + 1] = 0;
	return stuffed + 2;
}

int lkFrameDecode(uint8_t out[LK_FRAME_MAX], const uint8_t *stuffed, size_t length, uint32_t link)
{
	/* What was stuffed is a byte longer at least. */
	uint8_t whole[LK_FRAME_MAX + CHECKSUM + 1];
	uint32_t checksum;
	int count, i;

	if (length > sizeof(whole))
		return -1;
	count = lkCobsDecode(whole, stuffed, length) - CHECKSUM;
	if ((count < LK_FRAME_HEAD) || (count > LK_FRAME_MAX))
		return -1;
	checksum = checksumOf(whole, (size_t)count, link);
	for (i = 0; i < CHECKSUM; i++)
		if (whole[count + i] != (uint8_t)(checksum >> (8 * i)))
			return -1;
	memcpy(out, whole, (size_t)count);
	return count;
}
