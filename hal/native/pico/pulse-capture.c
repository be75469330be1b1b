/*
 * A PIO state machine that measures how long a pin keeps each level (pulse-capture.pio), and a DMA
 * channel that takes what it pushes to memory, whatever the program is busy with meanwhile.
 * JavaScript asks whether the capture has ended (firmware/platform/moddable/chip-pulses.ts).
 */
#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"
#include "builtinCommon.h"
#include "hardware/clocks.h"
#include "hardware/dma.h"
#include "hardware/timer.h"
#include "pio-program.h"
#include "pulse-capture.pio.h"

#define PIO_HZ 10000000.0f
#define CAPTURES_MAX NUM_PIO_STATE_MACHINES
#define WORDS_MAX 1025
#define GPIO_COUNT 30u

typedef struct {
	uint32_t *words;
	uint wordsMax;
	uint pin;
	uint sm;
	int dma;
} Capture;

static Capture gCaptures[CAPTURES_MAX];
static PioProgram gProgram = { .program = &pulse_capture_program };

static Capture *captureOf(xsMachine *the, xsSlot *slot)
{
	xsIntegerValue index = xsmcToInteger(*slot);
	if ((index < 0) || (index >= CAPTURES_MAX) || !gCaptures[index].words)
		xsRangeError("no such capture");
	return &gCaptures[index];
}

static void startMachine(Capture *capture)
{
	pio_sm_config config = pulse_capture_program_get_default_config(gProgram.offset);

	sm_config_set_set_pins(&config, capture->pin, 1);
	sm_config_set_jmp_pin(&config, capture->pin);
	sm_config_set_clkdiv(&config, (float)clock_get_hz(clk_sys) / PIO_HZ);
	giveOpenDrain(&gProgram, capture->sm, capture->pin);
	gpio_pull_up(capture->pin);
	pio_sm_init(gProgram.pio, capture->sm, gProgram.offset, &config);
	pio_sm_set_enabled(gProgram.pio, capture->sm, true);
}

/* open(pin, wordsMax): number of a capture; the pin is pulled up */
void xs_latchkey_pulses_open(xsMachine *the)
{
	xsIntegerValue pin = xsmcToInteger(xsArg(0));
	xsIntegerValue wordsMax = xsmcToInteger(xsArg(1));
	Capture *capture = gCaptures;

	if ((pin < 0) || ((uint)pin >= GPIO_COUNT) || (wordsMax < 2) || (wordsMax > WORDS_MAX))
		xsRangeError("no such pin, or too many durations");
	if (!builtinIsPinFree(pin))
		xsUnknownError("in use");
	while ((capture < gCaptures + CAPTURES_MAX) && capture->words)
		capture++;
	if ((capture == gCaptures + CAPTURES_MAX) || !claimMachine(&gProgram, &capture->sm))
		xsUnknownError("no state machine is free");
	capture->dma = dma_claim_unused_channel(false);
	if (capture->dma >= 0)
		capture->words = c_malloc(wordsMax * sizeof(uint32_t));
	if (!capture->words) {
		if (capture->dma >= 0)
			dma_channel_unclaim((uint)capture->dma);
		releaseMachine(&gProgram, capture->sm);
		xsUnknownError("no DMA channel or memory is free");
	}
	capture->wordsMax = (uint)wordsMax;
	capture->pin = (uint)pin;
	builtinUsePin(pin);
	startMachine(capture);
	xsmcSetInteger(xsResult, capture - gCaptures);
}

/* start(capture, lowRounds, durations, idleRounds): none may be under way */
void xs_latchkey_pulses_start(xsMachine *the)
{
	Capture *capture = captureOf(the, &xsArg(0));
	xsIntegerValue lowRounds = xsmcToInteger(xsArg(1));
	xsIntegerValue durations = xsmcToInteger(xsArg(2));
	xsIntegerValue idleRounds = xsmcToInteger(xsArg(3));
	dma_channel_config config = dma_channel_get_default_config((uint)capture->dma);

	if ((lowRounds < 1) || (idleRounds < 1) || (durations < 1) || ((uint)durations >= capture->wordsMax))
		xsRangeError("a capture needs times, and room for its durations");
	channel_config_set_transfer_data_size(&config, DMA_SIZE_32);
	channel_config_set_read_increment(&config, false);
	channel_config_set_write_increment(&config, true);
	channel_config_set_dreq(&config, pio_get_dreq(gProgram.pio, capture->sm, false));
	dma_channel_configure((uint)capture->dma, &config, capture->words, &gProgram.pio->rxf[capture->sm],
		capture->wordsMax, true);
	pio_interrupt_clear(gProgram.pio, capture->sm);
	pio_sm_put(gProgram.pio, capture->sm, (uint32_t)lowRounds - 1);
	pio_sm_put(gProgram.pio, capture->sm, (uint32_t)durations - 1);
	pio_sm_put(gProgram.pio, capture->sm, (uint32_t)idleRounds);
}

/* words(capture): what was pushed, once the capture has ended; undefined before */
void xs_latchkey_pulses_words(xsMachine *the)
{
	Capture *capture = captureOf(the, &xsArg(0));
	uint left;

	if (!pio_interrupt_get(gProgram.pio, capture->sm))
		return;
	/* The last word may still be on its way through FIFO and DMA: some cycles. */
	busy_wait_us_32(1);
	left = dma_channel_hw_addr((uint)capture->dma)->transfer_count & DMA_CH0_TRANS_COUNT_COUNT_BITS;
	dma_channel_abort((uint)capture->dma);
	pio_interrupt_clear(gProgram.pio, capture->sm);
	xsmcSetArrayBuffer(xsResult, capture->words, (capture->wordsMax - left) * sizeof(uint32_t));
}

/* close(capture): at any time; the pin is let go, without its pull-up */
void xs_latchkey_pulses_close(xsMachine *the)
{
	Capture *capture = captureOf(the, &xsArg(0));

	pio_sm_set_enabled(gProgram.pio, capture->sm, false);
	dma_channel_abort((uint)capture->dma);
	dma_channel_unclaim((uint)capture->dma);
	gpio_disable_pulls(capture->pin);
	gpio_deinit(capture->pin);
	pio_interrupt_clear(gProgram.pio, capture->sm);
	releaseMachine(&gProgram, capture->sm);
	builtinFreePin(capture->pin);
	c_free(capture->words);
	capture->words = NULL;
}
