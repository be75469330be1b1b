/*
 * The PIO blocks of the RP2350 as one-wire-line.c sets them up, but for the instructions, which are
 * run elsewhere (test/hal/pio-machine.ts). It ends with a sentence when a machine is not what it has
 * to be when it starts. Answers each line with one:
 *   open PIN              number of the line, -1 when there is none
 *   reset LINE            what the machine starts with: address behind the program's first, pin, words
 *   slots LINE HEX        the same, or "refused"
 *   levels LINE PIN ADDRESS WORD...   as the pin's machine stands there: the words, or "busy"
 *   close LINE            the pin
 *   claimed               how many machines and instructions are in use
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "hardware/clocks.h"
#include "hardware/gpio.h"
#include "hardware/pio.h"
#include "one-wire-line.h"

#define BLOCKS 3
#define INSTRUCTIONS 32
/* The radio's machine and program, claimed before everything else. */
#define RADIO_INSTRUCTIONS 6u
#define SYSTEM_HZ 150000000u
#define FIFO 4
#define PINS 30

typedef struct {
	bool isClaimed, isEnabled, isSet;
	pio_sm_config config;
	uint address;
	uint32_t out[FIFO], in[FIFO];
	int given, waiting;
} Machine;

struct PioBlock {
	Machine machines[NUM_PIO_STATE_MACHINES];
	uint taken;
};

static struct PioBlock gBlocks[BLOCKS];
static PIO gMuxed[PINS];
static bool gIsOutput[PINS], gIsHigh[PINS], gIsPulledDown[PINS];
static const Machine *gStarted;
static uint gOffset;

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "not so: %s\n", what);
	exit(1);
}

static Machine *machineOf(PIO pio, uint sm)
{
	require(sm < NUM_PIO_STATE_MACHINES && pio->machines[sm].isClaimed, "the machine is ours");
	return &pio->machines[sm];
}

uint32_t clock_get_hz(int clock)
{
	require(clk_sys == clock, "the machines run on the system's clock");
	return SYSTEM_HZ;
}

int pio_claim_unused_sm(PIO pio, bool required)
{
	require(!required, "a machine that there is not stops nothing");
	for (int sm = 0; sm < NUM_PIO_STATE_MACHINES; sm++) {
		if (pio->machines[sm].isClaimed)
			continue;
		pio->machines[sm] = (Machine){ .isClaimed = true };
		return sm;
	}
	return -1;
}

void pio_sm_unclaim(PIO pio, uint sm)
{
	require(!machineOf(pio, sm)->isEnabled, "a machine stands when it is given back");
	pio->machines[sm].isClaimed = false;
}

/* From the last block down, from the last instruction down, as the SDK does. */
bool pio_claim_free_sm_and_add_program(const pio_program_t *program, PIO *pio, uint *sm, uint *offset)
{
	for (int i = BLOCKS - 1; i >= 0; i--) {
		PIO block = &gBlocks[i];
		int free;

		if ((block->taken + program->length > INSTRUCTIONS) || ((free = pio_claim_unused_sm(block, false)) < 0))
			continue;
		block->taken += program->length;
		*pio = block;
		*sm = (uint)free;
		*offset = gOffset = INSTRUCTIONS - block->taken;
		return true;
	}
	return false;
}

void pio_remove_program_and_unclaim_sm(const pio_program_t *program, PIO pio, uint sm, uint offset)
{
	require(offset == gOffset, "the program is where it was put");
	pio_sm_unclaim(pio, sm);
	pio->taken -= program->length;
}

void sm_config_set_in_pins(pio_sm_config *config, uint pin) { config->in = pin; }
void sm_config_set_out_pins(pio_sm_config *config, uint pin, uint count) { config->out = pin; require(1 == count, "one pin"); }
void sm_config_set_set_pins(pio_sm_config *config, uint pin, uint count) { config->set = pin; require(1 == count, "one pin"); }
void sm_config_set_jmp_pin(pio_sm_config *config, uint pin) { config->jump = pin; }
void sm_config_set_clkdiv(pio_sm_config *config, float divider) { config->divider = divider; }

void gpio_pull_down(uint pin) { gIsPulledDown[pin] = true; }
void gpio_disable_pulls(uint pin) { gIsPulledDown[pin] = false; }
void gpio_deinit(uint pin) { gMuxed[pin] = NULL; }

void pio_gpio_init(PIO pio, uint pin)
{
	require(!gIsHigh[pin] && !gIsOutput[pin], "the pin is let go when the block gets it");
	gMuxed[pin] = pio;
}

void pio_sm_set_pins_with_mask(PIO pio, uint sm, uint32_t values, uint32_t mask)
{
	machineOf(pio, sm);
	for (int pin = 0; pin < PINS; pin++)
		if ((mask >> pin) & 1)
			gIsHigh[pin] = (values >> pin) & 1;
}

void pio_sm_set_consecutive_pindirs(PIO pio, uint sm, uint pin, uint count, bool isOutput)
{
	require(!machineOf(pio, sm)->isEnabled && (1 == count), "the machine stands");
	gIsOutput[pin] = isOutput;
}

void pio_sm_init(PIO pio, uint sm, uint address, const pio_sm_config *config)
{
	*machineOf(pio, sm) = (Machine){ .isClaimed = true, .isSet = true, .config = *config, .address = address };
}

void pio_sm_put(PIO pio, uint sm, uint32_t word)
{
	Machine *machine = machineOf(pio, sm);

	require(!machine->isEnabled, "all words are there before it starts");
	require(machine->given < FIFO, "the FIFO has room");
	machine->out[machine->given++] = word;
}

void pio_sm_set_enabled(PIO pio, uint sm, bool isEnabled)
{
	Machine *machine = machineOf(pio, sm);
	uint pin = machine->config.set;

	machine->isEnabled = isEnabled;
	if (!isEnabled)
		return;
	require(machine->isSet, "the machine was set up");
	require((machine->config.in == pin) && (machine->config.out == pin) && (machine->config.jump == pin), "one pin is all of them");
	require(machine->config.divider * 1000000.0f == (float)SYSTEM_HZ, "a cycle is a microsecond");
	require((gMuxed[pin] == pio) && gIsPulledDown[pin], "the pin is the block's, and pulled down");
	require(!gIsHigh[pin] && !gIsOutput[pin], "the line is let go, and never high");
	gStarted = machine;
	/* The machine may hold it from now on. */
	gIsOutput[pin] = true;
}

uint8_t pio_sm_get_pc(PIO pio, uint sm) { return (uint8_t)machineOf(pio, sm)->address; }
bool pio_sm_is_rx_fifo_empty(PIO pio, uint sm) { return 0 == machineOf(pio, sm)->waiting; }

uint32_t pio_sm_get(PIO pio, uint sm)
{
	Machine *machine = machineOf(pio, sm);
	uint32_t word = machine->in[0];

	require(machine->waiting > 0, "there is a word to take");
	machine->waiting--;
	memmove(machine->in, machine->in + 1, (size_t)machine->waiting * sizeof(word));
	return word;
}

static void sayStart(void)
{
	printf("%u %u", gStarted->address - gOffset, gStarted->config.set);
	for (int i = 0; i < gStarted->given; i++)
		printf(" %u", (unsigned)gStarted->out[i]);
	printf("\n");
}

static void slots(int line, const char *hex)
{
	uint8_t bytes[64];
	size_t length = 0;
	unsigned byte;

	while ((length < sizeof(bytes)) && (1 == sscanf(hex + 2 * length, "%2x", &byte)))
		bytes[length++] = (uint8_t)byte;
	gStarted = NULL;
	if (oneWireSlots(line, bytes, length))
		sayStart();
	else
		printf(gStarted ? "refused and started\n" : "refused\n");
}

/* The machine that was started last on a pin. */
static Machine *machineOn(uint pin)
{
	for (int i = 0; i < BLOCKS; i++)
		for (int sm = 0; sm < NUM_PIO_STATE_MACHINES; sm++)
			if (gBlocks[i].machines[sm].isEnabled && (gBlocks[i].machines[sm].config.set == pin))
				return &gBlocks[i].machines[sm];
	require(false, "a machine runs on that pin");
	return NULL;
}

static void levels(int line, uint pin, uint address, const uint32_t *words, int count)
{
	uint32_t pushed[ONE_WIRE_WORDS];
	Machine *machine = machineOn(pin);

	machine->address = gOffset + address;
	machine->waiting = count;
	memcpy(machine->in, words, (size_t)count * sizeof(*words));
	count = oneWireLevels(line, pushed);
	if (count < 0)
		printf("busy");
	for (int i = 0; i < count; i++)
		printf("%s%u", i ? " " : "", (unsigned)pushed[i]);
	printf("\n");
}

static void claimed(void)
{
	uint machines = 0, instructions = 0;

	for (int i = 0; i < BLOCKS; i++) {
		instructions += gBlocks[i].taken;
		for (int sm = 0; sm < NUM_PIO_STATE_MACHINES; sm++)
			machines += gBlocks[i].machines[sm].isClaimed;
	}
	printf("%u %u\n", machines, instructions);
}

int main(void)
{
	char text[256], hex[256];
	uint number;
	int line;

	gBlocks[BLOCKS - 1].machines[0].isClaimed = true;
	gBlocks[BLOCKS - 1].taken = RADIO_INSTRUCTIONS;
	while (fgets(text, sizeof(text), stdin)) {
		uint32_t words[FIFO];

		if (1 == sscanf(text, "open %u", &number))
			printf("%d\n", oneWireOpen(number));
		else if (0 == strcmp(text, "claimed\n"))
			claimed();
		else if ((1 != sscanf(text, "%*s %d", &line)) || !oneWireIsOpen(line))
			printf("no such line\n");
		else if (0 == strncmp(text, "reset", 5)) {
			oneWireReset(line);
			sayStart();
		}
		else if (0 == strncmp(text, "close", 5))
			printf("%u\n", oneWireClose(line));
		else if (0 == strncmp(text, "slots", 5)) {
			hex[0] = 0;
			sscanf(text, "slots %*d %255s", hex);
			slots(line, hex);
		}
		else {
			uint pin;
			int count = sscanf(text, "levels %*d %u %u %u %u %u %u", &pin, &number, &words[0], &words[1], &words[2], &words[3]);
			levels(line, pin, number, words, count - 2);
		}
		fflush(stdout);
	}
	return 0;
}
