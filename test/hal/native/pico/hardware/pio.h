/* What the PIO's users include of the Pico SDK, over a model of the blocks (pio-model.c). */
#ifndef LATCHKEY_TEST_PIO_H
#define LATCHKEY_TEST_PIO_H
#include "pico/types.h"

#define NUM_PIO_STATE_MACHINES 4

typedef struct PioBlock *PIO;

typedef struct {
	uint8_t length;
} pio_program_t;

typedef struct {
	uint in, out, set, jump;
	float divider;
} pio_sm_config;

bool pio_claim_free_sm_and_add_program(const pio_program_t *program, PIO *pio, uint *sm, uint *offset);
void pio_remove_program_and_unclaim_sm(const pio_program_t *program, PIO pio, uint sm, uint offset);
int pio_claim_unused_sm(PIO pio, bool required);
void pio_sm_unclaim(PIO pio, uint sm);

void sm_config_set_in_pins(pio_sm_config *config, uint pin);
void sm_config_set_out_pins(pio_sm_config *config, uint pin, uint count);
void sm_config_set_set_pins(pio_sm_config *config, uint pin, uint count);
void sm_config_set_jmp_pin(pio_sm_config *config, uint pin);
void sm_config_set_clkdiv(pio_sm_config *config, float divider);

void pio_gpio_init(PIO pio, uint pin);
void pio_sm_set_pins_with_mask(PIO pio, uint sm, uint32_t values, uint32_t mask);
void pio_sm_set_consecutive_pindirs(PIO pio, uint sm, uint pin, uint count, bool isOutput);
void pio_sm_init(PIO pio, uint sm, uint address, const pio_sm_config *config);
void pio_sm_set_enabled(PIO pio, uint sm, bool isEnabled);
void pio_sm_put(PIO pio, uint sm, uint32_t word);
uint8_t pio_sm_get_pc(PIO pio, uint sm);
bool pio_sm_is_rx_fifo_empty(PIO pio, uint sm);
uint32_t pio_sm_get(PIO pio, uint sm);

#endif
