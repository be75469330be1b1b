/*
 * The I2C controller of the RP2350 (datasheet 12.2) with one target on its bus, for i2c-sleep.c. It
 * runs on a clock of its own, and ends with a sentence when a queue is overrun. Reads a transfer a
 * line, answers with its result, what was on the wire, how often the processor woke, and how long
 * it took in microseconds:
 *   w|r LENGTH NOSTOP PRESENT REFUSED-AT STUCK-AT STRETCHED-US WAKE-US STOLEN-US TIMEOUT-US
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "hardware/i2c.h"

#define QUEUE 16
#define HERE 0x24u
#define NEVER UINT64_MAX
/* Stands in the data register until the program writes there. */
#define UNTOUCHED 0x80000000u
#define BIT_TICKS 1500u
#define MHZ 150u

typedef struct {
	uint32_t words[QUEUE];
	int length;
} Queue;

static i2c_hw_t gHw;
static i2c_inst_t gI2c = { &gHw, false };
static Queue gOut, gIn;
static uint64_t gNow, gDone;
static uint32_t gRaised, gCommand;
static bool gBusy, gHeld, gReading, gTouched, gOn, gUnanswered;
static int gCount, gWakes, gNext;
static char gWire[16384];

/* The target and the bus, of this transfer. */
static int gPresent, gRefusedAt, gStuckAt, gStretchedUs, gWakeUs;
/* How long another interrupt is served between any two looks at a register. */
static int gStolenUs;

static void fail(const char *why)
{
	printf("broken: %s\n", why);
	exit(1);
}

static void say(const char *text)
{
	if (strlen(gWire) + strlen(text) + 1 > sizeof(gWire))
		fail("too much on the wire");
	strcat(gWire, text);
}

static void put(Queue *queue, uint32_t word)
{
	if (QUEUE == queue->length)
		fail("a queue is overrun");
	queue->words[queue->length++] = word;
}

static uint32_t take(Queue *queue)
{
	uint32_t word = queue->words[0];

	if (0 == queue->length)
		fail("read from an empty queue");
	memmove(queue->words, queue->words + 1, sizeof(uint32_t) * (size_t)--queue->length);
	return word;
}

static void stop(void)
{
	say("P");
	gHeld = false;
	gRaised |= I2C_IC_RAW_INTR_STAT_STOP_DET_BITS;
}

/* 12.2.12: the rest of the queue is flushed and counted, a STOP follows. */
static void refuse(uint32_t reason)
{
	gHw.tx_abrt_source = reason | ((uint32_t)gOut.length << 23);
	gOut.length = 0;
	gBusy = false;
	gRaised |= I2C_IC_RAW_INTR_STAT_TX_ABRT_BITS;
	stop();
}

static void begin(void)
{
	uint32_t bits = 9;

	gCommand = take(&gOut);
	gBusy = true;
	gReading = 0 != (gCommand & I2C_IC_DATA_CMD_CMD_BITS);
	if (!gHeld || (gCommand & I2C_IC_DATA_CMD_RESTART_BITS)) {
		say(gHeld ? "R" : "S");
		say(gReading ? "r" : "w");
		gHeld = true;
		gCount = 0;
		gUnanswered = !gPresent || (gHw.tar != HERE);
		bits += gUnanswered ? 0 : 9;
	}
	gDone = gNow + bits * BIT_TICKS / MHZ + (0 == gCount ? (uint64_t)gStretchedUs : 0);
	if (gCount == gStuckAt)
		gDone = NEVER;
}

static void finish(void)
{
	char text[8];

	gBusy = false;
	if (gUnanswered) {
		gUnanswered = false;
		refuse(1);
		return;
	}
	if (gReading) {
		put(&gIn, (uint32_t)gNext);
		snprintf(text, sizeof(text), "%02x", gNext++ & 0xff);
	} else
		snprintf(text, sizeof(text), "%02x", gCommand & 0xff);
	say(text);
	if (!gReading && (gCount++ == gRefusedAt)) {
		refuse(I2C_IC_TX_ABRT_SOURCE_ABRT_TXDATA_NOACK_BITS);
		return;
	}
	gCount += gReading;
	if (gCommand & I2C_IC_DATA_CMD_STOP_BITS)
		stop();
}

/* What happens up to that time. */
static void run(uint64_t until)
{
	for (;;) {
		if (!gBusy && gOut.length && !(gRaised & I2C_IC_RAW_INTR_STAT_TX_ABRT_BITS))
			begin();
		if (!gBusy || (gDone > until))
			break;
		gNow = gDone;
		finish();
	}
	gNow = until;
}

/* What the program did to the register that it touched last. */
static void settle(void)
{
	if (gTouched) {
		gTouched = false;
		if (gHw.port[0] & UNTOUCHED)
			take(&gIn);
		else if (!(gRaised & I2C_IC_RAW_INTR_STAT_TX_ABRT_BITS))
			put(&gOut, gHw.port[0]);
	}
	if (gOn && !gHw.gate[0]) {
		gOut.length = gIn.length = 0;
		/* A transfer that was under way is over; a bus that is held for the next one stays held. */
		gHeld = gHeld && !gBusy;
		gBusy = false;
	}
	gOn = gHw.gate[0];
	run(gNow + (uint64_t)gStolenUs);
}

int onEnable(void) { settle(); return 0; }
int onData(void)
{
	settle();
	gTouched = true;
	gHw.port[0] = UNTOUCHED | (gIn.length ? gIn.words[0] : 0);
	return 0;
}
int onStatus(void)
{
	settle();
	gHw.shown[0] = gRaised;
	if (!gBusy && (0 == gOut.length))
		gHw.shown[0] |= I2C_IC_RAW_INTR_STAT_TX_EMPTY_BITS;
	return 0;
}
int onLevel(void) { settle(); gHw.shown[0] = (uint32_t)gOut.length; return 0; }
int onClearStop(void) { settle(); gRaised &= ~I2C_IC_RAW_INTR_STAT_STOP_DET_BITS; return 0; }
int onClearAbort(void) { settle(); gRaised &= ~I2C_IC_RAW_INTR_STAT_TX_ABRT_BITS; return 0; }

uint32_t clock_get_hz(int clock) { (void)clock; return MHZ * 1000000u; }
size_t i2c_get_write_available(i2c_inst_t *i2c) { (void)i2c; settle(); return (size_t)(QUEUE - gOut.length); }
size_t i2c_get_read_available(i2c_inst_t *i2c) { (void)i2c; settle(); return (size_t)gIn.length; }
absolute_time_t make_timeout_time_us(uint64_t us) { return gNow + us; }
int64_t absolute_time_diff_us(absolute_time_t from, absolute_time_t to) { return (int64_t)(to - from); }
bool time_reached(absolute_time_t at) { settle(); return gNow >= at; }
void tight_loop_contents(void) { settle(); run(gNow + 1); }

/* Other interrupts wake the processor as well. */
void latchkeyWait(absolute_time_t at)
{
	settle();
	gWakes++;
	run(gWakeUs && (gNow + (uint64_t)gWakeUs < at) ? gNow + (uint64_t)gWakeUs : at);
}

int main(void)
{
	char kind;
	int length, nostop, timeoutUs, i;
	uint8_t bytes[512];

	gHw.fs_scl_hcnt = BIT_TICKS / 2;
	gHw.fs_scl_lcnt = BIT_TICKS / 2;
	while (10 == scanf(" %c %d %d %d %d %d %d %d %d %d", &kind, &length, &nostop, &gPresent, &gRefusedAt, &gStuckAt,
		&gStretchedUs, &gWakeUs, &gStolenUs, &timeoutUs)) {
		uint64_t from = gNow;
		int result;

		gWire[0] = 0;
		gWakes = 0;
		for (i = 0; i < length; i++)
			bytes[i] = (uint8_t)(3 * i + 1);
		if ('w' == kind)
			result = __wrap_i2c_write_blocking_until(&gI2c, HERE, bytes, (size_t)length, nostop, from + (uint64_t)timeoutUs);
		else {
			gNext = 0x40;
			memset(bytes, 0, sizeof(bytes));
			result = __wrap_i2c_read_blocking_until(&gI2c, HERE, bytes, (size_t)length, nostop, from + (uint64_t)timeoutUs);
			for (i = 0; (i < length) && (result == length); i++)
				if (bytes[i] != (uint8_t)(0x40 + i))
					fail("another byte than the target sent");
		}
		settle();
		printf("%d %s %d %d\n", result, gWire[0] ? gWire : "-", gWakes, (int)(gNow - from));
	}
	return 0;
}
