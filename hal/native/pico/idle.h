/* What the sleep between events and the serial ports know of each other. */
#ifndef __LATCHKEY_IDLE__
#define __LATCHKEY_IDLE__

#include <stdint.h>

/* Set by whoever posts a message to the event loop. */
extern volatile uint8_t latchkeyPosted;

/*
 * Posts bytes that have waited long enough for more. Returns in how many microseconds the next ones
 * will have, and 0 when none wait.
 */
uint32_t latchkeyReleaseBytes(void);

#endif
