/*
 * Sleep between events. In SDK 8.2.3 the wait of the event loop never waits: it measures from the
 * wrong end of the interval, so the CPU runs at full power for nothing. The linker puts this in
 * front of it (`--wrap`): the SDK's loop handles what there is, and the CPU then waits for a
 * message, or for the time of the next timer. An interrupt that posts none, as that of a byte on a
 * bus or of USB's every millisecond, does not send it through timers and queue again.
 */
#include "xsmc.h"
#include "xsHost.h"
#include "hardware/sync.h"
#include "hardware/timer.h"
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

/* Its interrupt ends the sleep; there is nothing else to do. */
static void onAlarm(uint alarm)
{
	(void)alarm;
}

void latchkeyWait(absolute_time_t until)
{
	static int alarm = -1;

	if (alarm < 0) {
		alarm = hardware_alarm_claim_unused(true);
		hardware_alarm_set_callback((uint)alarm, onAlarm);
	}
	/* An alarm that goes off in between has set the event flag, and then the wait ends at once. */
	if (!hardware_alarm_set_target((uint)alarm, until))
		__wfe();
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
		latchkeyWait(until);
	}
}

int __wrap_modMessageService(xsMachine *the, int maxDelayMS)
{
	int more, timerMs;
	uint64_t nowMs;

	/* Before the queue is looked at: what is posted from here on is seen, there or below. */
	latchkeyPosted = 0;
	more = __real_modMessageService(the, 0);
	if (more)
		return more;
	/* What was just handled may have set a timer. Timers are due at whole milliseconds. */
	nowMs = time_us_64() / 1000;
	timerMs = modTimersNext();
	if (timerMs < maxDelayMS)
		maxDelayMS = timerMs;
	if (maxDelayMS > SLEEP_MS_MAX)
		maxDelayMS = SLEEP_MS_MAX;
	if (maxDelayMS > 0)
		sleepUntil(from_us_since_boot((nowMs + (uint64_t)maxDelayMS) * 1000));
	else
		latchkeyTellSerial();
	return more;
}
