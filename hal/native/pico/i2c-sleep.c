/*
 * I2C transfers during which the processor sleeps. The Pico SDK's own hand one byte at a time to
 * the controller and spin until it has gone: 90 us at 100 kHz, 13,500 cycles for nothing. Here the
 * controller's queue of 16 is filled, and the processor waits for an interrupt or for the time that
 * the queue takes. The linker puts these in place of the SDK's (`--wrap`): same arguments, same
 * results, and a limit on every wait; the SDK's read has one without, in which a clock line that is
 * stuck low hangs the program for good.
 */
#include "hardware/clocks.h"
#include "hardware/i2c.h"
#include "pico/time.h"
#include "idle.h"

#define QUEUE_BYTES 16
/* Refilled when so many are left, so that the bus does not pause. */
#define REFILL_AT 4
#define BITS_PER_BYTE 9

/* Of one byte on the wire, rounded up. */
static uint32_t byteUs(const i2c_inst_t *i2c)
{
	uint32_t ticks = i2c->hw->fs_scl_hcnt + i2c->hw->fs_scl_lcnt;
	uint32_t mhz = clock_get_hz(clk_sys) / 1000000u;

	return BITS_PER_BYTE * ticks / (mhz ? mhz : 1) + 1;
}

/* Until then at most; an interrupt may end it sooner. */
static void rest(uint32_t us, absolute_time_t until)
{
	absolute_time_t at = make_timeout_time_us(us);

	if (absolute_time_diff_us(at, until) < 0)
		at = until;
	latchkeyWait(at);
}

static void begin(i2c_inst_t *i2c, uint8_t addr)
{
	i2c->hw->enable = 0;
	i2c->hw->tar = addr;
	i2c->hw->enable = 1;
	/* Of the transfer before: reading these clears them. */
	(void)i2c->hw->clr_stop_det;
	(void)i2c->hw->clr_tx_abrt;
}

static void queue(i2c_inst_t *i2c, uint32_t word, bool first, bool last, bool nostop)
{
	if (first && i2c->restart_on_next)
		word |= I2C_IC_DATA_CMD_RESTART_BITS;
	if (last && !nostop)
		word |= I2C_IC_DATA_CMD_STOP_BITS;
	i2c->hw->data_cmd = word;
}

static bool hasStopped(const i2c_inst_t *i2c)
{
	return i2c->hw->raw_intr_stat & I2C_IC_RAW_INTR_STAT_STOP_DET_BITS;
}

/* What a refused transfer gives; the controller sends the STOP by itself. */
static int refused(i2c_inst_t *i2c, uint32_t each, absolute_time_t until)
{
	uint32_t reason = i2c->hw->tx_abrt_source;

	(void)i2c->hw->clr_tx_abrt;
	while (!hasStopped(i2c) && !time_reached(until))
		rest(each, until);
	(void)i2c->hw->clr_stop_det;
	return (int)reason;
}

int __wrap_i2c_write_blocking_until(i2c_inst_t *i2c, uint8_t addr, const uint8_t *src, size_t len,
	bool nostop, absolute_time_t until)
{
	uint32_t each = byteUs(i2c);
	size_t sent = 0;

	begin(i2c, addr);
	for (;;) {
		size_t waiting;

		if (i2c->hw->raw_intr_stat & I2C_IC_RAW_INTR_STAT_TX_ABRT_BITS) {
			uint32_t reason = (uint32_t)refused(i2c, each, until);

			i2c->restart_on_next = nostop;
			/* As in the SDK: an address that nobody took is an error, a byte is not. */
			if (reason & I2C_IC_TX_ABRT_SOURCE_ABRT_TXDATA_NOACK_BITS)
				return (int)(sent ? sent - 1 : 0);
			return PICO_ERROR_GENERIC;
		}
		while ((sent < len) && i2c_get_write_available(i2c)) {
			queue(i2c, src[sent], 0 == sent, sent == len - 1, nostop);
			sent++;
		}
		waiting = i2c->hw->txflr;
		if (sent == len) {
			uint32_t seen = i2c->hw->raw_intr_stat;

			if (seen & (nostop ? I2C_IC_RAW_INTR_STAT_TX_EMPTY_BITS : I2C_IC_RAW_INTR_STAT_STOP_DET_BITS)) {
				/*
				 * A refusal ends so as well, and may have come since the look above, while another
				 * interrupt was served. It is raised first, so it is there by now.
				 */
				if (i2c->hw->raw_intr_stat & I2C_IC_RAW_INTR_STAT_TX_ABRT_BITS)
					continue;
				break;
			}
		}
		if (time_reached(until)) {
			i2c->restart_on_next = nostop;
			return PICO_ERROR_TIMEOUT;
		}
		if (sent < len)
			rest((waiting > REFILL_AT ? waiting - REFILL_AT : 1) * each, until);
		else
			rest((waiting + 1) * each, until);
	}
	(void)i2c->hw->clr_stop_det;
	i2c->restart_on_next = nostop;
	return (int)len;
}

int __wrap_i2c_read_blocking_until(i2c_inst_t *i2c, uint8_t addr, uint8_t *dst, size_t len, bool nostop,
	absolute_time_t until)
{
	uint32_t each = byteUs(i2c);
	size_t asked = 0, got = 0;

	begin(i2c, addr);
	while (got < len) {
		if (i2c->hw->raw_intr_stat & I2C_IC_RAW_INTR_STAT_TX_ABRT_BITS) {
			(void)refused(i2c, each, until);
			i2c->restart_on_next = nostop;
			return PICO_ERROR_GENERIC;
		}
		while ((got < asked) && i2c_get_read_available(i2c))
			dst[got++] = (uint8_t)i2c->hw->data_cmd;
		/* Never more than fits into the queue of what comes back. */
		while ((asked < len) && (asked - got < QUEUE_BYTES) && i2c_get_write_available(i2c)) {
			queue(i2c, I2C_IC_DATA_CMD_CMD_BITS, 0 == asked, asked == len - 1, nostop);
			asked++;
		}
		if (got == len)
			break;
		if (time_reached(until)) {
			i2c->restart_on_next = nostop;
			return PICO_ERROR_TIMEOUT;
		}
		rest((asked < len && asked - got > REFILL_AT ? asked - got - REFILL_AT : asked - got) * each, until);
	}
	/* Half a bit later; the next transfer must not take it for its own. */
	while (!nostop && !hasStopped(i2c) && !time_reached(until))
		tight_loop_contents();
	(void)i2c->hw->clr_stop_det;
	i2c->restart_on_next = nostop;
	return (int)len;
}
