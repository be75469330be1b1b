/* What `../pico/board.c`, `random.c`, `chip-secret.c` and `usb-console.c` are on a board. */
#include <fcntl.h>
#include <sys/random.h>
#include "xsAll.h"
#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"
#include "node.h"

#define CHIP_BYTES 8
#define RANDOM_MAX 1024
#define POWER_ON 0

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1000.0 + (double)time.tv_nsec / 1e6;
}

void xs_latchkey_board_boot_reason(xsMachine *the)
{
	xsmcSetInteger(xsResult, POWER_ON);
}

/* 16 hexadecimal digits, drawn once for each folder. */
void xs_latchkey_board_chip_id(xsMachine *the)
{
	char path[512], text[2 * CHIP_BYTES + 1];
	uint8_t chip[CHIP_BYTES];
	int i, file = open(deskPath("chip", path, sizeof(path)), O_RDWR | O_CREAT, 0600);

	if (file < 0)
		deskFail(path);
	if (CHIP_BYTES != read(file, chip, CHIP_BYTES)) {
		if ((CHIP_BYTES != getrandom(chip, CHIP_BYTES, 0)) || (CHIP_BYTES != pwrite(file, chip, CHIP_BYTES, 0)))
			deskFail(path);
	}
	close(file);
	for (i = 0; i < CHIP_BYTES; i++)
		snprintf(text + 2 * i, 3, "%02X", chip[i]);
	xsmcSetString(xsResult, text);
}

/* There is no OTP: the key of the board comes out of its flash, as on a board without one. */
void xs_latchkey_board_chip_secret(xsMachine *the)
{
	(void)the;
}

void xs_latchkey_board_uptime_ms(xsMachine *the)
{
	static double start;

	if (0 == start)
		start = now();
	xsmcSetNumber(xsResult, now() - start);
}

/* Nobody restarts a program that hangs on a desk but whoever looks at it. */
void xs_latchkey_board_watch(xsMachine *the)
{
	(void)the;
}

void xs_latchkey_board_feed(xsMachine *the)
{
	(void)the;
}

void xs_latchkey_board_restart(xsMachine *the)
{
	(void)the;
	deskRestart();
}

/* Of what is claimed; the heap of a desk grows. */
void xs_latchkey_board_heap_free(xsMachine *the)
{
	xsNumberValue chunks = the->maximumChunksSize - the->currentChunksSize;
	xsNumberValue slots = (the->maximumHeapCount - the->currentHeapCount) * (xsNumberValue)sizeof(txSlot);

	xsmcSetNumber(xsResult, chunks + slots);
}

void xs_latchkey_random_bytes(xsMachine *the)
{
	uint8_t bytes[RANDOM_MAX];
	xsIntegerValue length = xsmcToInteger(xsArg(0));

	if ((length < 0) || (length > RANDOM_MAX))
		xsRangeError("random: at most 1024 bytes");
	if (length != getrandom(bytes, length, 0))
		return;
	xsmcSetArrayBuffer(xsResult, bytes, length);
	c_memset(bytes, 0, sizeof(bytes));
}

/* The port on which a board says what it does, terminal or not: standard output. */
void xs_latchkey_usb_room(xsMachine *the)
{
	xsmcSetInteger(xsResult, 4096);
}

void xs_latchkey_usb_read(xsMachine *the)
{
	(void)the;
}

void xs_latchkey_usb_write(xsMachine *the)
{
	void *data;
	xsUnsignedValue length;

	xsmcGetBufferReadable(xsArg(0), &data, &length);
	fwrite(data, 1, length, stdout);
	fflush(stdout);
	xsmcSetInteger(xsResult, length);
}

/* There is no radio. */
void xs_latchkey_wifi_failure(xsMachine *the)
{
	xsmcSetInteger(xsResult, 0);
}

/* No pin of a desk has levels to time, or a bus. */
void xs_latchkey_pulses_open(xsMachine *the)
{
	xsUnknownError("a desk has no pins");
}

void xs_latchkey_pulses_start(xsMachine *the)
{
	xsUnknownError("a desk has no pins");
}

void xs_latchkey_pulses_words(xsMachine *the)
{
	(void)the;
}

void xs_latchkey_pulses_close(xsMachine *the)
{
	(void)the;
}

void xs_latchkey_one_wire_open(xsMachine *the)
{
	xsUnknownError("a desk has no pins");
}

void xs_latchkey_one_wire_reset(xsMachine *the)
{
	(void)the;
}

void xs_latchkey_one_wire_slots(xsMachine *the)
{
	(void)the;
}

void xs_latchkey_one_wire_levels(xsMachine *the)
{
	(void)the;
}

void xs_latchkey_one_wire_close(xsMachine *the)
{
	(void)the;
}
