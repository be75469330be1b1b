/*
 * Random bytes from the TRNG of the RP2350: raw samples of its ring oscillator, health-tested,
 * condensed by the chip's SHA-256 block. There is no fallback: when the source fails its test,
 * JavaScript gets `undefined`, and C (TLS) gets a panic, which is a restart.
 */
#include <stdlib.h>
#include <string.h>
#include "xsmc.h"
#include "xsHost.h"
#include "mc.xs.h"
#include "hardware/structs/trng.h"
#include "hardware/structs/sha256.h"
#include "hardware/resets.h"
#include "hardware/sync.h"
#include "random-health.h"

#define EHR_WORDS 6
/* Clock cycles between two samples: 1 would give runs that tell more of the clock than of noise. */
#define SAMPLE_CYCLES 100
#define OUTPUT_BYTES 32
/* 6 x 192 raw bits for 256: enough down to 0.3 bits of entropy in each (with a margin of 64). */
#define GATHER_ROUNDS 6
#define GATHER_WORDS (EHR_WORDS * GATHER_ROUNDS)
/* 192 samples take 20,000 cycles; a look takes some ten. */
#define BUSY_LOOKS_MAX 100000u
/* SP 800-90B 4.3: at least 1024 samples before the first is used. */
#define STARTUP_BITS 4096u

static RandomHealth gHealth;
static uint8_t gStarted;
static uint8_t gFailed;
static uint8_t gPool[OUTPUT_BYTES];
static uint8_t gPoolLeft;

/*
 * 192 raw bits of the oscillator. The block's own checks off: they would hide a dead source.
 * Interrupts wait meanwhile, 130 us: lwIP draws from the same block through `pico_rand`, with
 * other settings, and a word that it took away reads as zero, which would be a dead source to us.
 */
static int sample(uint32_t words[EHR_WORDS])
{
	uint32_t looks = 0, interrupts;
	int i, bit, ready;

	interrupts = save_and_disable_interrupts();
	trng_hw->sample_cnt1 = SAMPLE_CYCLES;
	trng_hw->trng_debug_control = ~0u;
	trng_hw->rnd_source_enable = ~0u;
	trng_hw->rng_icr = ~0u;
	while (trng_hw->trng_busy && (++looks < BUSY_LOOKS_MAX))
		;
	ready = looks < BUSY_LOOKS_MAX;
	for (i = 0; i < EHR_WORDS; i++)
		words[i] = trng_hw->ehr_data[i];
	restore_interrupts(interrupts);
	if (!ready)
		return 0;
	for (i = 0; i < EHR_WORDS; i++) {
		for (bit = 0; bit < 32; bit++) {
			if (!randomHealthTake(&gHealth, (words[i] >> bit) & 1))
				return 0;
		}
	}
	return 1;
}

/* SHA-256 of `count` words and of the output before, in the chip's block. */
static void condense(const uint32_t *words, int count, const uint8_t before[OUTPUT_BYTES], uint8_t out[OUTPUT_BYTES])
{
	static const uint32_t BLOCK_WORDS = 16;
	uint32_t message[64];
	uint32_t total = (uint32_t)count + OUTPUT_BYTES / 4, padded, i;

	memset(message, 0, sizeof(message));
	memcpy(message, before, OUTPUT_BYTES);
	memcpy(message + OUTPUT_BYTES / 4, words, (size_t)count * 4);
	/* Padding of FIPS 180-4 5.1.1; the block swaps the bytes of every word. */
	message[total] = 0x80;
	padded = ((total + 3 + BLOCK_WORDS - 1) / BLOCK_WORDS) * BLOCK_WORDS;
	message[padded - 1] = __builtin_bswap32(total * 32);

	hw_set_bits(&sha256_hw->csr, SHA256_CSR_START_BITS | SHA256_CSR_BSWAP_BITS);
	for (i = 0; i < padded; i++) {
		while (!(sha256_hw->csr & SHA256_CSR_WDATA_RDY_BITS))
			;
		sha256_hw->wdata = message[i];
	}
	while (!(sha256_hw->csr & SHA256_CSR_SUM_VLD_BITS))
		;
	for (i = 0; i < OUTPUT_BYTES / 4; i++) {
		uint32_t word = __builtin_bswap32(sha256_hw->sum[i]);
		memcpy(out + 4 * i, &word, 4);
	}
	memset(message, 0, sizeof(message));
}

static int start(void)
{
	uint32_t words[EHR_WORDS];
	uint32_t bits;

	unreset_block_num_wait_blocking(RESET_TRNG);
	unreset_block_num_wait_blocking(RESET_SHA256);
	randomHealthStart(&gHealth);
	for (bits = 0; bits < STARTUP_BITS; bits += 32 * EHR_WORDS) {
		if (!sample(words))
			return 0;
	}
	return 1;
}

/* Once failed, failed until the next reset. */
static int fill(uint8_t *out, size_t length)
{
	uint32_t words[GATHER_WORDS];
	int round;

	if (!gStarted && !gFailed) {
		gStarted = 1;
		gFailed = !start();
	}
	while (!gFailed && length) {
		size_t use;
		if (0 == gPoolLeft) {
			for (round = 0; (round < GATHER_ROUNDS) && !gFailed; round++)
				gFailed = !sample(words + EHR_WORDS * round);
			if (gFailed)
				break;
			condense(words, GATHER_WORDS, gPool, gPool);
			gPoolLeft = OUTPUT_BYTES;
		}
		use = length < gPoolLeft ? length : gPoolLeft;
		memcpy(out, gPool + OUTPUT_BYTES - gPoolLeft, use);
		/* What was given out is not kept. */
		memset(gPool + OUTPUT_BYTES - gPoolLeft, 0, use);
		gPoolLeft -= use;
		out += use;
		length -= use;
	}
	memset(words, 0, sizeof(words));
	return !gFailed;
}

/* bytes(length): ArrayBuffer, or undefined when the source is not healthy */
void xs_latchkey_random_bytes(xsMachine *the)
{
	xsIntegerValue length = xsmcToInteger(xsArg(0));
	uint8_t chunk[64];
	xsIntegerValue done;

	if ((length < 0) || (length > 1024))
		xsRangeError("random: 0 to 1024 bytes");
	xsmcSetArrayBuffer(xsResult, NULL, length);
	for (done = 0; done < length; done += sizeof(chunk)) {
		xsIntegerValue use = length - done;
		if (use > (xsIntegerValue)sizeof(chunk))
			use = sizeof(chunk);
		if (!fill(chunk, use)) {
			xsmcSetUndefined(xsResult);
			return;
		}
		xsmcSetArrayBufferData(xsResult, done, chunk, use);
	}
	memset(chunk, 0, sizeof(chunk));
}

/*
 * The C library's generator is never seeded on the Pico, and the SDK's TLS and Math.random end in
 * it: every board would make the same keys. These take its place; a program that defines them
 * keeps those of the library out.
 */
int rand(void)
{
	uint32_t value;

	if (!fill((uint8_t *)&value, sizeof(value)))
		panic("random source unhealthy");
	return (int)(value & RAND_MAX);
}

void srand(unsigned int seed)
{
	(void)seed;
}
