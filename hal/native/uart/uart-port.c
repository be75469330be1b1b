/*
 * The bytes of a UART, between its FIFOs and two buffers. One side of each buffer belongs to the
 * interrupt and the other one to the program, so neither has to hold off the other.
 *
 * A call of JavaScript costs as much as 20,000 cycles, so it is told of bytes when many have come,
 * or when the line has been silent for 32 bits, which the controller finds out by itself as long as
 * a byte is left in its FIFO: one is always left until then. And it is told of room when it has
 * used up half of what it knows of.
 */
#include "uart-port.h"

/* RP2350 datasheet 12.1.8: UARTIFLS, and the bits of UARTRIS and UARTIMSC */
#define LEVEL_RX_HALF (2u << 3)
#define LEVEL_TX_QUARTER 1u
#define RX_LEVEL_BYTES 16
#define FIFO_BYTES 32
#define RX_BIT (1u << 4)
#define TX_BIT (1u << 5)
#define SILENCE_BIT (1u << 6)
/* UARTFR */
#define RX_EMPTY (1u << 4)
#define TX_FULL (1u << 5)

#define TELL_BYTES 64
#define TELL_ROOM (UART_OUT_BYTES / 2)

void uartPortStart(UartPort *port, uart_inst_t *uart)
{
	uart_hw_t *hw = uart_get_hw(uart);

	port->uart = uart;
	port->inRead = port->inWrite = port->outRead = port->outWrite = 0;
	port->toldRoom = 0;
	port->news = 0;
	/* Of whoever had the port before, at another speed. */
	while (!(hw->fr & RX_EMPTY))
		(void)hw->dr;
	hw->ifls = LEVEL_RX_HALF | LEVEL_TX_QUARTER;
	hw->imsc = RX_BIT | SILENCE_BIT;
}

void uartPortStop(UartPort *port)
{
	uart_get_hw(port->uart)->imsc = 0;
}

static size_t inRoom(const UartPort *port)
{
	return UART_IN_BYTES - (port->inWrite - port->inRead);
}

static size_t outRoom(const UartPort *port)
{
	return UART_OUT_BYTES - (port->outWrite - port->outRead);
}

void uartPortInterrupt(UartPort *port)
{
	uart_hw_t *hw = uart_get_hw(port->uart);
	uint32_t raised = hw->ris, mask = 0;
	int silent = 0 != (raised & SILENCE_BIT), count = 0;
	size_t waiting;

	if (silent)
		count = FIFO_BYTES;
	else if (raised & RX_BIT)
		count = RX_LEVEL_BYTES - 1;
	for (; count && inRoom(port) && !(hw->fr & RX_EMPTY); count--) {
		port->in[port->inWrite % UART_IN_BYTES] = (uint8_t)hw->dr;
		port->inWrite++;
	}
	/* What does not fit stays in the FIFO until something is read. */
	if (inRoom(port))
		mask |= RX_BIT | SILENCE_BIT;
	waiting = port->inWrite - port->inRead;
	if (waiting && (silent || (waiting >= TELL_BYTES)))
		port->news |= UART_READABLE;

	while ((port->outRead != port->outWrite) && !(hw->fr & TX_FULL)) {
		hw->dr = port->out[port->outRead % UART_OUT_BYTES];
		port->outRead++;
	}
	if (port->outRead != port->outWrite)
		mask |= TX_BIT;
	if ((port->toldRoom < TELL_ROOM) && (outRoom(port) >= TELL_ROOM))
		port->news |= UART_WRITABLE;
	hw->imsc = mask;
}

uint8_t uartPortNews(UartPort *port)
{
	uint8_t news = port->news;

	port->news = 0;
	return news;
}

size_t uartPortWaiting(const UartPort *port)
{
	return port->inWrite - port->inRead;
}

size_t uartPortRead(UartPort *port, uint8_t *bytes, size_t length)
{
	size_t waiting = uartPortWaiting(port), i;

	if (length > waiting)
		length = waiting;
	for (i = 0; i < length; i++)
		bytes[i] = port->in[(port->inRead + i) % UART_IN_BYTES];
	port->inRead += length;
	return length;
}

size_t uartPortRoom(UartPort *port)
{
	size_t room = outRoom(port);

	port->toldRoom = room;
	return room;
}

bool uartPortWrite(UartPort *port, const uint8_t *bytes, size_t length)
{
	size_t i;

	if (length > outRoom(port))
		return false;
	for (i = 0; i < length; i++)
		port->out[(port->outWrite + i) % UART_OUT_BYTES] = bytes[i];
	port->outWrite += length;
	port->toldRoom -= length < port->toldRoom ? length : port->toldRoom;
	return true;
}
