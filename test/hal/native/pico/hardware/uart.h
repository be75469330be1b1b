/* What uart-port.c includes of the Pico SDK, over a model of a PL011 (uart-model.c). */
#ifndef LATCHKEY_TEST_UART_H
#define LATCHKEY_TEST_UART_H
#include <stdint.h>

typedef struct {
	uint32_t ifls, imsc;
	uint32_t data[1], shown[1];
} uart_hw_t;

typedef struct {
	uart_hw_t *hw;
} uart_inst_t;

/* Registers that do something when they are touched. */
#define dr data[onData()]
#define fr shown[onFlags()]
#define ris shown[onRaised()]

int onData(void);
int onFlags(void);
int onRaised(void);
uart_hw_t *uart_get_hw(uart_inst_t *uart);

#endif
