/* origin_set_build.h - the steps of mg_origin_set_build, for the files that take them.
 *
 *   reduce    drop what others cover                      origin_set_reduce.c
 *   place     give each record that is left its slot      origin_set_place.c
 *   write     put the records there                       origin_set_build.c
 *
 * Threads:   one set on one thread.
 */
#ifndef MG_CORS_ORIGIN_SET_BUILD_H
#define MG_CORS_ORIGIN_SET_BUILD_H

#include "cors/origin_set_layout.h"

/* What a set holds of a pattern. */
struct mg_origin_record {
    struct mg_str text;   /* of the pattern, or of `buffer` */
    struct mg_str scheme; /* the pattern's; empty where the kind alone says it */
    uint32_t kind;
    char buffer[MG_ORIGIN_MAX_BYTES + 1];
};

/* Fill *record, which borrows the pattern's bytes. */
void mg_origin_record_of(const struct mg_pattern *pattern, struct mg_origin_record *record);

/* Hash it by the set's seed. */
uint64_t mg_origin_record_hash(const struct mg_origin_set *set,
                               const struct mg_origin_record *record);

/* Where redundant entries are told of. */
struct mg_origin_report {
    mg_origin_redundant_fn tell; /* may be NULL */
    void *context;
};

/* Drop the entries that another equals or covers; those that are left are the first *count, and
 * the set knows of which sorts they are. Temporary memory is given back.
 * Returns: false when the arena is full. */
bool mg_origin_set_reduce(struct mg_origin_set *set, struct mg_origin_entry *entries,
                          size_t *count, struct mg_arena *arena,
                          const struct mg_origin_report *report);

/* Choose a seed and a nudge for each group, so that no two records share a slot; sets `seed`,
 * `nudges`, `group_count` and `slot_count`. Temporary memory is given back.
 * Returns: false when the arena is full. */
bool mg_origin_set_place(struct mg_origin_set *set, const struct mg_origin_entry *entries,
                         size_t count, struct mg_arena *arena);

#endif
