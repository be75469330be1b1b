/* What the PIO's users include of the Pico SDK, over a model of the pins (pio-model.c). */
#ifndef LATCHKEY_TEST_GPIO_H
#define LATCHKEY_TEST_GPIO_H
#include "pico/types.h"

void gpio_pull_down(uint pin);
void gpio_disable_pulls(uint pin);
void gpio_deinit(uint pin);

#endif
