/* dict_hash.h - SipHash-2-4 (Aumasson, Bernstein: "SipHash: a fast short-input PRF"), so that
 * who chooses keys cannot choose where they fall. For dict.c only.
 *
 * Threads:   pure; any thread.
 */
#ifndef MG_PLUGIN_DICT_HASH_H
#define MG_PLUGIN_DICT_HASH_H

#include <stdint.h>

#include "core/str.h"

struct mg_dict_secret {
    uint64_t low; /* the key's bytes 0 to 7, little-endian */
    uint64_t high;
};

/* The keyed hash of `text`. */
uint64_t mg_dict_hash(struct mg_str text, const struct mg_dict_secret *secret);

#endif
