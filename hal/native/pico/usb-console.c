/*
 * The USB serial port (CDC) without waiting: what nobody reads is not sent, and a host that was
 * never plugged in costs nothing.
 */
#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"
#include "pico/stdio/driver.h"
#include "pico/stdio_usb.h"
#include "tusb.h"

#define READ_BYTES_MAX 64

/* Bytes that can be written now; 0 while no terminal is open. */
void xs_latchkey_usb_room(xsMachine *the)
{
	xsmcSetInteger(xsResult, stdio_usb_connected() ? (xsIntegerValue)tud_cdc_write_available() : 0);
}

/* read(): ArrayBuffer, or undefined when nothing came */
void xs_latchkey_usb_read(xsMachine *the)
{
	char bytes[READ_BYTES_MAX];
	int count = stdio_usb_connected() ? stdio_usb.in_chars(bytes, READ_BYTES_MAX) : 0;

	if (count > 0)
		xsmcSetArrayBuffer(xsResult, bytes, count);
}

/* write(buffer): as much as there is room for; how much that was */
void xs_latchkey_usb_write(xsMachine *the)
{
	void *data;
	xsUnsignedValue length, room;

	xsmcGetBufferReadable(xsArg(0), &data, &length);
	room = stdio_usb_connected() ? tud_cdc_write_available() : 0;
	if (length > room)
		length = room;
	if (length)
		stdio_usb.out_chars(data, (int)length);
	xsmcSetInteger(xsResult, (xsIntegerValue)length);
}
