/* A PIO program that drives one open-drain pin, with as many state machines as ask for it. */
#ifndef __LATCHKEY_PIO_PROGRAM__
#define __LATCHKEY_PIO_PROGRAM__

#include "hardware/gpio.h"
#include "hardware/pio.h"

typedef struct {
	const pio_program_t *program;
	/* The block that the first user found: it holds the program once for its four machines. */
	PIO pio;
	uint offset;
	uint users;
} PioProgram;

/* A state machine, if one is free; the first user brings the program along. */
static inline bool claimMachine(PioProgram *shared, uint *sm)
{
	if (!shared->users) {
		if (!pio_claim_free_sm_and_add_program(shared->program, &shared->pio, sm, &shared->offset))
			return false;
	}
	else {
		int free = pio_claim_unused_sm(shared->pio, false);
		if (free < 0)
			return false;
		*sm = (uint)free;
	}
	shared->users++;
	return true;
}

static inline void releaseMachine(PioProgram *shared, uint sm)
{
	if (--shared->users)
		pio_sm_unclaim(shared->pio, sm);
	else
		pio_remove_program_and_unclaim_sm(shared->program, shared->pio, sm, shared->offset);
}

/* The pin is never driven high: its output is 0 before it can be an output at all. */
static inline void giveOpenDrain(PioProgram *shared, uint sm, uint pin)
{
	pio_sm_set_pins_with_mask(shared->pio, sm, 0, 1u << pin);
	pio_sm_set_consecutive_pindirs(shared->pio, sm, pin, 1, false);
	pio_gpio_init(shared->pio, pin);
}

#endif
