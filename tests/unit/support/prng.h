/* prng.h - repeatable randomness for property tests (splitmix64).
 *
 * MG_PROPERTY_CASES  how many cases a property runs; without it, what the test asks for.
 * MG_PROPERTY_SEED   where the numbers start; without it, a fixed seed, so that two runs of one
 *                    build see the same cases.
 */
#ifndef MG_TEST_PRNG_H
#define MG_TEST_PRNG_H

#include <stdint.h>

#include "core/str.h"

struct mg_prng {
    uint64_t state;
};

/* Begin a property: read the seed from the environment and print it with `name`, so that a
 * failing run can be repeated. */
struct mg_prng mg_property_begin(const char *name);

/* How many cases to run: MG_PROPERTY_CASES, at most a thousand times `by_default`; where it is
 * not set, `by_default`. A value that is no positive
 * number aborts: a property that runs no case would always pass. */
unsigned long mg_property_cases(unsigned long by_default);

/* The next 64 bits. */
uint64_t mg_prng_next(struct mg_prng *prng);

/* A number from 0 to `bound` - 1; `bound` is above 0. */
uint64_t mg_prng_below(struct mg_prng *prng, uint64_t bound);

/* Fill `out` with `len` bytes drawn from `alphabet`; an empty alphabet means every byte value.
 */
void mg_prng_fill(struct mg_prng *prng, struct mg_str alphabet, char *out, size_t len);

#endif
