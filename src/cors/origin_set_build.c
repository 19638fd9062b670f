/* origin_set_build.c - what is left of the entries is given its slots and written there. */
#include "cors/origin_set_build.h"

#include <stdint.h>
#include <stdio.h>

#include "core/clock.h"
#include "core/huge_pages.h"

enum {
    LINE_BYTES = 64, /* of the processor's cache; slots begin with one */
    SLOT_UNIT_BYTES = 32,
    MAX_SLOT_UNITS = 16,
    FEW = 16,         /* one of so many records may be longer than a slot */
    SPARE_BYTES = 88, /* a record may leave empty, or have neighbours leave */
};

void mg_origin_record_of(const struct mg_pattern *pattern, struct mg_origin_record *record)
{
    bool any_port = pattern->port == MG_PORT_ANY;
    uint32_t scheme = mg_origin_scheme_kind(pattern->scheme);
    record->text = pattern->host;
    if (!any_port && pattern->port != mg_scheme_default_port(pattern->scheme)) {
        size_t len = pattern->host.len;
        memcpy(record->buffer, pattern->host.ptr, len);
        len += (size_t)snprintf(record->buffer + len, sizeof(record->buffer) - len, ":%u",
                                (unsigned)pattern->port);
        record->text = (struct mg_str){record->buffer, len};
    }
    record->kind = (pattern->is_subdomains ? (uint32_t)MG_ORIGIN_SUBDOMAINS : 0) |
                   (any_port ? (uint32_t)MG_ORIGIN_ANY_PORT : 0) | scheme |
                   (uint32_t)record->text.len;
    record->scheme = (struct mg_str){pattern->scheme.ptr, mg_origin_scheme_length(scheme)};
}

uint64_t mg_origin_record_hash(const struct mg_origin_set *set,
                               const struct mg_origin_record *record)
{
    struct mg_origin_chain chain;
    mg_origin_chain_init(&chain, set->seed, record->text);
    return mg_origin_hash(&chain, record->kind, record->scheme.ptr);
}

/* A seed that nobody outside can know: where memory lies, and when. */
static uint64_t make_seed(const struct mg_origin_set *set)
{
    const uint64_t parts[] = {(uintptr_t)set, mg_clock_us()};
    return mg_str_hash((struct mg_str){(const char *)parts, sizeof(parts)}, parts[1]);
}

/* The most units that a slot may have: enough for an average record, and no more memory beside
 * the records than SPARE_BYTES each, where there are three slots for two records. */
static size_t most_units(size_t average)
{
    size_t average_units = average / SLOT_UNIT_BYTES + 1;
    size_t spared_units = (average + SPARE_BYTES) * 2 / 3 / SLOT_UNIT_BYTES;
    return average_units > spared_units ? average_units : spared_units;
}

/* Choose the size of a slot: nearly all records fit, unless that would take too much memory.
 * Returns: how many bytes the others need. */
static uint64_t choose_slot_bytes(struct mg_origin_set *set,
                                  const struct mg_origin_entry *entries, size_t count)
{
    size_t counts[MAX_SLOT_UNITS + 1] = {0}; /* of records that need so many units */
    uint64_t sizes[MAX_SLOT_UNITS + 1] = {0};
    uint64_t bytes = 0;
    struct mg_origin_record record;
    for (size_t i = 0; i < count; i++) {
        mg_origin_record_of(&entries[i].pattern, &record);
        size_t size = MG_ORIGIN_HEADER_BYTES + record.scheme.len + record.text.len;
        size_t units = (size + SLOT_UNIT_BYTES - 1) / SLOT_UNIT_BYTES;
        counts[units]++;
        sizes[units] += size;
        bytes += size;
    }
    size_t most = most_units(count == 0 ? 0 : (size_t)(bytes / count));
    size_t units = 1;
    size_t longer = count - counts[1];
    bytes -= sizes[1];
    while (units < most && longer > count / FEW) {
        units++;
        longer -= counts[units];
        bytes -= sizes[units];
    }
    set->slot_bytes = (uint32_t)(units * SLOT_UNIT_BYTES);
    return bytes;
}

/* Memory for the slots, which begin with a cache line, all free. */
static char *alloc_slots(const struct mg_origin_set *set, struct mg_arena *arena)
{
    size_t bytes = (size_t)set->slot_count * set->slot_bytes;
    char *given = mg_arena_alloc(arena, bytes + LINE_BYTES);
    if (given == NULL) {
        return NULL;
    }
    char *slots = given + (-(uintptr_t)given & (LINE_BYTES - 1));
    mg_huge_pages_advise(slots, bytes);
    memset(slots, 0, bytes);
    return slots;
}

/* Write scheme and text to `to`. */
static void put_text(char *to, const struct mg_origin_record *record)
{
    memcpy(to, record->scheme.ptr, record->scheme.len);
    memcpy(to + record->scheme.len, record->text.ptr, record->text.len);
}

/* Put each record into its slot. Returns: false when the arena is full. */
static bool write_records(struct mg_origin_set *set, const struct mg_origin_entry *entries,
                          size_t count, struct mg_arena *arena)
{
    uint64_t long_bytes = choose_slot_bytes(set, entries, count);
    char *slots = alloc_slots(set, arena);
    char *long_texts = mg_arena_alloc(arena, (size_t)long_bytes);
    uint32_t *positions = mg_arena_calloc(arena, count + 1, sizeof(*positions));
    if (slots == NULL || long_texts == NULL || positions == NULL || long_bytes > UINT32_MAX) {
        return false;
    }
    set->slots = slots;
    set->long_texts = long_texts;
    set->positions = positions;
    set->record_count = count;
    uint32_t offset = 0;
    for (size_t i = 0; i < count; i++) {
        struct mg_origin_record record;
        mg_origin_record_of(&entries[i].pattern, &record);
        uint64_t hash = mg_origin_record_hash(set, &record);
        uint64_t header = mg_origin_header(hash, record.kind);
        size_t start = (size_t)(mg_origin_slot_of(set, hash) - set->slots);
        size_t len = record.scheme.len + record.text.len;
        positions[i] = (uint32_t)(start / set->slot_bytes);
        memcpy(slots + start, &header, sizeof(header));
        if (len <= set->slot_bytes - sizeof(header)) {
            put_text(slots + start + sizeof(header), &record);
        } else {
            memcpy(slots + start + sizeof(header), &offset, sizeof(offset));
            put_text(long_texts + offset, &record);
            offset += (uint32_t)len;
        }
    }
    return true;
}

const struct mg_origin_set *mg_origin_set_build(struct mg_origin_entry *entries, size_t count,
                                                struct mg_arena *arena,
                                                mg_origin_redundant_fn report, void *context)
{
    const struct mg_origin_report to = {report, context};
    struct mg_origin_set *set =
        count > INT32_MAX ? NULL : mg_arena_calloc(arena, 1, sizeof(*set));
    if (set == NULL || mg_arena_overflowed(arena)) {
        return NULL;
    }
    set->seed = make_seed(set);
    if (!mg_origin_set_reduce(set, entries, &count, arena, &to) ||
        !mg_origin_set_place(set, entries, count, arena) ||
        !write_records(set, entries, count, arena)) {
        arena->overflowed = true;
        return NULL;
    }
    return set;
}
