/*
 * Sleep between events. In SDK 8.2.3 the wait of the event loop never waits: it measures from the
 * wrong end of the interval, so the CPU runs at full power for nothing. The linker puts this in
 * front of it (`--wrap`): the SDK's loop handles what there is, and the CPU then waits for an
 * interrupt, or for the time of the next timer.
 */
#include "xsmc.h"
#include "xsHost.h"
#include "pico/time.h"

/* The watchdog is fed from the loop; nothing else needs a turn so soon. */
#define SLEEP_MS_MAX 250

int __real_modMessageService(xsMachine *the, int maxDelayMS);

int __wrap_modMessageService(xsMachine *the, int maxDelayMS)
{
	int more = __real_modMessageService(the, 0);

	/*
	 * A message that an interrupt posts from here on sets the event flag (`__sev`), and then the
	 * wait ends before it begins. Below 2 ms the SDK's wait is not to be trusted.
	 */
	if (!more && (maxDelayMS >= 2)) {
		if (maxDelayMS > SLEEP_MS_MAX)
			maxDelayMS = SLEEP_MS_MAX;
		best_effort_wfe_or_timeout(make_timeout_time_ms((uint32_t)maxDelayMS));
	}
	return more;
}
