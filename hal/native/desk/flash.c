/* The two regions of `../pico/flash-region.c` in one file, with the rules of NOR flash. */
#include <fcntl.h>
#include <sys/mman.h>
#include "xsAll.h"
#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"
#include "../pico/flash-range.h"
#include "node.h"

#define SECTOR 4096
#define PAGE 256
#define JOURNAL (256 * 1024)
#define CONFIG (2 * SECTOR)

static const struct { uint32_t offset, bytes; } gRegions[] = { { 0, JOURNAL }, { JOURNAL, CONFIG } };

static uint8_t *flash(void)
{
	static uint8_t *memory;
	char path[512];
	off_t had;
	int file;

	if (memory)
		return memory;
	file = open(deskPath("flash", path, sizeof(path)), O_RDWR | O_CREAT, 0600);
	if (file < 0)
		deskFail(path);
	had = lseek(file, 0, SEEK_END);
	if (ftruncate(file, JOURNAL + CONFIG) < 0)
		deskFail(path);
	memory = mmap(NULL, JOURNAL + CONFIG, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (MAP_FAILED == memory)
		deskFail(path);
	close(file);
	if (had < JOURNAL + CONFIG)
		memset(memory, 0xff, JOURNAL + CONFIG);
	return memory;
}

static int regionOf(xsMachine *the)
{
	xsIntegerValue index = xsmcToInteger(xsArg(0));

	if ((index < 0) || (index > 1))
		xsRangeError("no such flash region");
	return index;
}

static uint8_t *rangeIn(xsMachine *the, xsIntegerValue length, uint32_t unit)
{
	int region = regionOf(the);
	xsIntegerValue offset = xsmcToInteger(xsArg(1));

	if (!flashRange(gRegions[region].bytes, offset, length, unit))
		xsRangeError("outside of the flash region, or not a multiple of its unit");
	return flash() + gRegions[region].offset + offset;
}

void xs_latchkey_flash_bytes(xsMachine *the)
{
	xsmcSetInteger(xsResult, gRegions[regionOf(the)].bytes);
}

void xs_latchkey_flash_read(xsMachine *the)
{
	xsIntegerValue length = xsmcToInteger(xsArg(2));

	xsmcSetArrayBuffer(xsResult, rangeIn(the, length, 1), length);
}

void xs_latchkey_flash_is_erased(xsMachine *the)
{
	xsIntegerValue length = xsmcToInteger(xsArg(2));
	const uint8_t *p = rangeIn(the, length, 1), *end = p + length;

	while ((p < end) && (0xff == *p))
		p++;
	xsmcSetBoolean(xsResult, p == end);
}

void xs_latchkey_flash_erase(xsMachine *the)
{
	memset(rangeIn(the, SECTOR, SECTOR), 0xff, SECTOR);
}

/* Clears bits and sets none. */
void xs_latchkey_flash_program(xsMachine *the)
{
	void *data;
	xsUnsignedValue length, i;
	uint8_t *to;

	xsmcGetBufferReadable(xsArg(2), &data, &length);
	to = rangeIn(the, (xsIntegerValue)length, PAGE);
	for (i = 0; i < length; i++)
		to[i] &= ((uint8_t *)data)[i];
}
