/*
 * Where the two slots lie. The region of the flash for images holds the boot state, then slot 0,
 * then slot 1, of one size (firmware/update/update-store.ts: layOutUpdate); the same places stand
 * in the partition table (tools/firmware/partitions.ts).
 */
#ifndef LATCHKEY_BOOT_SLOTS_H
#define LATCHKEY_BOOT_SLOTS_H

#include <stdint.h>

#define SLOT_NONE (-1)
#define SLOT_UNKNOWN (-2)

#define SLOT_SECTOR 4096u

/* Bytes of one slot, in a region of `bytes` that begins with `stateBytes`. */
static inline uint32_t slotBytesOf(uint32_t bytes, uint32_t stateBytes)
{
	return (bytes - stateBytes) / 2u / SLOT_SECTOR * SLOT_SECTOR;
}

/* Whether [offset, offset + length) of the region leaves the slot that runs alone. */
static inline int slotsApart(uint32_t bytes, uint32_t stateBytes, int running, uint32_t offset, uint32_t length)
{
	uint32_t size = slotBytesOf(bytes, stateBytes);
	uint32_t start;

	if ((running < 0) || (running > 1))
		return 0;
	start = stateBytes + (uint32_t)running * size;
	return (offset >= start + size) || (offset + length <= start);
}

#ifdef MODDEF_LATCHKEY_SLOTS_OFFSET
/* Of the flash. */
static inline uint32_t slotOffset(uint32_t slot)
{
	return MODDEF_LATCHKEY_SLOTS_OFFSET + MODDEF_LATCHKEY_SLOTS_STATE_BYTES
		+ slot * slotBytesOf(MODDEF_LATCHKEY_SLOTS_BYTES, MODDEF_LATCHKEY_SLOTS_STATE_BYTES);
}

/* 0 or 1; SLOT_NONE where the image does not lie in a partition. */
int latchkeyRunningSlot(void);
#endif

#endif
