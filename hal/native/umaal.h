/*
 * The inner step of all arithmetic on 32-bit limbs: hi:lo = a * b + lo + hi, which cannot overflow:
 * (2^32 - 1)^2 + 2 (2^32 - 1) = 2^64 - 1. One instruction where the processor has the DSP extension
 * (UMAAL, Armv8-M Architecture Reference Manual C2.4), the same in C elsewhere. A Cortex-M33 takes
 * the same time for any factors; a Cortex-M3 does not, and has no UMAAL.
 */
#ifndef LATCHKEY_UMAAL_H
#define LATCHKEY_UMAAL_H

#include <stdint.h>
#include "for-speed.h"

static inline __attribute__((always_inline)) void umaal(uint32_t *lo, uint32_t *hi, uint32_t a, uint32_t b)
{
#if defined(__arm__) && defined(__ARM_FEATURE_DSP)
	/*
	 * In the order of the source, loads and stores too: gcc would rather load all limbs first, and
	 * then has no registers left. That makes a third of the instructions of a multiplication.
	 */
	__asm__ volatile("umaal %0, %1, %2, %3" : "+r" (*lo), "+r" (*hi) : "r" (a), "r" (b) : "memory");
#else
	uint64_t sum = (uint64_t)a * b + *lo + *hi;

	*lo = (uint32_t)sum;
	*hi = (uint32_t)(sum >> 32);
#endif
}

#endif
