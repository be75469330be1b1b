/*
 * Why the radio could not join: its driver knows, and the SDK's class for JavaScript does not tell.
 * The number is an index of WIFI_FAILURES in natives.ts.
 */
#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"
#ifdef CYW43_LWIP
	#include "cyw43.h"
#endif

enum {
	FAILURE_UNKNOWN = 0,
	FAILURE_PASSWORD,
	FAILURE_NOT_FOUND
};

void xs_latchkey_wifi_failure(xsMachine *the)
{
	int failure = FAILURE_UNKNOWN;

#ifdef CYW43_LWIP
	int status = cyw43_wifi_link_status(&cyw43_state, CYW43_ITF_STA);

	if (CYW43_LINK_BADAUTH == status)
		failure = FAILURE_PASSWORD;
	else if (CYW43_LINK_NONET == status)
		failure = FAILURE_NOT_FOUND;
#endif
	xsmcSetInteger(xsResult, failure);
}
