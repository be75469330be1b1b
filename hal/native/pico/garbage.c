/*
 * Collects garbage while nobody waits. Left to itself the engine collects when a heap is full, which is
 * in the middle of a tap as likely as not: 9 ms, which whoever stands at the door would wait.
 */
#include "xsAll.h"
#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"

/*
 * What is worth a collection. A tap makes 5,200 slots and 67 kB of chunks; after a collection there is
 * room for some 6,200 and 97 kB (manifests/pico.json).
 */
#define SLOTS_MIN 1000
#define CHUNK_BYTES_MIN 16384

/* idle() */
void xs_latchkey_board_idle(xsMachine *the)
{
	/* In use after the last collection here; garbage is part of what is in use until one comes. */
	static txSize slots, chunkBytes;

	if ((the->currentHeapCount - slots < SLOTS_MIN)
			&& (the->currentChunksSize - chunkBytes < CHUNK_BYTES_MIN))
		return;
	xsCollectGarbage();
	slots = the->currentHeapCount;
	chunkBytes = the->currentChunksSize;
}
