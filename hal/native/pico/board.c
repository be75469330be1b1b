/*
 * What the RP2350 has and the SDK does not show to JavaScript: watchdog, why the chip started,
 * its number, a clock of microseconds, and how much memory is left.
 */
#include <malloc.h>
#include "xsAll.h"
#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"
#include "hardware/structs/powman.h"
#include "hardware/structs/watchdog.h"
#include "hardware/watchdog.h"
#include "pico/time.h"
#include "pico/unique_id.h"

/* Scratch 0 to 3 survive every reset but that of the power (RP2350 datasheet 12.9.3). */
#define PURPOSE_SCRATCH 0
#define PURPOSE_RESTART 0x4c4b5253u /* "LKRS": asked for */
#define PURPOSE_RUNNING 0x4c4b524eu /* "LKRN": the watchdog watches */

enum {
	BOOT_POWER_ON = 0,
	BOOT_BROWNOUT,
	BOOT_RESET,
	BOOT_WATCHDOG,
	BOOT_CRASH,
	BOOT_RESTART
};

static uint8_t gBootReason;

/* Runs before main: whoever restarts the chip later must not change what is found here. */
__attribute__((constructor)) static void readBootReason(void)
{
	uint32_t purpose = watchdog_hw->scratch[PURPOSE_SCRATCH];
	uint32_t reset = powman_hw->chip_reset;

	watchdog_hw->scratch[PURPOSE_SCRATCH] = 0;
	if (watchdog_hw->reason & WATCHDOG_REASON_TIMER_BITS)
		gBootReason = (PURPOSE_RESTART == purpose) ? BOOT_RESTART : BOOT_WATCHDOG;
	else if (watchdog_hw->reason & WATCHDOG_REASON_FORCE_BITS)
		gBootReason = (PURPOSE_RESTART == purpose) ? BOOT_RESTART : BOOT_CRASH;
	else if (reset & POWMAN_CHIP_RESET_HAD_BOR_BITS)
		gBootReason = BOOT_BROWNOUT;
	else if (reset & POWMAN_CHIP_RESET_HAD_POR_BITS)
		gBootReason = BOOT_POWER_ON;
	else
		gBootReason = BOOT_RESET;
}

void xs_latchkey_board_boot_reason(xsMachine *the)
{
	xsmcSetInteger(xsResult, gBootReason);
}

/* 16 hexadecimal digits of the flash chip's unique number */
void xs_latchkey_board_chip_id(xsMachine *the)
{
	char text[2 * PICO_UNIQUE_BOARD_ID_SIZE_BYTES + 1];

	pico_get_unique_board_id_string(text, sizeof(text));
	xsmcSetString(xsResult, text);
}

/* Milliseconds since boot with microseconds behind the point; exact for 285 years. */
void xs_latchkey_board_uptime_ms(xsMachine *the)
{
	xsmcSetNumber(xsResult, (xsNumberValue)time_us_64() / 1000.0);
}

/* watch(periodMs): starts the watchdog, which nothing but a reset stops */
void xs_latchkey_board_watch(xsMachine *the)
{
	xsIntegerValue periodMs = xsmcToInteger(xsArg(0));

	/* RP2350: 24 bits of microseconds. */
	if ((periodMs < 100) || (periodMs > 16000))
		xsRangeError("watchdog: 100 to 16000 ms");
	watchdog_hw->scratch[PURPOSE_SCRATCH] = PURPOSE_RUNNING;
	watchdog_enable((uint32_t)periodMs, true);
}

void xs_latchkey_board_feed(xsMachine *the)
{
	watchdog_update();
}

void xs_latchkey_board_restart(xsMachine *the)
{
	watchdog_hw->scratch[PURPOSE_SCRATCH] = PURPOSE_RESTART;
	watchdog_reboot(0, 0, 0);
	while (true)
		tight_loop_contents();
}

/*
 * Bytes of the engine's memory that are not in use: of the one block that the manifest gives it
 * (`creation.static`) what no heap has claimed, and what is free in the heaps of chunks and slots,
 * once what nobody uses any more is collected: 5 ms, for whoever asks how the board is.
 */
void xs_latchkey_board_heap_free(xsMachine *the)
{
	xsNumberValue unclaimed, chunks, slots;

	xsCollectGarbage();
	unclaimed = the->heap_pend - the->heap_ptr;
	chunks = the->maximumChunksSize - the->currentChunksSize;
	slots = (the->maximumHeapCount - the->currentHeapCount) * (xsNumberValue)sizeof(txSlot);
	xsmcSetNumber(xsResult, unclaimed + chunks + slots);
}
