/*
 * How far main's stack may grow. The SDK gives it 2 kB; an Ed25519 verification alone takes 3.2 kB
 * (`-fstack-usage`: 2,384 B in ge_double_scalarmult_vartime). Below its bank lies that of core 1,
 * which nothing starts: both together are 8 kB. Whatever goes beyond is a fault, and the watchdog
 * starts the board again; without this limit it would write over variables.
 */
#include "pico/types.h"

/* Of the linker script: what was put at the beginning of core 1's bank; nothing, as a rule. */
extern uint8_t __scratch_x_end__;

/* Before main, as the SDK's own guard, which this one replaces. Armv8-M: a multiple of 8. */
__attribute__((constructor)) static void limitStack(void)
{
	uint32_t limit = ((uint32_t)&__scratch_x_end__ + 7u) & ~7u;

	__asm volatile("msr msplim, %0" : : "r"(limit));
}
