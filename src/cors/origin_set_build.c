/* origin_set_build.c - first every entry that another covers is dropped, by a temporary table
 * of all entries that is asked for each pattern that could cover one; then the rest is written
 * down, block by block. Both are a fixed number of passes over the entries.
 */
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>

#include "core/clock.h"
#include "cors/origin_set_layout.h"

enum {
    NONE = -1,
    PAGE_BYTES = 4096,
    HUGE_BYTES = 4 << 20,
    LINE_BYTES = 64,
    /* Blocks have room for 5 1/2 average records and get 2 3/4. */
    ROOM_QUARTERS = 22,
    LOAD_QUARTERS = 11,
};

/* Open addressing; a slot is the upper half of the key's hash and index + 1. */
struct index {
    const struct mg_origin_entry *entries;
    uint64_t *slots;
    size_t slot_mask;
    const struct mg_origin_set *set; /* seed, and which depths have patterns */
};

struct report {
    mg_origin_redundant_fn tell; /* may be NULL */
    void *context;
};

/* A seed that nobody outside can know: where memory lies, and when. */
static uint64_t make_seed(const struct mg_origin_set *set)
{
    uintptr_t place = (uintptr_t)set;
    uint64_t when = mg_clock_us();
    return mg_str_hash((struct mg_str){(const char *)&place, sizeof(place)}, when);
}

static size_t append(char *out, size_t len, struct mg_str text)
{
    memcpy(out + len, text.ptr, text.len);
    return len + text.len;
}

/* Write the pattern's text into `out`. */
static struct mg_str serialize(const struct mg_pattern *pattern,
                               char out[static MG_ORIGIN_MAX_BYTES + 1])
{
    size_t len = append(out, 0, pattern->scheme);
    len = append(out, len, MG_STR(MG_SCHEME_DELIMITER));
    len = append(out, len, pattern->is_subdomains ? MG_STR("*.") : MG_STR(""));
    len = append(out, len, pattern->host);
    if (pattern->port == MG_PORT_ANY) {
        len = append(out, len, MG_STR(":*"));
    } else if (pattern->port != mg_scheme_default_port(pattern->scheme)) {
        len += (size_t)snprintf(out + len, MG_ORIGIN_MAX_BYTES + 1 - len, ":%u",
                                (unsigned)pattern->port);
    }
    return (struct mg_str){out, len};
}

static unsigned sort_of(const struct mg_pattern *pattern)
{
    return (pattern->is_subdomains ? MG_ORIGIN_SUBDOMAINS : 0U) |
           (pattern->port == MG_PORT_ANY ? MG_ORIGIN_ANY_PORT : 0U);
}

/* Hash of a pattern; `text` is its serialization. */
static uint64_t text_hash(const struct mg_origin_set *set, const struct mg_pattern *pattern,
                          struct mg_str text)
{
    struct mg_str host = pattern->host;
    unsigned sort = sort_of(pattern);
    if (sort == 0) {
        return mg_origin_hash(set->seed, text);
    }
    uint64_t hash = mg_origin_hash(set->seed, pattern->scheme);
    size_t end = host.len;
    for (size_t at = host.len; pattern->is_subdomains && at-- > 0;) {
        if (host.ptr[at] == '.') {
            hash = mg_origin_hash(hash, (struct mg_str){host.ptr + at + 1, end - at - 1});
            end = at;
        }
    }
    hash = mg_origin_hash(hash, (struct mg_str){host.ptr, end});
    return mg_origin_hash_sort(hash, pattern->port, sort);
}

static uint64_t pattern_hash(const struct mg_origin_set *set, const struct mg_pattern *pattern)
{
    char text[MG_ORIGIN_MAX_BYTES + 1];
    return text_hash(set, pattern, serialize(pattern, text));
}

static bool is_same(const struct mg_pattern *a, const struct mg_pattern *b)
{
    return a->is_subdomains == b->is_subdomains && a->port == b->port &&
           mg_str_equal(a->host, b->host) && mg_str_equal(a->scheme, b->scheme);
}

/* The slot of the entry that has `pattern`, or the free one where it belongs. */
static uint64_t *find_slot(const struct index *index, const struct mg_pattern *pattern)
{
    uint64_t hash = pattern_hash(index->set, pattern);
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
    return (int64_t)(uint32_t)*find_slot(index, pattern) - 1;
}

/* Index of an entry that covers `pattern` and differs from it, or NONE. */
static int64_t find_cover(const struct index *index, const struct mg_pattern *pattern)
{
    struct mg_pattern wide = *pattern;
    wide.port = MG_PORT_ANY;
    int64_t found = pattern->port == MG_PORT_ANY ? NONE : find_entry(index, &wide);
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

static void tell(const struct report *report, uint32_t tag, uint32_t by, bool is_equal)
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
                         struct mg_origin_set *set, const struct report *report)
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
        uint64_t *slot = find_slot(index, &entry.pattern);
        if (*slot != 0) {
            tell(report, entry.tag, entries[(uint32_t)*slot - 1].tag, true);
            continue;
        }
        entries[kept++] = entry;
        *slot = pattern_hash(set, &entry.pattern) >> 32 << 32 | kept;
        note_sort(set, &entry.pattern);
    }
    return kept;
}

/* Move the entries that no other covers to the front. Returns: how many. */
static size_t drop_covered(const struct index *index, struct mg_origin_entry *entries,
                           size_t count, bool *covered, const struct report *report)
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

/* Make the one set that needs no records, when an entry is "*". */
static bool is_any(const struct mg_origin_entry *entries, size_t count,
                   const struct report *report)
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

/* Drop what is redundant, with temporary memory that is given back. Returns: false when the
 * arena is full. */
static bool reduce(struct mg_origin_entry *entries, size_t *count, struct mg_origin_set *set,
                   struct mg_arena *arena, const struct report *report)
{
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

/* Ask for huge pages below a large table: its look-ups are spread over all of it, and would
 * wait for the page tables more than for the data. Only a hint. */
static void advise_huge(void *block, size_t size)
{
    uintptr_t start = ((uintptr_t)block + PAGE_BYTES - 1) & ~(uintptr_t)(PAGE_BYTES - 1);
    uintptr_t end = ((uintptr_t)block + size) & ~(uintptr_t)(PAGE_BYTES - 1);
    if (size >= HUGE_BYTES) {
        (void)madvise((char *)block + (start - (uintptr_t)block), end - start, MADV_HUGEPAGE);
    }
}

/* Choose size and number of blocks. Returns: false when they would pass 4 GiB. */
static bool choose_blocks(struct mg_origin_set *set, const struct mg_origin_entry *entries,
                          size_t count)
{
    char text[MG_ORIGIN_MAX_BYTES + 1];
    uint64_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bytes += MG_ORIGIN_HEADER_BYTES + serialize(&entries[i].pattern, text).len;
    }
    size_t average = count == 0 ? 0 : (size_t)(bytes / count);
    size_t size = sizeof(struct mg_origin_block) + average * ROOM_QUARTERS / 4;
    set->block_bytes = (uint32_t)((size + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES);
    set->block_count = (uint32_t)(count * 4 / LOAD_QUARTERS + 1);
    return bytes + (uint64_t)set->block_bytes * set->block_count < UINT32_MAX;
}

/* Where the records go, and how far that is filled. */
struct writer {
    char *blocks;
    char *spill; /* NULL at first: what goes there is only counted */
    uint32_t spilled;
    const char **records;
};

static char *put_record(char *to, uint64_t header, struct mg_str text)
{
    memcpy(to, &header, sizeof(header));
    memcpy(to + sizeof(header), text.ptr, text.len);
    return to;
}

/* Put each record into its block, or into the spill when that is full. */
static void write_records(const struct mg_origin_set *set, struct writer *writer,
                          const struct mg_origin_entry *entries, size_t count)
{
    char buffer[MG_ORIGIN_MAX_BYTES + 1];
    for (size_t i = 0; i < count; i++) {
        const struct mg_pattern *pattern = &entries[i].pattern;
        struct mg_str text = serialize(pattern, buffer);
        uint64_t hash = text_hash(set, pattern, text);
        unsigned sort = sort_of(pattern);
        uint64_t header =
            mg_origin_header(hash, sort, sort == 0 ? 0 : pattern->scheme.len, text.len);
        uint32_t size = (uint32_t)(sizeof(header) + text.len);
        char *start = writer->blocks + (mg_origin_block_of(set, hash) - set->blocks);
        struct mg_origin_block block;
        memcpy(&block, start, sizeof(block));
        if (size <= set->block_bytes - block.used) {
            writer->records[i] = put_record(start + block.used, header, text);
            block.used += size;
        } else {
            if (writer->spill != NULL) {
                char *link = writer->spill + writer->spilled;
                memcpy(link, &block.spill, sizeof(block.spill));
                writer->records[i] = put_record(link + sizeof(block.spill), header, text);
            }
            block.spill = writer->spilled + 1;
            writer->spilled += (uint32_t)sizeof(block.spill) + size;
        }
        memcpy(start, &block, sizeof(block));
    }
}

static void empty_blocks(const struct mg_origin_set *set, char *blocks)
{
    const struct mg_origin_block empty = {0, sizeof(empty)};
    for (uint32_t i = 0; i < set->block_count; i++) {
        memcpy(blocks + (size_t)i * set->block_bytes, &empty, sizeof(empty));
    }
}

/* Lay out the entries that are left. The records are written twice: only the first time shows
 * how much is spilled. Returns: false when the arena is full. */
static bool lay_out(struct mg_origin_set *set, const struct mg_origin_entry *entries,
                    size_t count, struct mg_arena *arena)
{
    if (!choose_blocks(set, entries, count)) {
        return false;
    }
    size_t bytes = (size_t)set->block_bytes * set->block_count;
    struct writer writer = {
        .blocks = mg_arena_alloc(arena, bytes),
        .records = mg_arena_calloc(arena, count + 1, sizeof(*writer.records)),
    };
    if (writer.blocks == NULL || writer.records == NULL) {
        return false;
    }
    advise_huge(writer.blocks, bytes);
    set->blocks = writer.blocks;
    empty_blocks(set, writer.blocks);
    write_records(set, &writer, entries, count);
    if (writer.spilled > 0) {
        writer.spill = mg_arena_alloc(arena, writer.spilled);
        if (writer.spill == NULL) {
            return false;
        }
        writer.spilled = 0;
        empty_blocks(set, writer.blocks);
        write_records(set, &writer, entries, count);
    }
    set->spill = writer.spill;
    set->records = writer.records;
    set->record_count = count;
    return true;
}

const struct mg_origin_set *mg_origin_set_build(struct mg_origin_entry *entries, size_t count,
                                                struct mg_arena *arena,
                                                mg_origin_redundant_fn report, void *context)
{
    const struct report to = {report, context};
    struct mg_origin_set *set =
        count > INT32_MAX ? NULL : mg_arena_calloc(arena, 1, sizeof(*set));
    if (set == NULL || mg_arena_overflowed(arena)) {
        return NULL;
    }
    set->seed = make_seed(set);
    set->is_any = is_any(entries, count, &to);
    if (set->is_any) {
        return set;
    }
    if (!reduce(entries, &count, set, arena, &to) || !lay_out(set, entries, count, arena)) {
        arena->overflowed = true;
        return NULL;
    }
    return set;
}
