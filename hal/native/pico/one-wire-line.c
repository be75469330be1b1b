#include <string.h>
#include "hardware/clocks.h"
#include "one-wire-line.h"
#include "one-wire.pio.h"
#include "pio-program.h"

#define PIO_HZ 1000000.0f
#define LINES_MAX NUM_PIO_STATE_MACHINES

typedef struct {
	bool isOpen;
	uint pin;
	uint sm;
} Line;

static Line gLines[LINES_MAX];
static PioProgram gProgram = { .program = &one_wire_program };

/* The machine starts anew, its FIFOs empty, the line let go. */
static void startMachine(const Line *line, uint entry, const uint32_t *words, size_t count)
{
	pio_sm_config config = one_wire_program_get_default_config(gProgram.offset);
	size_t i;

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

int oneWireOpen(uint pin)
{
	Line *line = gLines;

	while ((line < gLines + LINES_MAX) && line->isOpen)
		line++;
	if ((line == gLines + LINES_MAX) || !claimMachine(&gProgram, &line->sm))
		return -1;
	line->isOpen = true;
	line->pin = pin;
	giveOpenDrain(&gProgram, line->sm, pin);
	/* Against the resistor it is nothing; without one the line stays low, and that is heard. */
	gpio_pull_down(pin);
	return (int)(line - gLines);
}

bool oneWireIsOpen(int line)
{
	return (line >= 0) && (line < (int)LINES_MAX) && gLines[line].isOpen;
}

void oneWireReset(int line)
{
	startMachine(&gLines[line], one_wire_offset_reset, NULL, 0);
}

bool oneWireSlots(int line, const void *data, size_t length)
{
	uint32_t words[ONE_WIRE_WORDS];

	if ((length < 2 * sizeof(uint32_t)) || (length > sizeof(words)))
		return false;
	memcpy(words, data, length);
	/* For a word that it wants and does not have the machine would wait, with the line low. */
	if ((uint64_t)length != ((uint64_t)words[0] / 32 + 2) * sizeof(uint32_t))
		return false;
	startMachine(&gLines[line], one_wire_offset_slots, words, length / sizeof(uint32_t));
	return true;
}

int oneWireLevels(int line, uint32_t words[ONE_WIRE_WORDS])
{
	uint sm = gLines[line].sm;
	int count = 0;

	if (pio_sm_get_pc(gProgram.pio, sm) != gProgram.offset + one_wire_offset_end)
		return -1;
	while ((count < ONE_WIRE_WORDS) && !pio_sm_is_rx_fifo_empty(gProgram.pio, sm))
		words[count++] = pio_sm_get(gProgram.pio, sm);
	return count;
}

uint oneWireClose(int line)
{
	Line *closed = &gLines[line];

	pio_sm_set_enabled(gProgram.pio, closed->sm, false);
	gpio_disable_pulls(closed->pin);
	gpio_deinit(closed->pin);
	releaseMachine(&gProgram, closed->sm);
	closed->isOpen = false;
	return closed->pin;
}
