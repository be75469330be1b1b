/* What the sleep between events and the serial ports know of each other. */
#ifndef __LATCHKEY_IDLE__
#define __LATCHKEY_IDLE__

#include <stdint.h>
#include "pico/time.h"

/* Set by whoever posts a message to the event loop. */
extern volatile uint8_t latchkeyPosted;

/*
 * Sleeps until then at most: any interrupt may end it sooner. The Pico SDK's own makes an alarm of its
 * pool for each such wait, a thousand cycles and more; this has one of the hardware's to itself.
 */
void latchkeyWait(absolute_time_t until);

/* Posts what a serial port has to tell and had no message for. */
void latchkeyTellSerial(void);

#endif
