/*
 * Sleep between events. In SDK 8.2.3 the wait of the event loop never waits: it measures from the
 * wrong end of the interval, so the CPU runs at full power for nothing. The linker puts this in
 * front of it (`--wrap`): the SDK's loop handles what there is, and the CPU then waits for a
 * message, or for the time of the next timer. An interrupt that posts none, as that of a byte on a
 * bus or of USB's every millisecond, does not send it through timers and queue again.
 */
#include "xsmc.h"
#include "xsHost.h"
#include "pico/time.h"
#include "idle.h"

/* The watchdog is fed from the loop; nothing else needs a turn so soon. */
#define SLEEP_MS_MAX 250

volatile uint8_t latchkeyPosted;

int modTimersNext(void);
int __real_modMessageService(xsMachine *the, int maxDelayMS);
int __real_modMessagePostToMachineFromISR(xsMachine *the, modMessageDeliver callback, void *refcon);
int __real_modMessagePostToMachine(xsMachine *the, uint8_t *message, uint16_t messageLength,
	modMessageDeliver callback, void *refcon);

int __wrap_modMessagePostToMachine(xsMachine *the, uint8_t *message, uint16_t messageLength,
	modMessageDeliver callback, void *refcon)
{
	int result = __real_modMessagePostToMachine(the, message, messageLength, callback, refcon);

	latchkeyPosted = 1;
	return result;
}

int __wrap_modMessagePostToMachineFromISR(xsMachine *the, modMessageDeliver callback, void *refcon)
{
	int result = __real_modMessagePostToMachineFromISR(the, callback, refcon);

	latchkeyPosted = 1;
	return result;
}

/*
 * A message that an interrupt posts sets the event flag as well (`__sev`), and then the wait ends
 * before it begins.
 */
static void sleepUntil(absolute_time_t until)
{
	for (;;) {
		latchkeyTellSerial();
		if (latchkeyPosted || time_reached(until))
			return;
		best_effort_wfe_or_timeout(until);
	}
}

int __wrap_modMessageService(xsMachine *the, int maxDelayMS)
{
	int more, timerMs;

	/* Before the queue is looked at: what is posted from here on is seen, there or below. */
	latchkeyPosted = 0;
	more = __real_modMessageService(the, 0);
	if (more)
		return more;
	/* What was just handled may have set a timer. */
	timerMs = modTimersNext();
	if (timerMs < maxDelayMS)
		maxDelayMS = timerMs;
	/* Below 2 ms there is not time enough for a sleep. */
	if (maxDelayMS >= 2) {
		if (maxDelayMS > SLEEP_MS_MAX)
			maxDelayMS = SLEEP_MS_MAX;
		sleepUntil(make_timeout_time_ms((uint32_t)maxDelayMS));
	}
	else
		latchkeyTellSerial();
	return more;
}
