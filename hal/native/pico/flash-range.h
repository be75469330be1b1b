/*
 * The one check that stands between JavaScript and the flash, written so that the host can compile
 * and test the very same lines. `flash-range.ts` is its twin.
 */
#ifndef LATCHKEY_FLASH_RANGE_H
#define LATCHKEY_FLASH_RANGE_H

#include <stdint.h>

/*
 * Whether [offset, offset + length) lies within `bytes` and both are multiples of `unit`.
 * Nothing here can overflow: what is subtracted was found to be the smaller one.
 */
static inline int flashRange(uint32_t bytes, int32_t offset, int32_t length, uint32_t unit)
{
	if ((offset < 0) || (length < 0))
		return 0;
	if (((uint32_t)offset > bytes) || ((uint32_t)length > bytes - (uint32_t)offset))
		return 0;
	return (0 == (uint32_t)offset % unit) && (0 == (uint32_t)length % unit);
}

#endif
