/*
 * `Serial` of ECMA-419 on the Pico's UARTs, in place of the SDK's (8.2.3), whose
 *
 * - interrupt routine is called by the program as well, and is entered again by the other UART's
 *   interrupt meanwhile: bytes are lost, doubled or sent once more as soon as two ports are busy;
 * - ports can be opened once: after `close` one stays "in use", so no 1-Wire bus, which changes its
 *   speed all the time, and the other port's interrupt goes on in memory that was freed;
 * - count of users is one byte, which wraps and frees a port in use;
 * - notices get lost for good when the pool of messages is empty for a moment;
 * - `read` throws when there is nothing to read.
 *
 * Here a port is not allocated, and its bytes move in its own interrupt only: whoever has read or
 * written makes that pending.
 */
#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"
#include "builtinCommon.h"
#include "hardware/gpio.h"
#include "hardware/irq.h"
#include "hardware/sync.h"
#include "hardware/uart.h"
#include "uart-port.h"
#include "../pico/idle.h"

#define NO_PIN 0xffffffffu
#define BAUD_MAX 1000000

int modMessagePostToMachineFromISR(xsMachine *the, modMessageDeliver callback, void *refcon);

typedef struct {
	UartPort port;
	/* NULL while it is closed. */
	xsMachine *the;
	xsSlot object;
	xsSlot *onReadable, *onWritable;
	uint32_t receive, transmit;
	/* A message is on its way. */
	volatile uint8_t posted;
	uint8_t started;
} SerialPort;

static SerialPort gPorts[NUM_UARTS];

static void markCallbacks(xsMachine *the, void *it, xsMarkRoot markRoot);
void xs_latchkey_serial_destructor(void *data);

static const xsHostHooks ICACHE_RODATA_ATTR gHooks = {
	xs_latchkey_serial_destructor,
	markCallbacks,
	NULL
};

static void markCallbacks(xsMachine *the, void *it, xsMarkRoot markRoot)
{
	SerialPort *serial = it;

	if (serial->onReadable)
		(*markRoot)(the, serial->onReadable);
	if (serial->onWritable)
		(*markRoot)(the, serial->onWritable);
}

static uint irqOf(const SerialPort *serial)
{
	return (serial == &gPorts[0]) ? UART0_IRQ : UART1_IRQ;
}

/* The callbacks may close it, or open it anew: each look is at what it is then. */
static void deliver(void *machine, void *refcon, uint8_t *message, uint16_t messageLength)
{
	SerialPort *serial = refcon;
	xsMachine *the = machine;
	uint32_t interrupts = save_and_disable_interrupts();
	uint8_t news = uartPortNews(&serial->port);
	size_t count;

	serial->posted = 0;
	restore_interrupts(interrupts);
	if ((news & UART_READABLE) && (the == serial->the) && serial->onReadable) {
		count = uartPortWaiting(&serial->port);
		if (count) {
			xsBeginHost(the);
				xsmcSetInteger(xsResult, (xsIntegerValue)count);
				xsCallFunction1(xsReference(serial->onReadable), serial->object, xsResult);
			xsEndHost(the);
		}
	}
	if ((news & UART_WRITABLE) && (the == serial->the) && serial->onWritable) {
		xsBeginHost(the);
			xsmcSetInteger(xsResult, (xsIntegerValue)uartPortRoom(&serial->port));
			xsCallFunction1(xsReference(serial->onWritable), serial->object, xsResult);
		xsEndHost(the);
	}
}

/* Where no interrupt can come in between. A pool without a free message is asked again. */
static void tell(SerialPort *serial)
{
	if (!serial->the || !serial->port.news || serial->posted)
		return;
	serial->posted = 0 == modMessagePostToMachineFromISR(serial->the, deliver, serial);
}

void latchkeyTellSerial(void)
{
	uint32_t interrupts = save_and_disable_interrupts();
	int i;

	for (i = 0; i < NUM_UARTS; i++)
		tell(&gPorts[i]);
	restore_interrupts(interrupts);
}

static void handle(SerialPort *serial)
{
	uartPortInterrupt(&serial->port);
	tell(serial);
}

static void onUart0(void) { handle(&gPorts[0]); }
static void onUart1(void) { handle(&gPorts[1]); }

/* RP2350 datasheet 1.2.3: GP0, 12, 16 and 28 transmit for UART0, GP4, 8, 20 and 24 for UART1. */
static uint portOf(uint32_t transmit)
{
	return ((transmit + 4) >> 3) & 1;
}

static uint32_t pinOf(xsMachine *the, xsIdentifier id)
{
	uint32_t pin;

	if (!xsmcHas(xsArg(0), id))
		return NO_PIN;
	xsmcGet(xsVar(0), xsArg(0), id);
	pin = builtinGetPin(the, &xsVar(0));
	if (!builtinIsPinFree(pin))
		xsUnknownError("in use");
	return pin;
}

static void take(uint32_t pin)
{
	if (NO_PIN == pin)
		return;
	builtinUsePin(pin);
	gpio_set_function(pin, GPIO_FUNC_UART);
}

static void start(SerialPort *serial, uint index, uint baud)
{
	uart_inst_t *uart = uart_get_instance(index);
	uint irq = irqOf(serial);

	/* At another speed the line must not be let go: that would be a signal of its own. */
	if (serial->started)
		uart_set_baudrate(uart, baud);
	else
		uart_init(uart, baud);
	serial->started = 1;
	uart_set_format(uart, 8, 1, UART_PARITY_NONE);
	uart_set_fifo_enabled(uart, true);
	take(serial->transmit);
	take(serial->receive);
	uartPortStart(&serial->port, uart);
	irq_set_exclusive_handler(irq, index ? onUart1 : onUart0);
	irq_set_enabled(irq, true);
	irq_set_pending(irq);
}

/* constructor({ transmit, receive, baud, onReadable, onWritable, format, target }) */
void xs_latchkey_serial_constructor(xsMachine *the)
{
	SerialPort *serial;
	uint32_t transmit, receive;
	xsIntegerValue baud;
	uint index;

	xsmcVars(1);
	transmit = pinOf(the, xsID_transmit);
	receive = pinOf(the, xsID_receive);
	if ((NO_PIN == transmit) && (NO_PIN == receive))
		xsUnknownError("invalid");
	index = portOf((NO_PIN == transmit) ? receive - 1 : transmit);
	if (((NO_PIN != transmit) && (transmit & 3)) ||
		((NO_PIN != receive) && ((1 != (receive & 3)) || (portOf(receive - 1) != index))))
		xsUnknownError("invalid");
	xsmcGet(xsVar(0), xsArg(0), xsID_baud);
	baud = xsmcToInteger(xsVar(0));
	if ((baud <= 0) || (baud > BAUD_MAX))
		xsRangeError("invalid baud");
	serial = &gPorts[index];
	if (serial->the)
		xsRangeError("port in use");
	if (kIOFormatBuffer != builtinInitializeFormat(the, kIOFormatBuffer))
		xsRangeError("invalid format");
	builtinInitializeTarget(the);
	serial->onReadable = builtinGetCallback(the, xsID_onReadable);
	serial->onWritable = builtinGetCallback(the, xsID_onWritable);
	serial->transmit = transmit;
	serial->receive = receive;
	serial->object = xsThis;
	xsmcSetHostData(xsThis, serial);
	xsSetHostHooks(xsThis, (xsHostHooks *)&gHooks);
	xsRemember(serial->object);
	serial->the = the;
	start(serial, index, (uint)baud);
}

void xs_latchkey_serial_destructor(void *data)
{
	SerialPort *serial = data;

	if (!serial || !serial->the)
		return;
	serial->the = NULL;
	serial->onReadable = serial->onWritable = NULL;
	irq_set_enabled(irqOf(serial), false);
	irq_remove_handler(irqOf(serial), (serial == &gPorts[0]) ? onUart0 : onUart1);
	uartPortStop(&serial->port);
	if (NO_PIN != serial->transmit)
		builtinFreePin(serial->transmit);
	if (NO_PIN != serial->receive)
		builtinFreePin(serial->receive);
}

void xs_latchkey_serial_close(xsMachine *the)
{
	SerialPort *serial = xsmcGetHostData(xsThis);

	if (!serial || !xsmcGetHostDataValidate(xsThis, (void *)&gHooks))
		return;
	xsForget(serial->object);
	xs_latchkey_serial_destructor(serial);
	xsmcSetHostData(xsThis, NULL);
	xsmcSetHostDestructor(xsThis, NULL);
}

static SerialPort *openPort(xsMachine *the)
{
	SerialPort *serial = xsmcGetHostDataValidate(xsThis, (void *)&gHooks);

	if (!serial->the)
		xsUnknownError("closed");
	return serial;
}

/* read(count: number | ArrayBuffer | view | undefined): ArrayBuffer, the argument, or undefined */
void xs_latchkey_serial_read(xsMachine *the)
{
	SerialPort *serial = openPort(the);
	size_t waiting = uartPortWaiting(&serial->port), length = waiting;
	void *bytes;
	uint32_t interrupts;

	if (!waiting)
		return;
	if ((xsmcArgc > 0) && (xsReferenceType == xsmcTypeOf(xsArg(0)))) {
		xsUnsignedValue room;

		xsmcGetBufferWritable(xsArg(0), &bytes, &room);
		if (room < length)
			length = room;
		xsResult = xsArg(0);
	}
	else {
		if ((xsmcArgc > 0) && (xsUndefinedType != xsmcTypeOf(xsArg(0)))) {
			xsIntegerValue wanted = xsmcToInteger(xsArg(0));

			if (wanted <= 0)
				xsRangeError("invalid");
			if ((size_t)wanted < length)
				length = (size_t)wanted;
		}
		bytes = xsmcSetArrayBuffer(xsResult, NULL, (xsIntegerValue)length);
	}
	uartPortRead(&serial->port, bytes, length);
	interrupts = save_and_disable_interrupts();
	if (length < waiting)
		serial->port.news |= UART_READABLE;
	restore_interrupts(interrupts);
	irq_set_pending(irqOf(serial));
}

/* write(bytes); throws when there is no room for all of them */
void xs_latchkey_serial_write(xsMachine *the)
{
	SerialPort *serial = openPort(the);
	xsUnsignedValue length;
	void *bytes;

	xsmcGetBufferReadable(xsArg(0), &bytes, &length);
	if (!uartPortWrite(&serial->port, bytes, length))
		xsUnknownError("output full");
	irq_set_pending(irqOf(serial));
}
