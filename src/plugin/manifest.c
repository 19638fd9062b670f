/* manifest.c - see the header. */
#include "plugin/manifest.h"

#include "plugin/measure.h"
#include "plugin/read.h"

static const char code[] = "plugin-field";

struct reading {
    struct mg_manifest *manifest;
    const struct mg_schema_context *context;
    struct mg_str folder;
    bool has_api;
};

static const char *const hook_names[MG_HOOK_COUNT] = {
    [MG_HOOK_REQUEST] = "request",   [MG_HOOK_DECISION] = "decision",
    [MG_HOOK_RESPONSE] = "response", [MG_HOOK_LOG] = "log",
    [MG_HOOK_HANDLER] = "handler",
};

const char *mg_hook_name(enum mg_hook hook)
{
    return hook_names[hook];
}

bool mg_plugin_name_is_valid(struct mg_str name)
{
    bool is_fine = name.len > 0 && name.len <= MG_PLUGIN_MAX_NAME_BYTES && name.ptr[0] != '-';
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        is_fine = is_fine && (mg_ascii_is_digit(c) || (c >= 'a' && c <= 'z') || c == '-');
    }
    return is_fine;
}

/* ---- who it is ---- */

static void read_name(struct mg_plugin_reader *reader, void *target)
{
    struct reading *reading = target;
    struct mg_str name = mg_plugin_read_text(reader, "name = \"rate-limit\"");
    if (name.ptr == NULL) {
        return;
    }
    reading->manifest->name = name;
    if (!mg_str_equal(name, reading->folder)) {
        char hint[96];
        MG_ERR_SET(hint, "name = \"%.*s\"", MG_STR_ARG(reading->folder));
        mg_plugin_fault(&reader->spot, MG_ERROR, "plugin-name", hint,
                        "is '%.64s', but the folder is called '%.*s'", name.ptr,
                        MG_STR_ARG(reading->folder));
    } else if (!mg_plugin_name_is_valid(name)) {
        mg_plugin_fault(&reader->spot, MG_ERROR, "plugin-name", NULL,
                        "'%.64s' is no name: small letters, digits and \"-\", at most %d",
                        name.ptr, (int)MG_PLUGIN_MAX_NAME_BYTES);
    }
}

static void read_version(struct mg_plugin_reader *reader, void *target)
{
    struct reading *reading = target;
    struct mg_str version = mg_plugin_read_text(reader, "version = \"1.0.0\"");
    if (version.ptr == NULL) {
        return;
    }
    bool is_fine = version.len > 0 && version.len <= MG_PLUGIN_MAX_NAME_BYTES;
    for (size_t i = 0; i < version.len; i++) {
        is_fine = is_fine && version.ptr[i] > ' ' && version.ptr[i] < 0x7f;
    }
    reading->manifest->version = version;
    if (!is_fine) {
        mg_plugin_fault(&reader->spot, MG_ERROR, code, "version = \"1.0.0\"",
                        "is no version: 1 to %d printable characters without spaces",
                        (int)MG_PLUGIN_MAX_NAME_BYTES);
    }
}

static void read_api(struct mg_plugin_reader *reader, void *target)
{
    struct reading *reading = target;
    reading->has_api = true;
    int is_integer;
    lua_Integer api = lua_tointegerx(reader->L, -1, &is_integer);
    if (lua_type(reader->L, -1) != LUA_TNUMBER || !is_integer || api != MG_PLUGIN_API) {
        mg_plugin_fault(&reader->spot, MG_ERROR, "plugin-api", "api = 1",
                        "is not the plugin interface of this program, which is %d",
                        (int)MG_PLUGIN_API);
    }
}

/* The file must lie in the plugin's folder. */
static void read_native(struct mg_plugin_reader *reader, void *target)
{
    struct reading *reading = target;
    struct mg_str file = mg_plugin_read_text(reader, "native = \"request-id.so\"");
    if (file.ptr == NULL) {
        return;
    }
    if (file.len < 4 || file.len > 128 || file.ptr[0] == '.' ||
        !mg_str_ends_with(file, MG_STR(".so")) || memchr(file.ptr, '/', file.len) != NULL ||
        memchr(file.ptr, '\0', file.len) != NULL) {
        mg_plugin_fault(&reader->spot, MG_ERROR, "plugin-native", "native = \"request-id.so\"",
                        "is not the name of a shared object in the plugin's folder");
        return;
    }
    reading->manifest->native = file;
}

/* ---- order ---- */

static void read_names(struct mg_plugin_reader *reader, const struct reading *reading,
                       const struct mg_str **names, size_t *count)
{
    (void)mg_plugin_read_words(reader, MG_MANIFEST_MAX_NAMES, "{ \"auth\" }", names, count);
    for (size_t i = 0; i < *count; i++) {
        struct mg_plugin_spot spot = mg_plugin_spot_of_item(&reader->spot, i + 1);
        if ((*names)[i].ptr == NULL) {
            continue; /* has its fault */
        }
        if (!mg_plugin_name_is_valid((*names)[i])) {
            mg_plugin_fault(&spot, MG_ERROR, code, NULL, "'%.64s' is no name of a plugin",
                            (*names)[i].ptr);
        } else if (mg_str_equal((*names)[i], reading->folder)) {
            mg_plugin_fault(&spot, MG_ERROR, "plugin-cycle", NULL, "names the plugin itself");
        }
    }
}

static void read_before(struct mg_plugin_reader *reader, void *target)
{
    struct reading *reading = target;
    read_names(reader, reading, &reading->manifest->before, &reading->manifest->before_count);
}

static void read_after(struct mg_plugin_reader *reader, void *target)
{
    struct reading *reading = target;
    read_names(reader, reading, &reading->manifest->after, &reading->manifest->after_count);
}

/* ---- capabilities, configuration, budget ---- */

/* Whether `spec` is among the first `count` of `specs` already. */
static bool is_repeated(const struct mg_capability_spec *specs, size_t count,
                        const struct mg_capability_spec *spec)
{
    for (size_t i = 0; i < count; i++) {
        if (specs[i].kind == spec->kind && mg_str_equal(specs[i].name, spec->name)) {
            return true;
        }
    }
    return false;
}

static void read_capabilities(struct mg_plugin_reader *reader, void *target)
{
    struct reading *reading = target;
    const struct mg_str *words = NULL;
    size_t count;
    (void)mg_plugin_read_words(reader, MG_MANIFEST_MAX_CAPABILITIES,
                               "{ \"log\", \"dict:hits:1MB\" }", &words, &count);
    struct mg_capability_spec *specs =
        mg_plugin_alloc(reader->L, reader->arena, count, sizeof(*specs));
    size_t dicts = 0;
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct mg_plugin_spot spot = mg_plugin_spot_of_item(&reader->spot, i + 1);
        struct mg_capability_spec *spec = &specs[kept];
        if (words[i].ptr == NULL ||
            !mg_capability_parse(words[i], MG_CAPABILITY_OF_MANIFEST, &spot, spec)) {
            continue;
        }
        if (is_repeated(specs, kept, spec)) {
            mg_plugin_fault(&spot, MG_ERROR, "plugin-capability", NULL, "'%s' stands twice",
                            words[i].ptr);
            continue;
        }
        dicts += spec->kind == MG_CAPABILITY_DICT;
        kept++;
    }
    if (dicts > MG_CAPABILITY_MAX_DICTS) {
        mg_plugin_fault(&reader->spot, MG_ERROR, "plugin-capability", NULL,
                        "names %zu dictionaries; at most %d are taken", dicts,
                        (int)MG_CAPABILITY_MAX_DICTS);
    }
    reading->manifest->capabilities = specs;
    reading->manifest->capability_count = kept;
}

static void read_config(struct mg_plugin_reader *reader, void *target)
{
    struct reading *reading = target;
    mg_schema_read(reading->context, &reader->spot, &reading->manifest->config);
}

/* A whole number from 1 to `max`, or 0 after a fault. */
static uint64_t read_count(struct mg_plugin_reader *reader, uint64_t max, const char *example)
{
    int is_integer;
    lua_Integer count = lua_tointegerx(reader->L, -1, &is_integer);
    if (lua_type(reader->L, -1) != LUA_TNUMBER || !is_integer) {
        mg_plugin_read_wrong_type(reader, "a whole number", example);
        return 0;
    }
    if (count < 1 || (uint64_t)count > max) {
        mg_plugin_fault(&reader->spot, MG_ERROR, code, example,
                        "is %lld, not between 1 and %llu", (long long)count,
                        (unsigned long long)max);
        return 0;
    }
    return (uint64_t)count;
}

enum {
    MAX_CPU_MS = 1000,
    MAX_STEPS = 1000 * 1000 * 1000,
    MAX_BYTES = 256 << 20,
    MIN_BYTES = 16 << 10,
};

static void read_cpu_ms(struct mg_plugin_reader *reader, void *target)
{
    struct reading *reading = target;
    reading->manifest->budget.max_cpu_ms =
        (uint32_t)read_count(reader, MAX_CPU_MS, "cpu_ms = 5");
}

static void read_steps(struct mg_plugin_reader *reader, void *target)
{
    struct reading *reading = target;
    reading->manifest->budget.max_steps = read_count(reader, MAX_STEPS, "steps = 1000000");
}

static void read_bytes(struct mg_plugin_reader *reader, void *target)
{
    struct reading *reading = target;
    struct mg_str text = mg_plugin_read_text(reader, "bytes = \"4MB\"");
    uint64_t bytes;
    if (text.ptr == NULL) {
        return;
    }
    if (!mg_measure_size(text, &bytes) || bytes < MIN_BYTES || bytes > MAX_BYTES) {
        mg_plugin_fault(&reader->spot, MG_ERROR, code, "bytes = \"4MB\"",
                        "is no size between 16KB and 256MB");
        return;
    }
    reading->manifest->budget.max_bytes = (size_t)bytes;
}

static void read_budget(struct mg_plugin_reader *reader, void *target)
{
    static const struct mg_plugin_field_reader fields[] = {
        {"bytes", read_bytes}, {"cpu_ms", read_cpu_ms}, {"steps", read_steps}};
    mg_plugin_read_fields(reader, ".", fields, sizeof(fields) / sizeof(fields[0]), target);
}

/* ---- hooks ---- */

static bool is_function(struct mg_plugin_reader *reader, const char *example)
{
    if (lua_type(reader->L, -1) == LUA_TFUNCTION) {
        return true;
    }
    mg_plugin_read_wrong_type(reader, "a function", example);
    return false;
}

static void read_load(struct mg_plugin_reader *reader, void *target)
{
    struct reading *reading = target;
    reading->manifest->has_load = is_function(reader, "load = function(config) … end");
}

static void read_hook(struct mg_plugin_reader *reader, struct reading *reading,
                      enum mg_hook hook, const char *example)
{
    if (is_function(reader, example)) {
        reading->manifest->hooks |= 1U << hook;
    }
}

static void read_request(struct mg_plugin_reader *reader, void *target)
{
    read_hook(reader, target, MG_HOOK_REQUEST, "request = function(req) … end");
}

static void read_decision(struct mg_plugin_reader *reader, void *target)
{
    read_hook(reader, target, MG_HOOK_DECISION, "decision = function(req, d) … end");
}

static void read_response(struct mg_plugin_reader *reader, void *target)
{
    read_hook(reader, target, MG_HOOK_RESPONSE, "response = function(req, res) … end");
}

static void read_log(struct mg_plugin_reader *reader, void *target)
{
    read_hook(reader, target, MG_HOOK_LOG, "log = function(record) … end");
}

static void read_handler(struct mg_plugin_reader *reader, void *target)
{
    read_hook(reader, target, MG_HOOK_HANDLER, "handler = function(req) … end");
}

/* ---- the whole ---- */

static void need(const struct mg_plugin_spot *spot, bool is_there, const char *name,
                 const char *hint)
{
    if (!is_there) {
        struct mg_plugin_spot field = mg_plugin_spot_of_field(spot, "", mg_str_from(name));
        mg_plugin_fault(&field, MG_ERROR, code, hint, "is missing");
    }
}

bool mg_manifest_read(const struct mg_schema_context *context, struct mg_str name,
                      const struct mg_plugin_spot *spot, struct mg_manifest *out)
{
    static const struct mg_plugin_field_reader fields[] = {
        {"after", read_after},
        {"api", read_api},
        {"before", read_before},
        {"budget", read_budget},
        {"capabilities", read_capabilities},
        {"config", read_config},
        {"decision", read_decision},
        {"handler", read_handler},
        {"load", read_load},
        {"log", read_log},
        {"name", read_name},
        {"native", read_native},
        {"request", read_request},
        {"response", read_response},
        {"version", read_version},
    };
    size_t before = spot->errs->error_count;
    *out = (struct mg_manifest){.config = {.type = MG_SCHEMA_TABLE}};
    if (lua_type(context->L, -1) != LUA_TTABLE) {
        mg_plugin_fault(spot, MG_ERROR, "plugin-error", "end the file with return { name = … }",
                        "a plugin returns its manifest, a table, not a %s",
                        lua_typename(context->L, lua_type(context->L, -1)));
        return false;
    }
    struct mg_plugin_reader reader = {context->L, context->arena, code, *spot};
    struct reading reading = {out, context, name, false};
    mg_plugin_read_fields(&reader, "", fields, sizeof(fields) / sizeof(fields[0]), &reading);
    char hint[96];
    MG_ERR_SET(hint, "name = \"%.*s\"", MG_STR_ARG(name));
    /* A field with another fault is there, too: its own fault says enough. */
    lua_State *L = context->L;
    bool has_name = lua_getfield(L, -1, "name") != LUA_TNIL; /* +1; it has no metatable */
    bool has_version = lua_getfield(L, -2, "version") != LUA_TNIL;
    lua_pop(L, 2);
    need(spot, has_name, "name", hint);
    need(spot, has_version, "version", "version = \"1.0.0\"");
    need(spot, reading.has_api, "api", "api = 1");
    if (out->hooks == 0 && out->native.len == 0 && spot->errs->error_count == before) {
        mg_plugin_fault(spot, MG_ERROR, code, "request = function(req) … end",
                        "the plugin has no hooks, so nothing would ever run");
    }
    return spot->errs->error_count == before;
}
