/* coverage.c - see the header. Resources and files are few, so they lie in arrays; the one that
 * was counted last is looked at first.
 */
#include "testing/coverage.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "testing/push.h"

enum {
    MAX_LINE = 1 << 20 /* beyond it lines are not counted */
};

struct resource {
    char *file;
    char *pattern;
    int line;
    uint64_t counts[MG_COVERED_COUNT];
};

struct file {
    char *name;
    uint32_t *counts; /* by line */
    size_t capacity;
};

struct mg_coverage {
    struct resource *resources;
    size_t resource_count;
    size_t last; /* resource that was counted last */
    struct file *files;
    size_t file_count;
    size_t last_file;
};

static const char KEY = 0; /* of the registry */
static const char CLASS[] = "moongate.coverage";

static int collect(lua_State *L)
{
    struct mg_coverage *coverage = luaL_checkudata(L, 1, CLASS);
    for (size_t i = 0; i < coverage->resource_count; i++) {
        free(coverage->resources[i].file);
        free(coverage->resources[i].pattern);
    }
    for (size_t i = 0; i < coverage->file_count; i++) {
        free(coverage->files[i].name);
        free(coverage->files[i].counts);
    }
    free(coverage->resources);
    free(coverage->files);
    *coverage = (struct mg_coverage){.resources = NULL};
    return 0;
}

struct mg_coverage *mg_coverage_of(lua_State *L)
{
    if (lua_rawgetp(L, LUA_REGISTRYINDEX, &KEY) == LUA_TNIL) {             /* +1 */
        struct mg_coverage *made = lua_newuserdatauv(L, sizeof(*made), 0); /* +1 */
        *made = (struct mg_coverage){.resources = NULL};
        if (luaL_newmetatable(L, CLASS)) { /* +1 */
            lua_pushcfunction(L, collect);
            lua_setfield(L, -2, "__gc");
        }
        (void)lua_setmetatable(L, -2); /* -1 */
        lua_pushvalue(L, -1);
        lua_rawsetp(L, LUA_REGISTRYINDEX, &KEY); /* -1 */
        lua_replace(L, -2);
    }
    struct mg_coverage *coverage = lua_touserdata(L, -1);
    lua_pop(L, 1); /* the registry holds it */
    return coverage;
}

static char *copy(const char *text, size_t len)
{
    char *made = mg_malloc(len + 1);
    if (made != NULL) {
        memcpy(made, text, len);
        made[len] = '\0';
    }
    return made;
}

/* Make room for one more element. Returns: false when memory is out. */
static bool grow(void **items, size_t count, size_t size)
{
    if ((count & (count - 1)) != 0) {
        return true; /* room is made at powers of two */
    }
    void *moved = mg_realloc(*items, (count == 0 ? 1 : 2 * count) * size);
    if (moved == NULL) {
        return false;
    }
    *items = moved;
    return true;
}

/* ---- resources ---- */

static bool is_of(const struct resource *known, const struct mg_resource *resource)
{
    return known->line == resource->line && strcmp(known->file, resource->file) == 0 &&
           mg_str_equal(mg_str_from(known->pattern), resource->pattern);
}

/* Returns: NULL when memory is out. */
static struct resource *find_resource(struct mg_coverage *coverage,
                                      const struct mg_resource *resource)
{
    for (size_t i = 0; i < coverage->resource_count; i++) {
        size_t at = (coverage->last + i) % coverage->resource_count;
        if (is_of(&coverage->resources[at], resource)) {
            coverage->last = at;
            return &coverage->resources[at];
        }
    }
    void *items = coverage->resources;
    if (!grow(&items, coverage->resource_count, sizeof(struct resource))) {
        return NULL;
    }
    coverage->resources = items;
    struct resource made = {.file = copy(resource->file, strlen(resource->file)),
                            .pattern = copy(resource->pattern.ptr, resource->pattern.len),
                            .line = resource->line};
    if (made.file == NULL || made.pattern == NULL) {
        free(made.file);
        free(made.pattern);
        return NULL;
    }
    coverage->last = coverage->resource_count++;
    coverage->resources[coverage->last] = made;
    return &coverage->resources[coverage->last];
}

static bool is_reason(const struct mg_gate_answer *answer, enum mg_reason reason)
{
    return answer->reason != NULL && strcmp(answer->reason, mg_reason_code(reason)) == 0;
}

static bool is_by_origin(const struct mg_gate_answer *answer)
{
    return is_reason(answer, MG_REASON_ORIGIN_DENIED) ||
           is_reason(answer, MG_REASON_ORIGIN_NULL_DENIED) ||
           is_reason(answer, MG_REASON_ORIGIN_MALFORMED) ||
           is_reason(answer, MG_REASON_NO_RULE);
}

/* Which branch the decision took; _REQUESTS where it took none. */
static enum mg_covered branch_of(const struct mg_gate_answer *answer)
{
    bool is_preflight = answer->kind == MG_KIND_PREFLIGHT;
    if (is_reason(answer, MG_REASON_METHOD_NOT_ALLOWED)) {
        return MG_COVERED_METHOD_NOT_ALLOWED;
    }
    if (answer->verdict == MG_VERDICT_ALLOW) {
        return is_preflight ? MG_COVERED_PREFLIGHT_ALLOWED : MG_COVERED_ACTUAL_ALLOWED;
    }
    if (answer->verdict != MG_VERDICT_DENY || answer->status == 400) {
        return MG_COVERED_REQUESTS;
    }
    if (is_reason(answer, MG_REASON_SCRIPT_ERROR)) {
        return MG_COVERED_HOOK_FAILED;
    }
    if (is_by_origin(answer)) {
        return is_preflight ? MG_COVERED_PREFLIGHT_ORIGIN_DENIED : MG_COVERED_ACTUAL_DENIED;
    }
    if (is_reason(answer, MG_REASON_METHOD_DENIED)) {
        return is_preflight ? MG_COVERED_PREFLIGHT_METHOD_DENIED : MG_COVERED_ACTUAL_DENIED;
    }
    return is_reason(answer, MG_REASON_HEADER_DENIED) ? MG_COVERED_PREFLIGHT_HEADER_DENIED
                                                      : MG_COVERED_HOOK_DENIED;
}

void mg_coverage_count(struct mg_coverage *coverage, const struct mg_gate_answer *answer,
                       const struct mg_covered_request *request)
{
    static const enum mg_covered kinds[] = {
        [MG_KIND_NONE] = MG_COVERED_MATRIX_NO_ORIGIN,
        [MG_KIND_SAME_ORIGIN] = MG_COVERED_REQUESTS,
        [MG_KIND_SIMPLE] = MG_COVERED_MATRIX_SIMPLE,
        [MG_KIND_PREFLIGHTED] = MG_COVERED_MATRIX_PREFLIGHTED,
        [MG_KIND_PREFLIGHT] = MG_COVERED_MATRIX_PREFLIGHT,
        [MG_KIND_OPTIONS] = MG_COVERED_REQUESTS,
    };
    struct resource *known =
        answer->resource == NULL ? NULL : find_resource(coverage, answer->resource);
    if (known == NULL) {
        return;
    }
    uint64_t *counts = known->counts;
    enum mg_covered branch = branch_of(answer);
    bool is_cross = answer->kind == MG_KIND_SIMPLE || answer->kind == MG_KIND_PREFLIGHTED;
    counts[MG_COVERED_REQUESTS]++;
    counts[branch] += branch != MG_COVERED_REQUESTS;
    counts[kinds[answer->kind]] += kinds[answer->kind] != MG_COVERED_REQUESTS;
    counts[MG_COVERED_MATRIX_CREDENTIALS] += is_cross && request->has_credentials;
    counts[MG_COVERED_MATRIX_NULL_ORIGIN] += request->has_null_origin;
    counts[MG_COVERED_MATRIX_ERROR] += is_cross && answer->status >= 400;
}

/* ---- lines ---- */

static struct file *find_file(struct mg_coverage *coverage, const char *name)
{
    for (size_t i = 0; i < coverage->file_count; i++) {
        size_t at = (coverage->last_file + i) % coverage->file_count;
        if (strcmp(coverage->files[at].name, name) == 0) {
            coverage->last_file = at;
            return &coverage->files[at];
        }
    }
    void *items = coverage->files;
    char *copied = copy(name, strlen(name));
    if (copied == NULL || !grow(&items, coverage->file_count, sizeof(struct file))) {
        free(copied);
        return NULL;
    }
    coverage->files = items;
    coverage->last_file = coverage->file_count++;
    coverage->files[coverage->last_file] = (struct file){.name = copied};
    return &coverage->files[coverage->last_file];
}

void mg_coverage_line(void *context, const char *source, int line)
{
    struct file *file = find_file(context, source);
    if (file == NULL || line < 0 || line > MAX_LINE) {
        return;
    }
    if ((size_t)line >= file->capacity) {
        size_t capacity = 2 * (size_t)line + 64;
        uint32_t *counts = mg_realloc(file->counts, capacity * sizeof(*counts));
        if (counts == NULL) {
            return;
        }
        memset(counts + file->capacity, 0, (capacity - file->capacity) * sizeof(*counts));
        file->counts = counts;
        file->capacity = capacity;
    }
    file->counts[line] += file->counts[line] < UINT32_MAX;
}

/* ---- what it came to ---- */

static void push_resource(lua_State *L, const struct resource *resource)
{
#define MG_COVERED_NAME(name, text) text,
    static const char *const names[] = {MG_COVERED(MG_COVERED_NAME)};
#undef MG_COVERED_NAME
    lua_createtable(L, 0, 4); /* +1 */
    mg_push_text_field(L, "file", mg_str_from(resource->file));
    mg_push_integer_field(L, "line", (uint64_t)resource->line);
    mg_push_text_field(L, "pattern", mg_str_from(resource->pattern));
    lua_createtable(L, 0, MG_COVERED_COUNT); /* +1 */
    for (int i = 0; i < MG_COVERED_COUNT; i++) {
        mg_push_integer_field(L, names[i], resource->counts[i]);
    }
    lua_setfield(L, -2, "counts");
}

void mg_coverage_push(lua_State *L, const struct mg_coverage *coverage)
{
    luaL_checkstack(L, 6, NULL);
    lua_createtable(L, 0, 2);                             /* +1 */
    lua_createtable(L, (int)coverage->resource_count, 0); /* +1 */
    for (size_t i = 0; i < coverage->resource_count; i++) {
        push_resource(L, &coverage->resources[i]);
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "resources");
    lua_createtable(L, 0, (int)coverage->file_count); /* +1 */
    for (size_t i = 0; i < coverage->file_count; i++) {
        const struct file *file = &coverage->files[i];
        lua_createtable(L, 0, 16); /* +1 */
        for (size_t line = 0; line < file->capacity; line++) {
            if (file->counts[line] > 0) {
                lua_pushinteger(L, file->counts[line]); /* +1 */
                lua_rawseti(L, -2, (lua_Integer)line);
            }
        }
        lua_setfield(L, -2, file->name);
    }
    lua_setfield(L, -2, "lines");
}
