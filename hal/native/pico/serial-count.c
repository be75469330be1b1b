/*
 * Three things that the serial driver of the Pico gets wrong in SDK 8.2.3.
 *
 * It counts its users in one byte: its interrupt adds one for every notice, its message loop takes
 * one away for every message, and several notices become one message. After some 250 more notices
 * than messages the count passes zero, and the port that is in use is freed. Whenever the driver
 * posts a message there are exactly two users, the object and this message: the count is put right
 * there.
 *
 * And every interrupt of either port tells both ports that they can be read and written, whether
 * anything has come or gone or not: two calls of JavaScript for each few bytes that arrive. Here a
 * port is told of bytes that are there, and once that all of its buffer is free, until something
 * is written again.
 *
 * The third is nobody's fault: of a line that carries frames half a frame is of no use.
 */
#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"
#include "hardware/uart.h"

/* The driver's record and its queues (modules/io/serial/pico/serial.c, serial_fifo.h). */
typedef struct {
	uint8_t *buf;
	uint32_t size_mask;
	volatile uint32_t read;
	volatile uint32_t write;
} SerialFifo;

typedef struct {
	xsSlot obj;
	uint8_t isReadable, isWritable, format, useCount;
	uint8_t txInterruptEnabled, rxInterruptEnabled, hasOnReadableOrWritable, msgOut;
	uart_inst_t *uart;
	int uart_irq;
	uint32_t transmit, receive;
	xsMachine *the;
	xsSlot *onReadable, *onWritable;
	SerialFifo tx_fifo;
	uint8_t *tx_fifo_buffer;
	SerialFifo rx_fifo;
} SerialRecord;

static volatile uint8_t gToldAllFree[2];
/* Ports that carry frames which a zero ends. */
static volatile uint8_t gFramed[2];

/* Of the 128 bytes that the driver keeps: the rest lasts 7 ms at 115,200 baud. */
#define FRAME_BYTES_WAIT 48

/*
 * Whether there is something to fetch. Half a frame is not, as long as there is room: fetching it as it
 * comes would be a call of JavaScript for every four bytes.
 */
static int isWorthReading(const SerialFifo *fifo, int framed)
{
	uint32_t at;

	if (!framed || (fifo->write - fifo->read >= FRAME_BYTES_WAIT))
		return fifo->read != fifo->write;
	for (at = fifo->read; at != fifo->write; at++)
		if (0 == fifo->buf[at & fifo->size_mask])
			return 1;
	return 0;
}

int __real_modMessagePostToMachineFromISR(xsMachine *the, modMessageDeliver callback, void *refcon);
void __real_xs_serial_write(xsMachine *the);

int __wrap_modMessagePostToMachineFromISR(xsMachine *the, modMessageDeliver callback, void *refcon)
{
	SerialRecord *serial = refcon;

	/* Other drivers post as well; where theirs have something else, this one has its UART. */
	if (serial && ((uart0 == serial->uart) || (uart1 == serial->uart))) {
		int port = uart1 == serial->uart;
		int allFree = serial->tx_fifo.read == serial->tx_fifo.write;
		int nothingCame = !isWorthReading(&serial->rx_fifo, gFramed[port]);

		serial->useCount = 2;
		if (nothingCame && (!serial->onWritable || (allFree && gToldAllFree[port]))) {
			serial->isReadable = serial->isWritable = 0;
			serial->msgOut = 0;
			serial->useCount = 1;
			return 0;
		}
		gToldAllFree[port] = allFree && serial->isWritable;
	}
	return __real_modMessagePostToMachineFromISR(the, callback, refcon);
}

void __wrap_xs_serial_write(xsMachine *the)
{
	/* Of whichever port: one notice too many does no harm. */
	gToldAllFree[0] = gToldAllFree[1] = 0;
	__real_xs_serial_write(the);
}

/* framed(transmit): the port of that pin carries frames which a zero ends */
void xs_latchkey_line_framed(xsMachine *the)
{
	/* As in `uartOf`, firmware/pins.ts. */
	gFramed[((xsmcToInteger(xsArg(0)) + 4) >> 3) & 1] = 1;
}
