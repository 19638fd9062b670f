/* origin_lookup.h - mg_origin_set_contains in three steps, so that what a decision does anyway
 * runs while the memory of a large set is on its way.
 *
 *   struct mg_origin_lookup lookup;
 *   mg_origin_lookup_begin(&lookup, set, text);      the exact pattern, by the bytes alone
 *   ... parse the text ...
 *   mg_origin_lookup_add(&lookup, &origin);          ":*" and "*." patterns
 *   ... read the other fields ...
 *   found = mg_origin_lookup_end(&lookup);
 *
 * Threads:   any; the struct is the caller's. No allocation.
 */
#ifndef MG_CORS_ORIGIN_LOOKUP_H
#define MG_CORS_ORIGIN_LOOKUP_H

#include "cors/origin_set_layout.h"

enum {
    MG_ORIGIN_LOOKUP_KEYS = 4 /* that wait; more are looked up at once */
};

/* Where a pattern would be, and what it would be; all lengths follow from the header. */
struct mg_origin_key {
    const char *slot;
    uint64_t header;
    const char *text;
    const char *scheme; /* where the kind has its length */
};

struct mg_origin_lookup {
    const struct mg_origin_set *set;
    bool found;
    bool has_begun; /* the chain is there, the exact pattern is among the keys */
    unsigned key_count;
    struct mg_origin_key keys[MG_ORIGIN_LOOKUP_KEYS];
    struct mg_origin_chain chain; /* of host and port */
};

/* Begin with the bytes of an Origin, parsed or not: no text but an origin is in a set. Borrows
 * them until _end. */
void mg_origin_lookup_begin(struct mg_origin_lookup *lookup, const struct mg_origin_set *set,
                            struct mg_str text);

/* Go on with the origin that the text is. */
void mg_origin_lookup_add(struct mg_origin_lookup *lookup, const struct mg_origin *origin);

/* Whether a pattern of the set matches. */
bool mg_origin_lookup_end(const struct mg_origin_lookup *lookup);

#endif
