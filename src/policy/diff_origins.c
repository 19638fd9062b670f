/* diff_origins.c - which patterns of origins only one of two sets allows.
 *
 * Patterns that both sets have are found by a look-up each. Of the others it is asked of the
 * engine whether the other set allows an origin that stands for all they match:
 *
 *   "*." a.example  ->  any.a.example      a label that no pattern has
 *   localhost ":*"  ->  localhost:65535     a port that no pattern has
 *
 * What no single pattern covers is not covered: that 65535 patterns together can be as good as
 * one with ":*" is told as a change, which errs on the safe side.
 */
#include <stdio.h>
#include <stdlib.h>

#include "policy/diff_layout.h"

enum {
    LABEL_BYTES = 16,
    MEMO_MIN_PATTERNS = 16,    /* below, a comparison costs less than remembering it */
    MEMO_MAX_BYTES = 64 << 20, /* of results that are remembered */
    MEMO_BUCKETS = 1024,       /* a power of two */
    TEXT_BYTES = MG_ORIGIN_MAX_BYTES + LABEL_BYTES + 2,
};

/* ---- what is known ---- */

struct known_entry {
    struct known_entry *older;
    const struct mg_origin_set *sets[MG_DIFF_AGES];
    struct mg_diff_origins origins;
};

struct mg_diff_known_origins {
    struct known_entry *buckets[MEMO_BUCKETS];
};

static size_t bucket_of(const struct mg_origin_set *old_set,
                        const struct mg_origin_set *new_set)
{
    const uintptr_t key[] = {(uintptr_t)old_set, (uintptr_t)new_set};
    return mg_str_hash((struct mg_str){(const char *)key, sizeof(key)}, 0) & (MEMO_BUCKETS - 1);
}

static const struct mg_diff_origins *recall(const struct mg_differ *differ,
                                            const struct mg_origin_set *old_set,
                                            const struct mg_origin_set *new_set)
{
    if (differ->known_origins == NULL) {
        return NULL;
    }
    const struct known_entry *entry =
        differ->known_origins->buckets[bucket_of(old_set, new_set)];
    while (entry != NULL && (entry->sets[0] != old_set || entry->sets[1] != new_set)) {
        entry = entry->older;
    }
    return entry == NULL ? NULL : &entry->origins;
}

static void copy_patterns(struct mg_differ *differ, struct mg_diff_patterns *patterns)
{
    size_t bytes = patterns->count * sizeof(*patterns->items);
    struct mg_pattern *items = mg_arena_alloc(&differ->walk, bytes + 1);
    if (items == NULL) {
        differ->is_out_of_memory = true;
        return;
    }
    memcpy(items, patterns->items, bytes);
    patterns->items = items;
    differ->known_bytes += bytes;
}

/* Remember the result at hand, while there is room. */
static void remember(struct mg_differ *differ, const struct mg_origin_set *old_set,
                     const struct mg_origin_set *new_set)
{
    if (differ->known_bytes > MEMO_MAX_BYTES) {
        return;
    }
    if (differ->known_origins == NULL) {
        differ->known_origins =
            mg_arena_calloc(&differ->walk, 1, sizeof(*differ->known_origins));
    }
    struct known_entry *entry = mg_arena_calloc(&differ->walk, 1, sizeof(*entry));
    if (differ->known_origins == NULL || entry == NULL) {
        differ->is_out_of_memory = true;
        return;
    }
    struct known_entry **bucket = &differ->known_origins->buckets[bucket_of(old_set, new_set)];
    *entry = (struct known_entry){*bucket, {old_set, new_set}, differ->origins};
    copy_patterns(differ, &entry->origins.gained);
    copy_patterns(differ, &entry->origins.lost);
    copy_patterns(differ, &entry->origins.kept);
    differ->known_bytes += sizeof(*entry);
    *bucket = entry;
}

/* ---- the first in order ---- */

/* By host, so that an apex and what is below stand together; "*" and "null" first. */
static int compare_patterns(const struct mg_pattern *a, const struct mg_pattern *b)
{
    int order = b->is_any - a->is_any;
    order = order != 0 ? order : b->is_null - a->is_null;
    order = order != 0 ? order : mg_str_compare(a->host, b->host);
    order = order != 0 ? order : a->is_subdomains - b->is_subdomains;
    order = order != 0 ? order : mg_str_compare(a->scheme, b->scheme);
    return order != 0 ? order : (a->port > b->port) - (a->port < b->port);
}

/* Count a pattern, and keep it where it is among the first. */
static void note(struct mg_diff_patterns *patterns, const struct mg_pattern *pattern)
{
    patterns->total++;
    size_t at = patterns->count;
    if (at == MG_DIFF_MAX_LISTED && compare_patterns(pattern, &patterns->items[at - 1]) >= 0) {
        return;
    }
    at -= at == MG_DIFF_MAX_LISTED;
    patterns->count = at + 1;
    while (at > 0 && compare_patterns(pattern, &patterns->items[at - 1]) < 0) {
        patterns->items[at] = patterns->items[at - 1];
        at--;
    }
    patterns->items[at] = *pattern;
}

/* ---- representatives ---- */

/* What no pattern of either set has; found when it is first needed. */
struct fresh {
    const struct mg_origin_set *sets[MG_DIFF_AGES];
    bool is_found;
    unsigned port; /* 0: every port is named by some pattern */
    char label[LABEL_BYTES];
};

/* Whether a pattern's host begins with the label. */
static bool has_label(const struct mg_pattern *pattern, struct mg_str label)
{
    return pattern->host.len > label.len && pattern->host.ptr[label.len] == '.' &&
           mg_str_starts_with(pattern->host, label);
}

/* Note the named ports, and whether the label is taken. */
static bool scan(struct mg_differ *differ, const struct mg_origin_set *set, struct mg_str label)
{
    bool is_taken = false;
    for (size_t i = 0; set != NULL && i < mg_origin_set_count(set); i++) {
        struct mg_pattern pattern = mg_origin_set_get(set, i);
        is_taken = is_taken || has_label(&pattern, label);
        if (pattern.port < MG_PORT_ANY) {
            differ->ports[pattern.port / 8] |= (unsigned char)(1U << pattern.port % 8);
        }
    }
    return is_taken;
}

static void find_fresh(struct mg_differ *differ, struct fresh *fresh)
{
    struct mg_str label;
    bool is_taken = true;
    memset(differ->ports, 0, sizeof(differ->ports));
    for (unsigned i = 0; is_taken; i++) {
        int len = snprintf(fresh->label, sizeof(fresh->label), i == 0 ? "any" : "any%u", i);
        label = (struct mg_str){fresh->label, (size_t)len};
        bool is_old = scan(differ, fresh->sets[MG_DIFF_OLD], label);
        is_taken = scan(differ, fresh->sets[MG_DIFF_NEW], label) || is_old;
    }
    differ->ports[80 / 8] |= 1U << 80 % 8; /* the default ports are not written */
    differ->ports[443 / 8] |= 1U << 443 % 8;
    for (unsigned port = MG_PORT_ANY - 1; port > 0 && fresh->port == 0; port--) {
        bool is_named = ((unsigned)differ->ports[port / 8] >> port % 8 & 1U) != 0;
        fresh->port = is_named ? 0 : port;
    }
    fresh->is_found = true;
}

/* Write an origin that the pattern matches, with this label and port where it leaves them
 * open. */
static bool write_origin(const struct mg_pattern *pattern, const char *label, unsigned port,
                         char *out, size_t size)
{
    char digits[sizeof(":65535")] = "";
    unsigned chosen = pattern->port == MG_PORT_ANY ? port : pattern->port;
    if (pattern->is_any || pattern->is_null) {
        int len = snprintf(out, size, "%s", pattern->is_any ? "https://any.example" : "null");
        return (size_t)len < size;
    }
    if (chosen != mg_scheme_default_port(pattern->scheme)) {
        (void)snprintf(digits, sizeof(digits), ":%u", chosen % MG_PORT_ANY);
    }
    int len = snprintf(out, size, "%.*s://%s%s%.*s%s", MG_STR_ARG(pattern->scheme),
                       pattern->is_subdomains ? label : "", pattern->is_subdomains ? "." : "",
                       MG_STR_ARG(pattern->host), digits);
    return (size_t)len < size;
}

bool mg_diff_origin_of(const struct mg_pattern *pattern, char *out, size_t size)
{
    uint16_t standard = mg_scheme_default_port(pattern->scheme);
    return write_origin(pattern, "a", standard == 0 ? 1 : standard, out, size);
}

/* Where no origin stands for all: whether a single pattern covers it. */
static bool is_covered_by_one(struct mg_differ *differ, const struct mg_origin_set *set,
                              const struct mg_pattern *pattern)
{
    for (size_t i = 0; i < mg_origin_set_count(set) && differ->compares_left > 0; i++) {
        struct mg_pattern wide = mg_origin_set_get(set, i);
        differ->compares_left--;
        if (mg_pattern_covers(&wide, pattern)) {
            return true;
        }
    }
    return false;
}

/* Whether the set allows all that a pattern of the other matches, which it has not itself. */
static bool is_covered(struct mg_differ *differ, const struct mg_origin_set *set,
                       const struct mg_pattern *pattern, struct fresh *fresh)
{
    char text[TEXT_BYTES];
    struct mg_origin origin;
    bool is_exact = !pattern->is_subdomains && pattern->port < MG_PORT_ANY;
    if (set == NULL || mg_origin_set_is_any(set) || pattern->is_any) {
        return set != NULL && mg_origin_set_is_any(set);
    }
    if (!is_exact && !fresh->is_found) {
        find_fresh(differ, fresh);
    }
    bool has_port = pattern->port < MG_PORT_ANY || fresh->port != 0;
    if (!has_port || !write_origin(pattern, fresh->label, fresh->port, text, sizeof(text)) ||
        !mg_origin_parse(mg_str_from(text), &origin)) {
        return is_covered_by_one(differ, set, pattern);
    }
    return mg_origin_set_contains(set, &origin);
}

/* ---- the comparison ---- */

static void compare(struct mg_differ *differ, const struct mg_origin_set *old_set,
                    const struct mg_origin_set *new_set)
{
    struct mg_diff_origins *origins = &differ->origins;
    struct fresh fresh = {.sets = {old_set, new_set}};
    for (size_t i = 0; old_set != NULL && i < mg_origin_set_count(old_set); i++) {
        struct mg_pattern pattern = mg_origin_set_get(old_set, i);
        bool is_kept = (new_set != NULL && mg_origin_set_lists(new_set, &pattern)) ||
                       is_covered(differ, new_set, &pattern, &fresh);
        note(is_kept ? &origins->kept : &origins->lost, &pattern);
    }
    for (size_t i = 0; new_set != NULL && i < mg_origin_set_count(new_set); i++) {
        struct mg_pattern pattern = mg_origin_set_get(new_set, i);
        if (old_set == NULL || !mg_origin_set_lists(old_set, &pattern)) {
            bool is_kept = is_covered(differ, old_set, &pattern, &fresh);
            note(is_kept ? &origins->kept : &origins->gained, &pattern);
        }
    }
}

const struct mg_diff_origins *mg_diff_origins(struct mg_differ *differ,
                                              const struct mg_origin_set *old_set,
                                              const struct mg_origin_set *new_set)
{
    size_t count = (old_set == NULL ? 0 : mg_origin_set_count(old_set)) +
                   (new_set == NULL ? 0 : mg_origin_set_count(new_set));
    const struct mg_diff_origins *known =
        count < MEMO_MIN_PATTERNS ? NULL : recall(differ, old_set, new_set);
    if (known != NULL) {
        return known;
    }
    differ->origins = (struct mg_diff_origins){.gained.items = differ->work[0],
                                               .lost.items = differ->work[1],
                                               .kept.items = differ->work[2]};
    compare(differ, old_set, new_set);
    if (count >= MEMO_MIN_PATTERNS) {
        remember(differ, old_set, new_set);
    }
    return &differ->origins;
}
