/* prng.c - see the header. */
#include "prng.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    MOST_TIMES = 1000 /* the default number of cases: who runs few has long ones */
};

static const uint64_t DEFAULT_SEED = 0x6d6f6f6e67617465ULL;

static uint64_t read_number(const char *name, uint64_t by_default)
{
    const char *text = getenv(name);
    if (text == NULL || text[0] == '\0') {
        return by_default;
    }
    char *end = NULL;
    errno = 0;
    uint64_t number = strtoull(text, &end, 0);
    if (errno != 0 || *end != '\0' || text[0] == '-') {
        (void)fprintf(stderr, "%s: '%s' is not a number\n", name, text);
        abort();
    }
    return number;
}

struct mg_prng mg_property_begin(const char *name)
{
    struct mg_prng prng = {read_number("MG_PROPERTY_SEED", DEFAULT_SEED)};
    (void)fprintf(stderr, "property %s: MG_PROPERTY_SEED=0x%llx\n", name,
                  (unsigned long long)prng.state);
    return prng;
}

unsigned long mg_property_cases(unsigned long by_default)
{
    uint64_t cases = read_number("MG_PROPERTY_CASES", by_default);
    if (cases == 0) {
        (void)fprintf(stderr, "MG_PROPERTY_CASES is 0: nothing would be tested\n");
        abort();
    }
    uint64_t most = (uint64_t)by_default * MOST_TIMES;
    return (unsigned long)(cases < most ? cases : most);
}

uint64_t mg_prng_next(struct mg_prng *prng)
{
    prng->state += 0x9e3779b97f4a7c15ULL;
    uint64_t z = prng->state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

uint64_t mg_prng_below(struct mg_prng *prng, uint64_t bound)
{
    return mg_prng_next(prng) % bound;
}

void mg_prng_fill(struct mg_prng *prng, struct mg_str alphabet, char *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (alphabet.len == 0) {
            out[i] = (char)mg_prng_below(prng, 256);
        } else {
            out[i] = alphabet.ptr[mg_prng_below(prng, alphabet.len)];
        }
    }
}
