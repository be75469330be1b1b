/*
 * The door stays shut from the first instructions on: before main, before USB and before the
 * engine, the relay's pin is driven to its resting level. What is before that is the boot ROM,
 * some milliseconds in which the pin is an input: docs/wiring.md has the resistor for those.
 */
#include "hardware/gpio.h"
#include "mc.defines.h"

#ifdef MODDEF_LATCHKEY_RELAY_PIN
#ifndef MODDEF_LATCHKEY_RELAY_ACTIVE_HIGH
	#define MODDEF_LATCHKEY_RELAY_ACTIVE_HIGH 1
#endif

__attribute__((constructor)) static void restRelay(void)
{
	gpio_init(MODDEF_LATCHKEY_RELAY_PIN);
	/* The level first: the output must not show the other one for a moment. */
	gpio_put(MODDEF_LATCHKEY_RELAY_PIN, !MODDEF_LATCHKEY_RELAY_ACTIVE_HIGH);
	gpio_set_dir(MODDEF_LATCHKEY_RELAY_PIN, GPIO_OUT);
}
#endif
