/*
 * 1-Wire lines, as JavaScript sees them (firmware/platform/moddable/chip-one-wire.ts), which asks
 * whether what is played has ended.
 */
#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"
#include "builtinCommon.h"
#include "one-wire-line.h"

#define GPIO_COUNT 30

static int lineOf(xsMachine *the, xsSlot *slot)
{
	xsIntegerValue line = xsmcToInteger(*slot);
	if (!oneWireIsOpen(line))
		xsRangeError("no such line");
	return line;
}

/* open(pin): number of a line */
void xs_latchkey_one_wire_open(xsMachine *the)
{
	xsIntegerValue pin = xsmcToInteger(xsArg(0));
	int line;

	if ((pin < 0) || (pin >= GPIO_COUNT))
		xsRangeError("no such pin");
	if (!builtinIsPinFree(pin))
		xsUnknownError("in use");
	line = oneWireOpen((uint)pin);
	if (line < 0)
		xsUnknownError("no state machine is free");
	builtinUsePin(pin);
	xsmcSetInteger(xsResult, line);
}

/* reset(line) */
void xs_latchkey_one_wire_reset(xsMachine *the)
{
	oneWireReset(lineOf(the, &xsArg(0)));
}

/* slots(line, buffer) */
void xs_latchkey_one_wire_slots(xsMachine *the)
{
	int line = lineOf(the, &xsArg(0));
	void *data;
	xsUnsignedValue length;

	xsmcGetBufferReadable(xsArg(1), &data, &length);
	if (!oneWireSlots(line, data, length))
		xsRangeError("no slots, or too many");
}

/* levels(line): the words, once all was played; undefined before */
void xs_latchkey_one_wire_levels(xsMachine *the)
{
	uint32_t words[ONE_WIRE_WORDS];
	int count = oneWireLevels(lineOf(the, &xsArg(0)), words);

	if (count >= 0)
		xsmcSetArrayBuffer(xsResult, words, count * sizeof(uint32_t));
}

/* close(line) */
void xs_latchkey_one_wire_close(xsMachine *the)
{
	builtinFreePin(oneWireClose(lineOf(the, &xsArg(0))));
}
