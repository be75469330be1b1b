/*
 * The secret that a board may have been given in its one-time programmable memory: 16 rows with
 * error correction, 2 bytes each (RP2350 datasheet 13.1). docs/security.md says how it gets there.
 */
#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"
#include "mc.defines.h"
#include "pico/bootrom.h"

#ifndef MODDEF_LATCHKEY_OTP_SECRET_ROW
	#error "the manifest must define latchkey.otp.secret_row"
#endif

#define SECRET_BYTES 32

/*
 * chipSecret(): ArrayBuffer(32), or undefined when the rows were never written, or are locked.
 * Throws when they cannot be read right: to take another key then would make the sealed one useless.
 */
void xs_latchkey_board_chip_secret(xsMachine *the)
{
	uint8_t secret[SECRET_BYTES] __attribute__((aligned(4)));
	otp_cmd_t command = { .flags = MODDEF_LATCHKEY_OTP_SECRET_ROW | OTP_CMD_ECC_BITS };
	int result = rom_func_otp_access(secret, sizeof(secret), command);
	uint8_t any = 0;
	int i;

	if (BOOTROM_ERROR_NOT_PERMITTED == result)
		return;
	if (result)
		xsUnknownError("the chip's secret cannot be read");
	for (i = 0; i < SECRET_BYTES; i++)
		any |= secret[i];
	if (any)
		xsmcSetArrayBuffer(xsResult, secret, sizeof(secret));
	c_memset(secret, 0, sizeof(secret));
}
