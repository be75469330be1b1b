/*
 * What i2c-sleep.c includes of the Pico SDK, over a model of the controller (i2c-controller.c).
 * Registers that do something when they are touched are macros that call the model first.
 */
#ifndef LATCHKEY_TEST_I2C_H
#define LATCHKEY_TEST_I2C_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct {
	volatile uint32_t tar, fs_scl_hcnt, fs_scl_lcnt, tx_abrt_source;
	volatile uint32_t gate[1], port[1], shown[1];
} i2c_hw_t;

typedef struct {
	i2c_hw_t *hw;
	bool restart_on_next;
} i2c_inst_t;

typedef uint64_t absolute_time_t;

#define enable gate[onEnable()]
#define data_cmd port[onData()]
#define raw_intr_stat shown[onStatus()]
#define txflr shown[onLevel()]
#define clr_stop_det shown[onClearStop()]
#define clr_tx_abrt shown[onClearAbort()]

/* RP2350 datasheet 12.2.17: IC_DATA_CMD, IC_RAW_INTR_STAT, IC_TX_ABRT_SOURCE */
#define I2C_IC_DATA_CMD_CMD_BITS 0x100u
#define I2C_IC_DATA_CMD_STOP_BITS 0x200u
#define I2C_IC_DATA_CMD_RESTART_BITS 0x400u
#define I2C_IC_RAW_INTR_STAT_TX_EMPTY_BITS 0x010u
#define I2C_IC_RAW_INTR_STAT_TX_ABRT_BITS 0x040u
#define I2C_IC_RAW_INTR_STAT_STOP_DET_BITS 0x200u
#define I2C_IC_TX_ABRT_SOURCE_ABRT_TXDATA_NOACK_BITS 0x8u

/* pico/error.h */
#define PICO_ERROR_GENERIC (-1)
#define PICO_ERROR_TIMEOUT (-2)

enum { clk_sys };

int onEnable(void);
int onData(void);
int onStatus(void);
int onLevel(void);
int onClearStop(void);
int onClearAbort(void);

uint32_t clock_get_hz(int clock);
size_t i2c_get_write_available(i2c_inst_t *i2c);
size_t i2c_get_read_available(i2c_inst_t *i2c);
absolute_time_t make_timeout_time_us(uint64_t us);
int64_t absolute_time_diff_us(absolute_time_t from, absolute_time_t to);
void latchkeyWait(absolute_time_t at);
bool time_reached(absolute_time_t at);
void tight_loop_contents(void);

int __wrap_i2c_write_blocking_until(i2c_inst_t *i2c, uint8_t addr, const uint8_t *src, size_t len,
	bool nostop, absolute_time_t until);
int __wrap_i2c_read_blocking_until(i2c_inst_t *i2c, uint8_t addr, uint8_t *dst, size_t len, bool nostop,
	absolute_time_t until);

#endif
