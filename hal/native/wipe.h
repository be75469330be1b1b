#ifndef LATCHKEY_WIPE_H
#define LATCHKEY_WIPE_H

#include <stddef.h>
#include <stdint.h>

/* A plain memset before a return may be left out by the compiler. */
static inline void lkWipe(void *bytes, size_t length)
{
	volatile uint8_t *p = bytes;

	while (length--)
		*p++ = 0;
}

#endif
