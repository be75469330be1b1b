/* A UART of the RP2350 (a PL011) with a buffer each way, and what its user is to be told. */
#ifndef LATCHKEY_UART_PORT_H
#define LATCHKEY_UART_PORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "hardware/uart.h"

/* 44 ms at 115,200 baud: longer than any turn of the event loop. Powers of two. */
#define UART_IN_BYTES 512
#define UART_OUT_BYTES 256

enum { UART_READABLE = 1, UART_WRITABLE = 2 };

typedef struct {
	uart_inst_t *uart;
	/* They only rise; what is between them is in the buffer. */
	volatile uint32_t inRead, inWrite, outRead, outWrite;
	/* What the user was told that there is room for, less what he has written since. */
	volatile uint32_t toldRoom;
	/* What he is still to be told. */
	volatile uint8_t news;
	uint8_t in[UART_IN_BYTES], out[UART_OUT_BYTES];
} UartPort;

/* Of a UART that runs, with its FIFOs and with its interrupts off. */
void uartPortStart(UartPort *port, uart_inst_t *uart);
void uartPortStop(UartPort *port);

/*
 * Moves bytes and finds out what there is to tell. Only ever called by this UART's interrupt: whoever
 * has read or written something makes that pending, and never calls this himself.
 */
void uartPortInterrupt(UartPort *port);

/* What is to be told, once. To be called where the interrupt cannot come in between. */
uint8_t uartPortNews(UartPort *port);

size_t uartPortWaiting(const UartPort *port);
size_t uartPortRead(UartPort *port, uint8_t *bytes, size_t length);
/* What the user may write; to tell it is to count on it. */
size_t uartPortRoom(UartPort *port);
/* All or nothing. */
bool uartPortWrite(UartPort *port, const uint8_t *bytes, size_t length);

#endif
