#ifndef LATCHKEY_WIPE_H
#define LATCHKEY_WIPE_H

#include <stddef.h>
#include <string.h>

/* A plain memset before a return may be left out by the compiler: not what is said to be read. */
static inline void lkWipe(void *bytes, size_t length)
{
	memset(bytes, 0, length);
	__asm__ volatile("" : : "r"(bytes) : "memory");
}

#endif
