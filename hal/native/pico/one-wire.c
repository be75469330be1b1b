/*
 * A PIO state machine that plays reset pulses and time slots on a 1-Wire bus (one-wire.pio), whatever
 * the program is busy with meanwhile. All that is to be played, and all that comes of it, fits the
 * machine's FIFOs. JavaScript asks whether it has ended (firmware/platform/moddable/chip-one-wire.ts).
 */
#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"
#include "builtinCommon.h"
#include "hardware/clocks.h"
#include "one-wire.pio.h"
#include "pio-program.h"

#define PIO_HZ 1000000.0f
#define LINES_MAX NUM_PIO_STATE_MACHINES
#define GPIO_COUNT 30u
#define FIFO_WORDS 4u
#define SLOTS_MAX (32u * (FIFO_WORDS - 1))

typedef struct {
	bool isOpen;
	uint pin;
	uint sm;
} Line;

static Line gLines[LINES_MAX];
static PioProgram gProgram = { .program = &one_wire_program };

static Line *lineOf(xsMachine *the, xsSlot *slot)
{
	xsIntegerValue index = xsmcToInteger(*slot);
	if ((index < 0) || (index >= LINES_MAX) || !gLines[index].isOpen)
		xsRangeError("no such line");
	return &gLines[index];
}

/* Whatever was under way is over: the machine starts anew, its FIFOs empty, the line let go. */
static void startMachine(Line *line, uint entry, const uint32_t *words, uint count)
{
	pio_sm_config config = one_wire_program_get_default_config(gProgram.offset);
	uint i;

	sm_config_set_in_pins(&config, line->pin);
	sm_config_set_out_pins(&config, line->pin, 1);
	sm_config_set_set_pins(&config, line->pin, 1);
	sm_config_set_jmp_pin(&config, line->pin);
	sm_config_set_clkdiv(&config, (float)clock_get_hz(clk_sys) / PIO_HZ);
	pio_sm_init(gProgram.pio, line->sm, gProgram.offset + entry, &config);
	pio_sm_set_consecutive_pindirs(gProgram.pio, line->sm, line->pin, 1, false);
	for (i = 0; i < count; i++)
		pio_sm_put(gProgram.pio, line->sm, words[i]);
	pio_sm_set_enabled(gProgram.pio, line->sm, true);
}

/* open(pin): number of a line. The chip's own pull-down shows when the bus has no resistor. */
void xs_latchkey_one_wire_open(xsMachine *the)
{
	xsIntegerValue pin = xsmcToInteger(xsArg(0));
	Line *line = gLines;

	if ((pin < 0) || ((uint)pin >= GPIO_COUNT))
		xsRangeError("no such pin");
	if (!builtinIsPinFree(pin))
		xsUnknownError("in use");
	while ((line < gLines + LINES_MAX) && line->isOpen)
		line++;
	if ((line == gLines + LINES_MAX) || !claimMachine(&gProgram, &line->sm))
		xsUnknownError("no state machine is free");
	line->isOpen = true;
	line->pin = (uint)pin;
	builtinUsePin(pin);
	giveOpenDrain(&gProgram, line->sm, line->pin);
	gpio_pull_down(line->pin);
	xsmcSetInteger(xsResult, line - gLines);
}

/* reset(line) */
void xs_latchkey_one_wire_reset(xsMachine *the)
{
	startMachine(lineOf(the, &xsArg(0)), one_wire_offset_reset, NULL, 0);
}

/* slots(line, words): all words that the machine will want, or it would wait with the line low */
void xs_latchkey_one_wire_slots(xsMachine *the)
{
	Line *line = lineOf(the, &xsArg(0));
	uint32_t words[FIFO_WORDS];
	void *data;
	xsUnsignedValue length;

	xsmcGetBufferReadable(xsArg(1), &data, &length);
	if ((length < 2 * sizeof(uint32_t)) || (length > sizeof(words)))
		xsRangeError("no slots, or too many");
	c_memcpy(words, data, length);
	if ((words[0] >= SLOTS_MAX) || ((words[0] / 32 + 2) * sizeof(uint32_t) != length))
		xsRangeError("other words than slots");
	startMachine(line, one_wire_offset_slots, words, length / sizeof(uint32_t));
}

/* levels(line): the words that were pushed, once the machine is at its end; undefined before */
void xs_latchkey_one_wire_levels(xsMachine *the)
{
	Line *line = lineOf(the, &xsArg(0));
	uint32_t words[FIFO_WORDS];
	uint count = 0;

	if (pio_sm_get_pc(gProgram.pio, line->sm) != gProgram.offset + one_wire_offset_end)
		return;
	while ((count < FIFO_WORDS) && !pio_sm_is_rx_fifo_empty(gProgram.pio, line->sm))
		words[count++] = pio_sm_get(gProgram.pio, line->sm);
	xsmcSetArrayBuffer(xsResult, words, count * sizeof(uint32_t));
}

/* close(line): at any time; the pin is let go, without its pull-down */
void xs_latchkey_one_wire_close(xsMachine *the)
{
	Line *line = lineOf(the, &xsArg(0));

	pio_sm_set_enabled(gProgram.pio, line->sm, false);
	gpio_disable_pulls(line->pin);
	gpio_deinit(line->pin);
	releaseMachine(&gProgram, line->sm);
	builtinFreePin(line->pin);
	line->isOpen = false;
}
