/* Frames of the wired transport: protocol/wired/frame.ts says what they are. */
#include <stddef.h>
#include <stdint.h>

#define LK_FRAME_HEAD 4
/* Head and payload. */
#define LK_FRAME_MAX (LK_FRAME_HEAD + 240)
/* The same with the checksum, stuffed, between two zeros. */
#define LK_FRAME_SENT_MAX (LK_FRAME_MAX + 4 + 2 + 2)

/* What to send of `length` bytes, LK_FRAME_MAX at most; how many bytes that are. */
size_t lkFrameEncode(uint8_t out[LK_FRAME_SENT_MAX], const uint8_t *bytes, size_t length,
	uint32_t link);

/* Head and payload of what stood between two zeros; how many bytes, or -1 for no frame of this link. */
int lkFrameDecode(uint8_t out[LK_FRAME_MAX], const uint8_t *stuffed, size_t length, uint32_t link);
