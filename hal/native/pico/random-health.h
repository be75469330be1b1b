/*
 * Health tests of a noise source that gives one bit at a time (NIST SP 800-90B 4.4), written so
 * that the host can compile and test the very same lines. `random-health.ts` is their twin.
 */
#ifndef LATCHKEY_RANDOM_HEALTH_H
#define LATCHKEY_RANDOM_HEALTH_H

#include <stdint.h>

/*
 * For at least 0.3 bits of entropy a sample, both tests fail a good source once in 2^30 samples:
 * repetition count 1 + 30 / 0.3; adaptive proportion 1 + the critical value of the binomial
 * distribution for 1024 samples of probability 2^-0.3 at 1 - 2^-30.
 */
#define RANDOM_REPETITION_MAX 101u
#define RANDOM_WINDOW 1024u
#define RANDOM_PROPORTION_MAX 904u

typedef struct {
	uint32_t run;
	uint32_t seen;
	uint32_t same;
	uint8_t last;
	uint8_t first;
	uint8_t failed;
} RandomHealth;

static inline void randomHealthStart(RandomHealth *health)
{
	health->run = health->seen = health->same = 0;
	health->last = health->first = health->failed = 0;
}

/* Takes one bit; 0 from the first failure on. */
static inline int randomHealthTake(RandomHealth *health, uint32_t bit)
{
	health->run = ((health->run > 0) && (bit == health->last)) ? health->run + 1 : 1;
	health->last = (uint8_t)bit;
	if (health->run >= RANDOM_REPETITION_MAX)
		health->failed = 1;

	if (0 == health->seen) {
		health->first = (uint8_t)bit;
		health->same = 0;
	}
	if (bit == health->first)
		health->same += 1;
	if (health->same >= RANDOM_PROPORTION_MAX)
		health->failed = 1;
	health->seen = (health->seen + 1) % RANDOM_WINDOW;
	return !health->failed;
}

#endif
