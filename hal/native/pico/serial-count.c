/*
 * In SDK 8.2.3 the serial driver of the Pico counts its users in one byte: its interrupt adds one
 * for every notice, its message loop takes one away for every message, and several notices become
 * one message. After some 250 more notices than messages the count passes zero, and the port that
 * is in use is freed. Whenever the driver posts a message there are exactly two users, the object
 * and this message: the count is put right there.
 */
#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"
#include "hardware/uart.h"

/* The beginning of the driver's record (modules/io/serial/pico/serial.c, `SerialRecord`). */
typedef struct {
	xsSlot obj;
	uint8_t isReadable, isWritable, format, useCount;
	uint8_t txInterruptEnabled, rxInterruptEnabled, hasOnReadableOrWritable, msgOut;
	uart_inst_t *uart;
} SerialHead;

int __real_modMessagePostToMachineFromISR(xsMachine *the, modMessageDeliver callback, void *refcon);

int __wrap_modMessagePostToMachineFromISR(xsMachine *the, modMessageDeliver callback, void *refcon)
{
	SerialHead *serial = refcon;

	/* Other drivers post as well; where theirs have something else, this one has its UART. */
	if (serial && ((uart0 == serial->uart) || (uart1 == serial->uart)))
		serial->useCount = 2;
	return __real_modMessagePostToMachineFromISR(the, callback, refcon);
}
