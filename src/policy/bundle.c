/* bundle.c - see the header. What is read back may be cut off or spoilt: every length is held
 * against what is left, and the caller compares the revision.
 */
#include "policy/bundle.h"

#include "policy/source_read.h"

static const struct mg_str MAGIC = {"moongate-set 1\n", 15};

enum {
    NUMBER_BYTES = 8
};
static const uint64_t NONE = UINT64_MAX;

/* ---- writing ---- */

static void put_number(struct mg_buf *out, uint64_t number)
{
    char bytes[NUMBER_BYTES];
    for (int i = 0; i < NUMBER_BYTES; i++) {
        bytes[i] = (char)(number >> (8 * i) & 0xff);
    }
    mg_buf_add(out, (struct mg_str){bytes, sizeof(bytes)});
}

static void put_text(struct mg_buf *out, struct mg_str text)
{
    put_number(out, text.ptr == NULL ? NONE : text.len);
    if (text.len > 0) {
        mg_buf_add(out, text);
    }
}

static uint64_t find_count(const struct mg_sources *sources)
{
    uint64_t count = 0;
    for (const struct mg_source_find *f = sources->finds; f != NULL; f = f->older) {
        count++;
    }
    return count;
}

void mg_bundle_write(const struct mg_sources *sources, struct mg_buf *out)
{
    mg_buf_add(out, MAGIC);
    put_number(out, sources->count);
    for (const struct mg_source *s = sources->first; s != NULL; s = s->next) {
        put_number(out, (uint64_t)s->kind);
        put_text(out, mg_str_from(s->name));
        put_text(out, mg_str_from(s->key));
        put_text(out, mg_str_from(s->dir));
        put_text(out, mg_str_from(s->dir_name));
        put_text(out, s->text);
    }
    put_number(out, find_count(sources));
    for (const struct mg_source_find *f = sources->finds; f != NULL; f = f->older) {
        put_number(out, f->policy == NULL ? NONE : f->policy->position);
        put_text(out, f->name);
        put_number(out, f->source->position);
    }
}

/* ---- reading ---- */

struct reader {
    struct mg_str rest;
    struct mg_arena *arena;
    bool is_spoilt;
};

static uint64_t get_number(struct reader *reader)
{
    if (reader->rest.len < NUMBER_BYTES) {
        reader->is_spoilt = true;
        return 0;
    }
    uint64_t number = 0;
    for (int i = 0; i < NUMBER_BYTES; i++) {
        number |= (uint64_t)(unsigned char)reader->rest.ptr[i] << (8 * i);
    }
    reader->rest = mg_str_from_offset(reader->rest, NUMBER_BYTES);
    return number;
}

/* A copy, NUL-terminated; a NULL pointer where there was none. */
static struct mg_str get_text(struct reader *reader)
{
    uint64_t length = get_number(reader);
    if (length == NONE || reader->is_spoilt) {
        return (struct mg_str){NULL, 0};
    }
    if (length > reader->rest.len) {
        reader->is_spoilt = true;
        return (struct mg_str){NULL, 0};
    }
    struct mg_str text = {reader->rest.ptr, (size_t)length};
    reader->rest = mg_str_from_offset(reader->rest, text.len);
    return mg_arena_dup(reader->arena, text);
}

static bool get_source(struct reader *reader, struct mg_sources *sources)
{
    struct mg_source source = {0};
    uint64_t kind = get_number(reader);
    source.name = get_text(reader).ptr;
    source.key = get_text(reader).ptr;
    source.dir = get_text(reader).ptr;
    source.dir_name = get_text(reader).ptr;
    source.text = get_text(reader);
    if (reader->is_spoilt || kind > MG_SOURCE_NATIVE || source.name == NULL ||
        source.key == NULL || source.text.ptr == NULL) {
        return false;
    }
    source.kind = (enum mg_source_kind)kind;
    return mg_sources_append(sources, &source) != NULL;
}

static const struct mg_source *at(const struct mg_sources *sources, uint64_t position)
{
    const struct mg_source *source = sources->first;
    while (source != NULL && source->position != position) {
        source = source->next;
    }
    return source;
}

/* Finds are a list with the newest first; read back, the oldest is first, which nothing depends
 * on: a name is found once. */
static bool get_find(struct reader *reader, struct mg_sources *sources)
{
    struct mg_source_find *find = mg_arena_alloc(sources->arena, sizeof(*find));
    uint64_t policy = get_number(reader);
    struct mg_str name = get_text(reader);
    const struct mg_source *source = at(sources, get_number(reader));
    const struct mg_source *asker = policy == NONE ? NULL : at(sources, policy);
    if (find == NULL || reader->is_spoilt || name.ptr == NULL || source == NULL ||
        (policy != NONE && asker == NULL)) {
        return false;
    }
    *find = (struct mg_source_find){sources->finds, asker, name, source};
    sources->finds = find;
    sources->find_count++;
    return true;
}

bool mg_bundle_read(struct mg_sources *sources, struct mg_str bytes)
{
    if (!mg_str_starts_with(bytes, MAGIC)) {
        return false;
    }
    struct reader reader = {.rest = mg_str_from_offset(bytes, MAGIC.len),
                            .arena = sources->arena};
    uint64_t source_count = get_number(&reader);
    for (uint64_t i = 0; i < source_count; i++) {
        if (!get_source(&reader, sources)) {
            return false;
        }
    }
    uint64_t finds = get_number(&reader);
    for (uint64_t i = 0; i < finds; i++) {
        if (!get_find(&reader, sources)) {
            return false;
        }
    }
    sources->is_replay = true;
    return !reader.is_spoilt && reader.rest.len == 0 && !mg_arena_overflowed(sources->arena);
}
