/* 1-Wire lines, each a pin with a PIO state machine that plays resets and slots (one-wire.pio). */
#ifndef __LATCHKEY_ONE_WIRE_LINE__
#define __LATCHKEY_ONE_WIRE_LINE__

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "pico/types.h"

/* What a FIFO holds: the count and 96 slots. */
#define ONE_WIRE_WORDS 4

/* Number of a line on that pin; -1 when no state machine is free. */
int oneWireOpen(uint pin);
bool oneWireIsOpen(int line);

/* Each begins anew, whatever was under way. */
void oneWireReset(int line);
/* False, and nothing, for other words than those of `one-wire-words.ts`. */
bool oneWireSlots(int line, const void *data, size_t length);

/* How many words were pushed, once the machine is at its end; -1 before. */
int oneWireLevels(int line, uint32_t words[ONE_WIRE_WORDS]);

/* At any time; the pin is let go, and given back. */
uint oneWireClose(int line);

#endif
