/* reading.h - a plugin read in a state of its own: what the tests of manifests, schemas,
 * capabilities and plugins in C share.
 *
 * The state has a global `say` for the test, and `resource`, which only policies may reach.
 */
#ifndef MG_TEST_PLUGIN_READING_H
#define MG_TEST_PLUGIN_READING_H

#include <stdio.h>
#include <stdlib.h>

#include "expect.h"
#include "plugin/plugin.h"

enum {
    READING_MAX_GRANTS = 8,
    READING_FAULTS_SIZE = 8192,
};

struct reading {
    /* before */
    const char *name;   /* of the folder; NULL: "demo" */
    const char *text;   /* of plugin.lua */
    const char *config; /* a Lua expression; NULL: the policy gives none */
    const char *grants[READING_MAX_GRANTS];
    bool has_grant;
    struct mg_dicts *dicts;
    const char *folder;
    const struct mg_plugin_clock *clock;
    const char *file; /* NULL: "plugins/demo/plugin.lua" */
    /* after */
    struct mg_script *script;
    struct mg_arena arena;
    struct mg_errs errs;
    struct mg_plugin plugin;
    struct mg_plugin_slots slots;
    bool is_fine;
    struct mg_script_fault fault;     /* code NULL: nothing was raised */
    char faults[READING_FAULTS_SIZE]; /* a line each */
};

static char last_said[512];

/* say(…): notes its arguments, joined by spaces. */
static inline int say(lua_State *L)
{
    size_t used = 0;
    last_said[0] = '\0';
    for (int i = 1; i <= lua_gettop(L); i++) {
        const char *text =
            lua_type(L, i) == LUA_TSTRING || lua_type(L, i) == LUA_TNUMBER ? lua_tostring(L, i)
            : lua_type(L, i) == LUA_TBOOLEAN ? (lua_toboolean(L, i) ? "true" : "false")
                                             : luaL_typename(L, i);
        mg_err_set(last_said + used, sizeof(last_said) - used, "%s%s", i > 1 ? " " : "", text);
        used = strlen(last_said);
    }
    return 0;
}

static const luaL_Reg reading_globals[] = {{"say", say}, {"resource", say}, {NULL, NULL}};

static inline int read_below_the_door(lua_State *L)
{
    struct reading *reading = lua_touserdata(L, 1);
    struct mg_str grants[READING_MAX_GRANTS];
    struct mg_plugin_use use = {
        .name = mg_str_from(reading->name == NULL ? "demo" : reading->name),
        .file = reading->file == NULL ? "plugins/demo/plugin.lua" : reading->file,
        .text = mg_str_from(reading->text),
        .used_file = "api.lua",
        .used_line = 7,
        .grant = grants,
        .has_grant = reading->has_grant,
        .dicts = reading->dicts,
        .folder = reading->folder,
        .clock = reading->clock,
    };
    while (use.grant_count < READING_MAX_GRANTS && reading->grants[use.grant_count] != NULL) {
        grants[use.grant_count] = mg_str_from(reading->grants[use.grant_count]);
        use.grant_count++;
    }
    if (reading->config != NULL) {
        char chunk[2048];
        mg_err_set(chunk, sizeof(chunk), "return %s", reading->config);
        mg_script_push_chunk(L, "api.lua", mg_str_from(chunk));
        lua_callk(L, 0, 1, 0, NULL); /* below the door of mg_script_call */
        use.config = mg_script_keep(L);
    }
    int top = lua_gettop(L);
    reading->is_fine = mg_plugin_read(L, &use, &reading->arena, &reading->errs,
                                      &reading->plugin, &reading->slots);
    assert_int_equal(lua_gettop(L), top);
    return 0;
}

static inline int compare_lines(const void *left, const void *right)
{
    return strcmp(left, right);
}

/* Write "lua" for the plugin's file and "use" for the place of the `plugin` call, which stand
 * in nearly every fault; the word error is left out. */
static inline void shorten(const char *line, char *out, size_t size)
{
    static const char lua[] = "plugins/demo/plugin.lua:";
    static const char use[] = "api.lua:7: error: plugin demo ";
    const char *rest = line;
    const char *prefix = "";
    if (strncmp(line, lua, strlen(lua)) == 0) {
        prefix = "lua:";
        rest += strlen(lua);
    } else if (strncmp(line, use, strlen(use)) == 0) {
        prefix = "use: ";
        rest += strlen(use);
    }
    const char *error = strstr(rest, " error: ");
    int before = error == NULL ? 0 : (int)(error - rest);
    mg_err_set(out, size, "%s%.*s%s", prefix, before, rest,
               error == NULL ? rest : error + strlen(" error:"));
}

/* All faults, or as many as fit, in the order of their lines as text. */
static inline void write_faults(struct reading *reading)
{
    enum {
        LINES = 64,
        LINE_SIZE = 1024
    };
    static char lines[LINES][LINE_SIZE];
    size_t count = reading->errs.count < LINES ? reading->errs.count : LINES;
    for (size_t i = 0; i < count; i++) {
        char line[LINE_SIZE];
        mg_err_format(&reading->errs.items[i], line, sizeof(line));
        shorten(line, lines[i], LINE_SIZE);
    }
    qsort(lines, count, LINE_SIZE, compare_lines);
    for (size_t i = 0; i < count; i++) {
        size_t used = strlen(reading->faults);
        mg_err_set(reading->faults + used, sizeof(reading->faults) - used, "%s\n", lines[i]);
    }
}

static inline void reading_run(struct reading *reading)
{
    struct mg_script_limits limits = {.max_bytes = 0};
    last_said[0] = '\0';
    reading->is_fine = false;
    reading->fault = (struct mg_script_fault){.is_final = false};
    reading->faults[0] = '\0';
    mg_arena_init(&reading->arena, NULL, 0, 1 << 20);
    mg_errs_init(&reading->errs);
    reading->script = mg_script_new(&limits, reading_globals, NULL);
    assert_non_null(reading->script);
    if (!mg_script_call(reading->script, read_below_the_door, reading, &reading->fault)) {
        reading->is_fine = false;
    }
    write_faults(reading);
}

static inline struct mg_str take_line(struct mg_str *text)
{
    const char *end = text->len == 0 ? NULL : memchr(text->ptr, '\n', text->len);
    struct mg_str line = {text->ptr, end == NULL ? text->len : (size_t)(end - text->ptr)};
    *text = mg_str_from_offset(*text, line.len + 1);
    return line;
}

/* The faults are those of `want`, line by line. */
static inline void reading_expect(const char *desc, const struct reading *reading,
                                  const char *want)
{
    struct mg_str got_rest = mg_str_from(reading->faults);
    struct mg_str want_rest = mg_str_from(want);
    while (got_rest.len > 0 || want_rest.len > 0) {
        struct mg_str got_line = take_line(&got_rest);
        mg_expect_str(desc, got_line, take_line(&want_rest));
    }
}

static inline void reading_end(struct reading *reading)
{
    mg_script_free(reading->script);
    mg_errs_fini(&reading->errs);
    mg_arena_fini(&reading->arena);
}

/* ---- running what was read ---- */

/* Seal the state, as a worker does. */
static inline void reading_seal(struct reading *reading)
{
    static const struct mg_script_budget budget = {.max_cpu_ms = 1000, .max_wall_ms = 10000};
    struct mg_script_fault fault;
    if (!mg_script_seal(reading->script, &budget, NULL, NULL, NULL, &fault)) {
        mg_expect_text("sealing", fault.err.message, "no fault");
    }
}

/* The `log` hook stands for any: it is called without arguments. */
static inline int call_hook(lua_State *L)
{
    const struct reading *reading = lua_touserdata(L, 1);
    mg_script_push_kept(L, reading->slots.hooks[MG_HOOK_LOG]);
    lua_callk(L, 0, 0, 0, NULL); /* below the door of mg_script_run */
    return 0;
}

/* Call the hook `log` in the sealed state. Returns: the code of what it raised, or NULL. */
static inline const char *reading_call(struct reading *reading)
{
    last_said[0] = '\0';
    return mg_script_run(reading->script, call_hook, reading, &reading->fault)
               ? NULL
               : reading->fault.err.code;
}

#endif
