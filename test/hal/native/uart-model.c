/*
 * The RP2350's UART (PL011, datasheet 12.1) for uart-port.c, a line at its other end and a program
 * that reads and writes when it likes. Time goes by bits. Arguments: a seed, 0 for
 * a line that never pauses, how many bytes come and go, how many bits the program is away at most,
 * and for how many interrupts are held off at most. Prints what was lost and told, or what went wrong.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../../../hal/native/uart/uart-port.h"

#define FIFO 32
#define BYTE_BITS 10
#define SILENT_BITS 32
/* Stands in the data register until the program writes there. */
#define UNTOUCHED 0x80000000u
#define BYTES_MAX 200000

static uart_hw_t gHw;
static uart_inst_t gUart = { &gHw };
static UartPort gPort;
static uint8_t gRx[FIFO], gTx[FIFO];
static int gRxCount, gTxCount, gSinceByte, gSending, gArriving, gQuiet, gLost, gTouched, gPended;
static uint8_t gSent[BYTES_MAX], gRead[BYTES_MAX], gHeard[BYTES_MAX];
static int gCame, gSentCount, gReadCount, gHeardCount, gTold, gInterrupts, gPauses;
static uint64_t gState;

static uint32_t draw(uint32_t below)
{
	gState = gState * 6364136223846793005u + 1442695040888963407u;
	return below ? (uint32_t)(gState >> 33) % below : 0;
}

static void fail(const char *why)
{
	printf("broken: %s\n", why);
	exit(1);
}

static uint8_t nth(int n) { return (uint8_t)(n * 7 + (n >> 8)); }

static void settle(void)
{
	if (!gTouched)
		return;
	gTouched = 0;
	if (gHw.data[0] & UNTOUCHED) {
		if (!gRxCount)
			fail("read from an empty FIFO");
		memmove(gRx, gRx + 1, (size_t)--gRxCount);
	}
	else {
		if (FIFO == gTxCount)
			fail("wrote into a full FIFO");
		gTx[gTxCount++] = (uint8_t)gHw.data[0];
	}
}

uart_hw_t *uart_get_hw(uart_inst_t *uart) { return uart->hw; }

int onData(void)
{
	settle();
	gTouched = 1;
	gHw.data[0] = UNTOUCHED | gRx[0];
	return 0;
}

int onFlags(void)
{
	settle();
	gHw.shown[0] = (gRxCount ? 0 : 1u << 4) | (FIFO == gTxCount ? 1u << 5 : 0);
	return 0;
}

static uint32_t raised(void)
{
	static const int LEVELS[] = { 4, 8, 16, 24, 28 };

	return ((gRxCount >= LEVELS[(gHw.ifls >> 3) & 7]) ? 1u << 4 : 0) |
		((gTxCount <= LEVELS[gHw.ifls & 7]) ? 1u << 5 : 0) |
		((gRxCount && (gSinceByte >= SILENT_BITS)) ? 1u << 6 : 0);
}

int onRaised(void)
{
	settle();
	gHw.shown[0] = raised();
	return 0;
}

/* One bit's time on the line; `coming` bytes are still to come, with pauses. */
static void bit(int *coming)
{
	if (gSending && !--gSending) {
		if (gSentCount < BYTES_MAX)
			gSent[gSentCount++] = gTx[0];
		memmove(gTx, gTx + 1, (size_t)--gTxCount);
	}
	if (!gSending && gTxCount)
		gSending = BYTE_BITS;
	gSinceByte++;
	if (gArriving && !--gArriving) {
		if (FIFO == gRxCount)
			gLost++;
		else
			gHeard[gHeardCount++] = gRx[gRxCount++] = nth(gCame);
		gCame++;
		gSinceByte = 0;
		(*coming)--;
	}
	if (gQuiet)
		gQuiet--;
	else if (!gArriving && *coming) {
		gArriving = BYTE_BITS;
		if (gPauses && (0 == draw(40)))
			gQuiet = (int)draw(400);
	}
}

int main(int argc, char **argv)
{
	int coming, total, away, heldOff, out = 0, held = 0, asleep = 0, idle = 0, known = 0, kept = 0, i;

	if (argc != 5)
		return 2;
	gState = (uint64_t)atoi(argv[1]);
	gPauses = 0 != atoi(argv[1]);
	total = coming = atoi(argv[2]);
	away = atoi(argv[3]);
	heldOff = atoi(argv[4]);
	gHw.ifls = 0x12;
	uartPortStart(&gPort, &gUart);
	gPended = 1;
	while (idle < 2000) {
		bit(&coming);
		if (held)
			held--;
		else if (gPended || (raised() & gHw.imsc)) {
			gPended = 0;
			gInterrupts++;
			uartPortInterrupt(&gPort);
			settle();
			if (0 == draw(50))
				held = (int)draw((uint32_t)heldOff);
		}
		if (asleep) {
			asleep--;
			continue;
		}
		kept = (!gPort.news && !held && (gSinceByte > SILENT_BITS) &&
			(gRxCount || uartPortWaiting(&gPort))) ? kept + 1 : 0;
		if (kept > 2)
			fail("bytes are kept although the line is silent");
		if (gPort.news) {
			uint8_t news = uartPortNews(&gPort);

			gTold++;
			if (news & UART_READABLE) {
				uint8_t bytes[UART_IN_BYTES];
				size_t count = uartPortRead(&gPort, bytes, sizeof(bytes));

				if (!count)
					fail("told of bytes that are not there");
				memcpy(gRead + gReadCount, bytes, count);
				gReadCount += (int)count;
				gPended = 1;
			}
			if (news & UART_WRITABLE) {
				known = (int)uartPortRoom(&gPort);
				if (!known)
					fail("told of room that is not there");
			}
			asleep = (int)draw((uint32_t)away);
		}
		if (known && (out < total)) {
			uint8_t bytes[UART_OUT_BYTES];
			int count = 1 + (int)draw((uint32_t)known);

			if (count > total - out)
				count = total - out;
			for (i = 0; i < count; i++)
				bytes[i] = nth(out + i);
			if (!uartPortWrite(&gPort, bytes, (size_t)count))
				fail("no room, although there was said to be");
			known -= count;
			out += count;
			gPended = 1;
		}
		idle = (coming || gTxCount || (out < total)) ? 0 : idle + 1;
	}
	if (out < total)
		fail("never told of room again");
	if (gSentCount != total)
		fail("not all was sent");
	for (i = 0; i < total; i++)
		if (gSent[i] != nth(i))
			fail("sent something else");
	if ((gReadCount != gHeardCount) || (gReadCount + gLost != total))
		fail("bytes came and were never told of");
	if (memcmp(gRead, gHeard, (size_t)gHeardCount))
		fail("read something else");
	printf("lost %d told %d interrupts %d\n", gLost, gTold, gInterrupts);
	return 0;
}
