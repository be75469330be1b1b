/* What the sleep between events and the serial ports know of each other. */
#ifndef __LATCHKEY_IDLE__
#define __LATCHKEY_IDLE__

#include <stdint.h>

/* Set by whoever posts a message to the event loop. */
extern volatile uint8_t latchkeyPosted;

/* Posts what a serial port has to tell and had no message for. */
void latchkeyTellSerial(void);

#endif
