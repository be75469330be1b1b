/*
 * The boot ROM of the RP2350 with two slots for images: partitions A and B of one table, `try
 * before you buy` (RP2350 datasheet 5.1.16, 5.1.17). Only in images that are built for it
 * (manifests/slots.json).
 */
#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"
#include "mc.defines.h"
#include "boot-slots.h"
#include "boot/picoboot_constants.h"
#include "hardware/flash.h"
#include "hardware/structs/watchdog.h"
#include "hardware/sync.h"
#include "hardware/watchdog.h"
#include "pico/bootrom.h"

/* As in board.c: that the restart was asked for. */
#define PURPOSE_SCRATCH 0
#define PURPOSE_RESTART 0x4c4b5253u
#define REBOOT_DELAY_MS 10

int latchkeyRunningSlot(void)
{
	static int found = SLOT_UNKNOWN;
	boot_info_t info;

	if (SLOT_UNKNOWN == found) {
		found = SLOT_NONE;
		/* Negative without a partition table: then the image lies at the flash's beginning. */
		if (rom_get_boot_info(&info) && ((0 == info.partition) || (1 == info.partition)))
			found = info.partition;
	}
	return found;
}

/* running(): 0 or 1, or -1 where there is no partition table */
void xs_latchkey_slots_running(xsMachine *the)
{
	xsmcSetInteger(xsResult, latchkeyRunningSlot());
}

/* isTrial(): whether the ROM started this image for once, and nobody has kept it */
void xs_latchkey_slots_is_trial(xsMachine *the)
{
	boot_info_t info;

	xsmcSetBoolean(xsResult, rom_get_boot_info(&info)
		&& (info.tbyb_and_update_info & BOOT_TBYB_AND_UPDATE_FLAG_BUY_PENDING));
}

/* start(slot): restarts into the image of a slot, for once; does not return */
void xs_latchkey_slots_start(xsMachine *the)
{
	xsIntegerValue slot = xsmcToInteger(xsArg(0));

	if ((slot < 0) || (slot > 1))
		xsRangeError("no such slot");
	watchdog_hw->scratch[PURPOSE_SCRATCH] = PURPOSE_RESTART;
	rom_reboot(REBOOT2_FLAG_REBOOT_TYPE_FLASH_UPDATE | REBOOT2_FLAG_NO_RETURN_ON_SUCCESS,
		REBOOT_DELAY_MS, XIP_BASE + slotOffset((uint32_t)slot), 0);
	/* It could not: the watchdog ends this, and the ROM starts what it had started. */
	watchdog_reboot(0, 0, 0);
	while (true)
		tight_loop_contents();
}

/*
 * keep(): what runs is started from now on; gives whether that is so. The ROM rewrites the image's
 * first sector without the flag, about 50 ms in which nothing else runs, and stops the watchdog.
 */
void xs_latchkey_slots_keep(xsMachine *the)
{
	uint32_t watched = watchdog_hw->ctrl & WATCHDOG_CTRL_ENABLE_BITS;
	uint32_t interrupts;
	uint8_t *sector;
	int result;

	/* The engine's memory does not move until the next call of the engine. */
	xsmcSetArrayBuffer(xsResult, NULL, FLASH_SECTOR_SIZE + 4);
	sector = xsmcToArrayBuffer(xsResult);
	sector += -(uintptr_t)sector & 3;
	interrupts = save_and_disable_interrupts();
	result = ((rom_explicit_buy_fn)rom_func_lookup_inline(ROM_FUNC_EXPLICIT_BUY))(sector, FLASH_SECTOR_SIZE);
	if (watched) {
		watchdog_update();
		hw_set_bits(&watchdog_hw->ctrl, WATCHDOG_CTRL_ENABLE_BITS);
	}
	restore_interrupts(interrupts);
	xsmcSetBoolean(xsResult, BOOTROM_OK == result);
}
