/* origin_set_reduce.c - every entry that another covers is dropped, by a temporary table of all
 * entries that is asked for each pattern that could cover one: a fixed number of passes.
 */
#include "cors/origin_set_build.h"

enum {
    NONE = -1,
};

/* Open addressing; a slot is the upper half of the key's hash and index + 1. */
struct index {
    const struct mg_origin_entry *entries;
    uint64_t *slots;
    size_t slot_mask;
    const struct mg_origin_set *set; /* seed, and which depths have patterns */
};

static uint64_t pattern_hash(const struct mg_origin_set *set, const struct mg_pattern *pattern)
{
    struct mg_origin_record record;
    mg_origin_record_of(pattern, &record);
    return mg_origin_record_hash(set, &record);
}

static bool is_same(const struct mg_pattern *a, const struct mg_pattern *b)
{
    return a->is_subdomains == b->is_subdomains && a->port == b->port &&
           mg_str_equal(a->host, b->host) && mg_str_equal(a->scheme, b->scheme);
}

/* The slot of the entry that has `pattern`, or the free one where it belongs. */
static uint64_t *find_slot(const struct index *index, const struct mg_pattern *pattern,
                           uint64_t hash)
{
    size_t at = hash & index->slot_mask;
    while (index->slots[at] != 0) {
        uint64_t slot = index->slots[at];
        if (slot >> 32 == hash >> 32 &&
            is_same(&index->entries[(uint32_t)slot - 1].pattern, pattern)) {
            break;
        }
        at = (at + 1) & index->slot_mask;
    }
    return &index->slots[at];
}

/* Index of the entry that has `pattern`, or NONE. */
static int64_t find_entry(const struct index *index, const struct mg_pattern *pattern)
{
    uint64_t hash = pattern_hash(index->set, pattern);
    return (int64_t)(uint32_t)*find_slot(index, pattern, hash) - 1;
}

/* Index of an entry that covers `pattern` and differs from it, or NONE. */
static int64_t find_cover(const struct index *index, const struct mg_pattern *pattern)
{
    const struct mg_depth_bits *wild_any_port = &index->set->wild[1];
    bool has_any_port = pattern->is_subdomains
                            ? (wild_any_port->words[0] | wild_any_port->words[1]) != 0
                            : index->set->has_any_port;
    struct mg_pattern wide = *pattern;
    wide.port = MG_PORT_ANY;
    int64_t found =
        pattern->port == MG_PORT_ANY || !has_any_port ? NONE : find_entry(index, &wide);
    wide.is_subdomains = true;
    unsigned depth = 0;
    for (size_t at = pattern->host.len; found == NONE && at-- > 1;) {
        if (pattern->host.ptr[at] != '.') {
            continue;
        }
        wide.host = mg_str_from_offset(pattern->host, at + 1);
        if (mg_depth_has(&index->set->wild[1], depth)) {
            wide.port = MG_PORT_ANY;
            found = find_entry(index, &wide);
        }
        if (found == NONE && mg_depth_has(&index->set->wild[0], depth)) {
            wide.port = pattern->port;
            found = find_entry(index, &wide);
        }
        depth++;
    }
    return found;
}

static void tell(const struct mg_origin_report *report, uint32_t tag, uint32_t by,
                 bool is_equal)
{
    if (report->tell != NULL) {
        report->tell(report->context, tag, by, is_equal);
    }
}

/* Note in the set that patterns of this sort exist, so that look-ups ask for them. */
static void note_sort(struct mg_origin_set *set, const struct mg_pattern *pattern)
{
    bool any_port = pattern->port == MG_PORT_ANY;
    if (!pattern->is_subdomains) {
        set->has_exact |= !any_port;
        set->has_any_port |= any_port;
        return;
    }
    unsigned depth = 0;
    for (size_t i = 0; i < pattern->host.len; i++) {
        depth += pattern->host.ptr[i] == '.';
    }
    set->wild[any_port].words[depth >> 6 & 1] |= (uint64_t)1 << (depth & 63);
    set->wild_least = set->wild_limit == 0 || depth < set->wild_least ? depth : set->wild_least;
    set->wild_limit = depth + 1 > set->wild_limit ? depth + 1 : set->wild_limit;
}

static void forget_sorts(struct mg_origin_set *set)
{
    set->has_exact = false;
    set->has_any_port = false;
    memset(set->wild, 0, sizeof(set->wild));
    set->wild_limit = 0;
}

/* Keep the first of each pattern, in order; "*" and "null" become flags of the set. When there
 * is a "*", it is all that is kept. Returns: how many entries are left. */
static size_t drop_equal(struct index *index, struct mg_origin_entry *entries, size_t count,
                         struct mg_origin_set *set, const struct mg_origin_report *report)
{
    uint32_t null_tag = 0;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct mg_origin_entry entry = entries[i];
        if (entry.pattern.is_null) {
            if (set->has_null) {
                tell(report, entry.tag, null_tag, true);
            } else {
                null_tag = entry.tag;
                set->has_null = true;
            }
            continue;
        }
        uint64_t hash = pattern_hash(set, &entry.pattern);
        uint64_t *slot = find_slot(index, &entry.pattern, hash);
        if (*slot != 0) {
            tell(report, entry.tag, entries[(uint32_t)*slot - 1].tag, true);
            continue;
        }
        entries[kept++] = entry;
        *slot = hash >> 32 << 32 | kept;
        note_sort(set, &entry.pattern);
    }
    return kept;
}

/* Move the entries that no other covers to the front. Returns: how many. */
static size_t drop_covered(const struct index *index, struct mg_origin_entry *entries,
                           size_t count, bool *covered, const struct mg_origin_report *report)
{
    for (size_t i = 0; i < count; i++) {
        int64_t by = find_cover(index, &entries[i].pattern);
        covered[i] = by != NONE;
        if (covered[i]) {
            tell(report, entries[i].tag, entries[by].tag, false);
        }
    }
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (!covered[i]) {
            entries[kept++] = entries[i];
        }
    }
    return kept;
}

/* Whether an entry is "*", which makes all others redundant. */
static bool is_any(const struct mg_origin_entry *entries, size_t count,
                   const struct mg_origin_report *report)
{
    size_t any = 0;
    while (any < count && !entries[any].pattern.is_any) {
        any++;
    }
    for (size_t i = 0; i < count && any < count; i++) {
        if (i != any) {
            tell(report, entries[i].tag, entries[any].tag, entries[i].pattern.is_any);
        }
    }
    return any < count;
}

bool mg_origin_set_reduce(struct mg_origin_set *set, struct mg_origin_entry *entries,
                          size_t *count, struct mg_arena *arena,
                          const struct mg_origin_report *report)
{
    set->is_any = is_any(entries, *count, report);
    if (set->is_any) {
        *count = 0;
        return true;
    }
    struct mg_arena_mark mark = mg_arena_snapshot(arena);
    size_t slot_count = 2;
    while (slot_count < 2 * *count) {
        slot_count *= 2;
    }
    struct index index = {entries, mg_arena_calloc(arena, slot_count, sizeof(uint64_t)),
                          slot_count - 1, set};
    bool *covered = mg_arena_calloc(arena, *count + 1, sizeof(*covered));
    if (index.slots == NULL || covered == NULL) {
        return false;
    }
    size_t left = drop_equal(&index, entries, *count, set, report);
    *count = drop_covered(&index, entries, left, covered, report);
    mg_arena_rewind(arena, mark);
    forget_sorts(set);
    for (size_t i = 0; i < *count; i++) {
        note_sort(set, &entries[i].pattern);
    }
    return true;
}
