/*
 * What the serial driver of the Pico tells, and how often. In SDK 8.2.3 it
 *
 * - counts its users in one byte: its interrupt adds one for every notice, its message loop takes one
 *   away for every message, and several notices become one message. After some 250 more notices than
 *   messages the count passes zero, and the port that is in use is freed. Whenever the driver posts a
 *   message there are exactly two users, the object and this message: the count is put right there;
 * - tells both ports at every interrupt of either that they can be read and written, whether anything
 *   has come or gone or not;
 * - tells of every four bytes that come, and of every few that have left: a call of JavaScript each.
 *
 * Here a port is told of room when half of its buffer is free, and when all of it is, once each until
 * something is written again. It is told of bytes when a frame or line may be whole, when the buffer
 * is half full, or when the line has been silent for some bytes' time.
 */
#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"
#include "hardware/sync.h"
#include "hardware/uart.h"
#include "pico/time.h"
#include "idle.h"

/* Of the driver's buffers. */
#define FIFO_BYTES 128
#define HALF_BYTES (FIFO_BYTES / 2)
/* Microseconds for one unit of the divisor: 16 clocks a bit at 150 MHz, 10 bits a byte, 5 bytes. */
#define SILENCE_US_PER_DIVISOR 5

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

typedef struct {
	/* The room that was told last: TOLD_NOTHING, TOLD_HALF or TOLD_ALL. */
	uint8_t told;
	/* A port whose bytes wait for more, the one that came last, and when. */
	SerialRecord *held;
	modMessageDeliver deliver;
	uint32_t heldAt;
} Notices;

enum { TOLD_NOTHING = 0, TOLD_HALF, TOLD_ALL };

static Notices gNotices[NUM_UARTS];

int __real_modMessagePostToMachineFromISR(xsMachine *the, modMessageDeliver callback, void *refcon);
void __real_xs_serial_write(xsMachine *the);
void __real_xs_serial_close(xsMachine *the);
void __real_xs_serial_destructor(void *data);

static uint32_t lengthOf(const SerialFifo *fifo)
{
	return fifo->write - fifo->read;
}

static uint8_t roomOf(const SerialRecord *serial)
{
	uint32_t waiting = lengthOf(&serial->tx_fifo);

	return !waiting ? TOLD_ALL : waiting <= HALF_BYTES ? TOLD_HALF : TOLD_NOTHING;
}

/* Ends of what is sent over such lines: a stuffed frame's zero, a line's CR or LF. */
static int isRipe(const SerialFifo *fifo)
{
	uint32_t count = lengthOf(fifo);
	uint8_t last;

	if (!count)
		return 0;
	last = fifo->buf[(fifo->write - 1) & fifo->size_mask];
	return (count >= HALF_BYTES) || !last || ('\n' == last) || ('\r' == last);
}

static int post(xsMachine *the, modMessageDeliver callback, void *refcon)
{
	int result = __real_modMessagePostToMachineFromISR(the, callback, refcon);

	latchkeyPosted = 1;
	return result;
}

int __wrap_modMessagePostToMachineFromISR(xsMachine *the, modMessageDeliver callback, void *refcon)
{
	SerialRecord *serial = refcon;
	Notices *notices;
	int bytes, room;

	/* Other drivers post as well; where theirs have something else, this one has its UART. */
	if (!serial || ((uart0 != serial->uart) && (uart1 != serial->uart)))
		return post(the, callback, refcon);
	notices = &gNotices[uart_get_index(serial->uart)];
	bytes = serial->onReadable && isRipe(&serial->rx_fifo);
	room = serial->onWritable && (roomOf(serial) > notices->told);
	if (bytes || room) {
		if (room)
			notices->told = roomOf(serial);
		notices->held = NULL;
		serial->isWritable = (uint8_t)room;
		serial->useCount = 2;
		return post(the, callback, refcon);
	}
	serial->isReadable = serial->isWritable = 0;
	serial->msgOut = 0;
	serial->useCount = 1;
	if (serial->onReadable && lengthOf(&serial->rx_fifo)) {
		notices->held = serial;
		notices->deliver = callback;
		notices->heldAt = time_us_32();
	}
	return 0;
}

uint32_t latchkeyReleaseBytes(void)
{
	uint32_t nextUs = 0, interrupts = save_and_disable_interrupts();
	int i;

	for (i = 0; i < NUM_UARTS; i++) {
		SerialRecord *serial = gNotices[i].held;
		uint32_t silenceUs, passedUs;

		if (!serial)
			continue;
		silenceUs = uart_get_hw(serial->uart)->ibrd * SILENCE_US_PER_DIVISOR;
		passedUs = time_us_32() - gNotices[i].heldAt;
		if (passedUs < silenceUs) {
			if (!nextUs || (silenceUs - passedUs < nextUs))
				nextUs = silenceUs - passedUs;
			continue;
		}
		gNotices[i].held = NULL;
		/* Nothing is left of them when the program has read by itself. */
		if (!lengthOf(&serial->rx_fifo) || serial->msgOut)
			continue;
		serial->isReadable = 1;
		serial->msgOut = 1;
		serial->useCount = 2;
		(void)post(serial->the, gNotices[i].deliver, serial);
	}
	restore_interrupts(interrupts);
	return nextUs;
}

void __wrap_xs_serial_write(xsMachine *the)
{
	/* Of whichever port: one notice too many does no harm. */
	gNotices[0].told = gNotices[1].told = TOLD_NOTHING;
	__real_xs_serial_write(the);
}

/* The record is gone after either of these. */
static void forgetHeld(void)
{
	uint32_t interrupts = save_and_disable_interrupts();

	gNotices[0].held = gNotices[1].held = NULL;
	restore_interrupts(interrupts);
}

void __wrap_xs_serial_close(xsMachine *the)
{
	__real_xs_serial_close(the);
	forgetHeld();
}

void __wrap_xs_serial_destructor(void *data)
{
	__real_xs_serial_destructor(data);
	forgetHeld();
}
