/*
 * The flash regions that belong to the node's data, and in an image with slots those. JavaScript
 * names an offset within a region; no address outside of the regions below can be reached from there.
 */
#include <string.h>
#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"
#include "mc.defines.h"
#include "flash-range.h"
#include "../slots/boot-slots.h"
#include "hardware/flash.h"
#include "hardware/sync.h"

#if !defined(MODDEF_LATCHKEY_FLASH_JOURNAL_OFFSET) || !defined(MODDEF_LATCHKEY_FLASH_JOURNAL_BYTES)
	#error "the manifest must define latchkey.flash.journal_offset and journal_bytes"
#endif
#if !defined(MODDEF_LATCHKEY_FLASH_CONFIG_OFFSET) || !defined(MODDEF_LATCHKEY_FLASH_CONFIG_BYTES)
	#error "the manifest must define latchkey.flash.config_offset and config_bytes"
#endif

/* The SDK's image and preferences end below here (its linker script: _MODFLASH_end). */
#define DATA_FLASH_START (2u * 1024u * 1024u)

typedef struct {
	uint32_t offset;
	uint32_t bytes;
} Region;

static const Region gRegions[] = {
	{ MODDEF_LATCHKEY_FLASH_JOURNAL_OFFSET, MODDEF_LATCHKEY_FLASH_JOURNAL_BYTES },
	{ MODDEF_LATCHKEY_FLASH_CONFIG_OFFSET, MODDEF_LATCHKEY_FLASH_CONFIG_BYTES },
#ifdef MODDEF_LATCHKEY_SLOTS_OFFSET
	{ MODDEF_LATCHKEY_SLOTS_OFFSET, MODDEF_LATCHKEY_SLOTS_BYTES },
#endif
};
#define REGION_COUNT (sizeof(gRegions) / sizeof(gRegions[0]))

#define WELL_PLACED(offset, bytes) \
	((0 == (offset) % FLASH_SECTOR_SIZE) && (0 == (bytes) % FLASH_SECTOR_SIZE) && \
	((bytes) >= FLASH_SECTOR_SIZE) && ((offset) >= DATA_FLASH_START) && \
	((offset) + (bytes) <= PICO_FLASH_SIZE_BYTES))
_Static_assert(WELL_PLACED(MODDEF_LATCHKEY_FLASH_JOURNAL_OFFSET, MODDEF_LATCHKEY_FLASH_JOURNAL_BYTES),
	"the journal is not in the data part of the flash");
_Static_assert(WELL_PLACED(MODDEF_LATCHKEY_FLASH_CONFIG_OFFSET, MODDEF_LATCHKEY_FLASH_CONFIG_BYTES),
	"the configuration is not in the data part of the flash");
_Static_assert((MODDEF_LATCHKEY_FLASH_JOURNAL_OFFSET + MODDEF_LATCHKEY_FLASH_JOURNAL_BYTES
		<= MODDEF_LATCHKEY_FLASH_CONFIG_OFFSET)
	|| (MODDEF_LATCHKEY_FLASH_CONFIG_OFFSET + MODDEF_LATCHKEY_FLASH_CONFIG_BYTES
		<= MODDEF_LATCHKEY_FLASH_JOURNAL_OFFSET),
	"journal and configuration overlap");

#ifdef MODDEF_LATCHKEY_SLOTS_OFFSET
#define REGION_SLOTS 2
_Static_assert((0 == MODDEF_LATCHKEY_SLOTS_OFFSET % FLASH_SECTOR_SIZE)
	&& (0 == MODDEF_LATCHKEY_SLOTS_BYTES % FLASH_SECTOR_SIZE)
	&& (MODDEF_LATCHKEY_SLOTS_OFFSET >= 2 * FLASH_SECTOR_SIZE)
	&& (MODDEF_LATCHKEY_SLOTS_OFFSET + MODDEF_LATCHKEY_SLOTS_BYTES <= MODDEF_LATCHKEY_FLASH_JOURNAL_OFFSET),
	"the slots must lie between the partition table and the journal");
/* The ROM shows an image its own slot at XIP_BASE; offsets of the flash are seen without that. */
#define FLASH_SEEN XIP_NOCACHE_NOALLOC_NOTRANSLATE_BASE
#else
#define FLASH_SEEN XIP_BASE
#endif

static const Region *regionOf(xsMachine *the, xsSlot *slot)
{
	xsIntegerValue index = xsmcToInteger(*slot);
	if ((index < 0) || ((uint32_t)index >= REGION_COUNT))
		xsRangeError("no such flash region");
	return &gRegions[index];
}

/* Throws unless [offset, offset + length) is inside of the region and both fit the unit. */
static uint32_t rangeIn(xsMachine *the, const Region *region, xsSlot *slot, xsIntegerValue length, uint32_t unit)
{
	xsIntegerValue offset = xsmcToInteger(*slot);

	if (!flashRange(region->bytes, offset, length, unit))
		xsRangeError("outside of the flash region, or not a multiple of its unit");
	return region->offset + (uint32_t)offset;
}

/* Throws where something would be changed of the image that runs. */
static void mayChange(xsMachine *the, const Region *region, uint32_t at, uint32_t length)
{
#ifdef MODDEF_LATCHKEY_SLOTS_OFFSET
	if ((region == &gRegions[REGION_SLOTS]) && !slotsApart(region->bytes, MODDEF_LATCHKEY_SLOTS_STATE_BYTES,
			latchkeyRunningSlot(), at - region->offset, length))
		xsRangeError("the image that runs is not to be changed");
#else
	(void)the, (void)region, (void)at, (void)length;
#endif
}

/* bytes(region) */
void xs_latchkey_flash_bytes(xsMachine *the)
{
	xsmcSetInteger(xsResult, regionOf(the, &xsArg(0))->bytes);
}

/* read(region, offset, length): a copy */
void xs_latchkey_flash_read(xsMachine *the)
{
	const Region *region = regionOf(the, &xsArg(0));
	xsIntegerValue length = xsmcToInteger(xsArg(2));
	uint32_t at = rangeIn(the, region, &xsArg(1), length, 1);

	/* What the chip holds now: erasing and programming flush the cache (`flash_flush_cache`). */
	xsmcSetArrayBuffer(xsResult, (void *)(FLASH_SEEN + at), length);
}

/* isErased(region, offset, length): what page.ts does in JavaScript, some hundred times as fast */
void xs_latchkey_flash_is_erased(xsMachine *the)
{
	const Region *region = regionOf(the, &xsArg(0));
	xsIntegerValue length = xsmcToInteger(xsArg(2));
	const uint8_t *p = (const uint8_t *)(FLASH_SEEN + rangeIn(the, region, &xsArg(1), length, 1));
	const uint8_t *end = p + length;

	/* By four words where that can be: the first boot looks at 250 kB. */
	while ((p < end) && ((uintptr_t)p & 3) && (0xff == *p))
		p++;
	if (!((uintptr_t)p & 3)) {
		for (; end - p >= 16; p += 16) {
			const uint32_t *words = (const uint32_t *)p;

			if (~0u != (words[0] & words[1] & words[2] & words[3]))
				break;
		}
	}
	while ((p < end) && (0xff == *p))
		p++;
	xsmcSetBoolean(xsResult, p == end);
}

/* erase(region, offset): one sector; interrupts wait, about 45 ms, at most 400 ms */
void xs_latchkey_flash_erase(xsMachine *the)
{
	const Region *region = regionOf(the, &xsArg(0));
	uint32_t at = rangeIn(the, region, &xsArg(1), FLASH_SECTOR_SIZE, FLASH_SECTOR_SIZE);
	uint32_t interrupts;

	mayChange(the, region, at, FLASH_SECTOR_SIZE);
	interrupts = save_and_disable_interrupts();
	flash_range_erase(at, FLASH_SECTOR_SIZE);
	restore_interrupts(interrupts);
}

/* program(region, offset, buffer): whole pages; interrupts wait for one page at a time */
void xs_latchkey_flash_program(xsMachine *the)
{
	const Region *region = regionOf(the, &xsArg(0));
	uint8_t page[FLASH_PAGE_SIZE];
	void *data;
	xsUnsignedValue length, done;
	uint32_t at;

	xsmcGetBufferReadable(xsArg(2), &data, &length);
	at = rangeIn(the, region, &xsArg(1), (xsIntegerValue)length, FLASH_PAGE_SIZE);
	mayChange(the, region, at, length);
	for (done = 0; done < length; done += FLASH_PAGE_SIZE) {
		uint32_t interrupts;
		/* The source may itself be in flash (preloaded), which cannot be read meanwhile. */
		memcpy(page, (uint8_t *)data + done, FLASH_PAGE_SIZE);
		interrupts = save_and_disable_interrupts();
		flash_range_program(at + done, page, FLASH_PAGE_SIZE);
		restore_interrupts(interrupts);
	}
}
