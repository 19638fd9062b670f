/* world.h - a state with plugins of a few lines, and an exchange for their hooks. For the tests
 * of this folder.
 *
 * Each plugin is a chunk that returns its hooks: "return { request = function(req) … end }".
 * say(…) notes what it is given, as text and joined by "|"; read it with world_said. charge(n)
 * takes n steps, of which a phase has a million; burn(n) takes n milliseconds of CPU time.
 */
#ifndef MG_TEST_PLUGIN_WORLD_H
#define MG_TEST_PLUGIN_WORLD_H

#include <stdio.h>
#include <stdlib.h>

#include "core/clock.h"
#include "expect.h"
#include "plugin/dispatch.h"

enum {
    WORLD_MAX_PLUGINS = 4,
    WORLD_ARENA_BYTES = 16 << 20
};

struct world {
    struct mg_script *script;
    struct mg_arena arena;
    struct mg_head head;
    char bytes[8192]; /* of the head */
    struct mg_request request;
    struct mg_param params[2];
    struct mg_plugin plugins[WORLD_MAX_PLUGINS];
    struct mg_plugin_slots slots[WORLD_MAX_PLUGINS];
    struct mg_plugin_entry entries[WORLD_MAX_PLUGINS];
    struct mg_plugin_list list;
    const char *const *texts;
    const struct mg_plugin *failed;
    struct mg_script_fault fault;
};

static struct mg_buf world_notes = {.max_bytes = 1 << 20};

static inline int world_say(lua_State *L)
{
    int count = lua_gettop(L);
    for (int i = 1; i <= count; i++) {
        size_t length;
        mg_buf_add(&world_notes, world_notes.len > 0 ? MG_STR("|") : MG_STR(""));
        const char *text = luaL_tolstring(L, i, &length);
        mg_buf_add(&world_notes, (struct mg_str){text, length});
        lua_pop(L, 1);
    }
    return 0;
}

static inline int world_burn(lua_State *L)
{
    uint64_t end_us = mg_clock_thread_cpu_us() + 1000 * (uint64_t)luaL_checkinteger(L, 1);
    while (mg_clock_thread_cpu_us() < end_us) {
    }
    return 0;
}

static inline int world_charge(lua_State *L)
{
    mg_script_charge(L, (uint64_t)luaL_checkinteger(L, 1));
    return 0;
}

/* What was said since it was last asked for. */
static inline struct mg_str world_said(void)
{
    struct mg_str said = mg_buf_str(&world_notes);
    world_notes.len = 0;
    return said;
}

static inline int world_load(lua_State *L)
{
    static const char *const HOOKS[MG_HOOK_COUNT] = {"request", "decision", "response", "log",
                                                     "handler"};
    struct world *world = lua_touserdata(L, 1);
    mg_request_open(L);
    mg_dispatch_open(L);
    for (size_t i = 0; i < world->list.count; i++) {
        mg_script_push_chunk(L, world->plugins[i].file, mg_str_from(world->texts[i]));
        lua_callk(L, 0, 1, 0, NULL); /* below the door of mg_script_call */
        for (int hook = 0; hook < MG_HOOK_COUNT; hook++) {
            lua_getfield(L, -1, HOOKS[hook]);
            if (lua_isnil(L, -1)) {
                lua_pop(L, 1);
            } else {
                world->slots[i].hooks[hook] = mg_script_keep(L);
            }
        }
        lua_pop(L, 1);
    }
    return 0;
}

/* Read `text` as the head of the exchange, whose memory is new. */
static inline void world_head(struct world *world, const char *text)
{
    static const struct mg_head_limits limits = {8192, 8192, 100};
    struct mg_head_scan scan = {0};
    size_t length = strlen(text);
    assert_true(length < sizeof(world->bytes));
    memcpy(world->bytes, text, length);
    mg_arena_reset(&world->arena);
    mg_expect_int(
        text,
        mg_head_parse((struct mg_str){world->bytes, length}, &limits, &scan, &world->head),
        MG_HEAD_COMPLETE);
}

static inline struct mg_str world_remote(void *context)
{
    return mg_str_from(context);
}

static const luaL_Reg world_globals[] = {
    {"say", world_say}, {"charge", world_charge}, {"burn", world_burn}, {NULL, NULL}};

/* Load `count` plugins, without capabilities, and seal the state. */
static inline struct world *world_bounded(const char *const *texts, size_t count,
                                          uint32_t max_cpu_ms)
{
    static const char *const FILES[WORLD_MAX_PLUGINS] = {
        "plugins/a/plugin.lua", "plugins/b/plugin.lua", "plugins/c/plugin.lua",
        "plugins/d/plugin.lua"};
    static char remote[] = "192.0.2.7";
    static const struct mg_script_limits limits;
    const struct mg_script_budget budget = {.max_cpu_ms = max_cpu_ms,
                                            .max_wall_ms = 60000,
                                            .max_steps = 1000000,
                                            .max_bytes = 32 << 20};
    struct world *world = calloc(1, sizeof(*world));
    assert_non_null(world);
    mg_arena_init(&world->arena, NULL, 0, WORLD_ARENA_BYTES);
    world->texts = texts;
    world->list = (struct mg_plugin_list){world->entries, count};
    for (size_t i = 0; i < count; i++) {
        world->plugins[i].name = (struct mg_str){&"abcd"[i], 1};
        world->plugins[i].file = FILES[i];
        world->entries[i] = (struct mg_plugin_entry){&world->plugins[i], &world->slots[i]};
    }
    world->params[0] = (struct mg_param){MG_STR("tenant"), MG_STR("acme")};
    world->params[1] = (struct mg_param){MG_STR("rest"), MG_STR("a/b%2Fc")};
    world->request = (struct mg_request){.head = &world->head,
                                         .path = MG_STR("/t/acme/a/b%2Fc"),
                                         .query = MG_STR("q=1&q=2"),
                                         .host = MG_STR("api.example.com:8443"),
                                         .scheme = MG_STR("https"),
                                         .resource = MG_STR("/t/{tenant}/{rest...}"),
                                         .kind = MG_KIND_SIMPLE,
                                         .generation = 7,
                                         .params = world->params,
                                         .param_count = 2,
                                         .remote_addr = world_remote,
                                         .context = remote,
                                         .arena = &world->arena};
    world_notes.len = 0;
    world->script = mg_script_new(&limits, world_globals, NULL);
    assert_non_null(world->script);
    if (!mg_script_call(world->script, world_load, world, &world->fault) ||
        !mg_script_seal(world->script, &budget, NULL, NULL, NULL, &world->fault)) {
        fail_msg("%s:%d: %s", world->fault.err.file, world->fault.err.line,
                 world->fault.err.message);
    }
    world_head(world, "GET /t HTTP/1.1\r\nHost: h\r\n\r\n");
    return world;
}

static inline struct world *world_new(const char *const *texts, size_t count)
{
    return world_bounded(texts, count, 5000);
}

/* Give the plugins of the set `owners` (1 << their number) a budget of their own. */
static inline void world_budgets(struct world *world, unsigned owners)
{
    for (unsigned i = 0; i < WORLD_MAX_PLUGINS; i++) {
        world->plugins[i].budget.max_steps = (owners & 1U << i) != 0 ? 1000 : 0;
    }
}

static inline void world_free(struct world *world)
{
    mg_script_free(world->script);
    mg_arena_fini(&world->arena);
    mg_buf_fini(&world_notes);
    free(world);
}

/* A world of one plugin whose `hook` has the body `text`; its arguments are req and x. */
static inline struct world *world_of(const char *hook, const char *text)
{
    static char chunk[16384];
    static const char *const texts[] = {chunk};
    (void)snprintf(chunk, sizeof(chunk), "return { %s = function(req, x)\n%s\nend }", hook,
                   text);
    return world_new(texts, 1);
}

/* Run the request hooks; an answer is not looked at. */
static inline bool world_request(struct world *world)
{
    struct mg_plugin_answer answer;
    return mg_dispatch_request_hooks(world->script, &world->list, &world->request, &answer,
                                     &world->failed, &world->fault);
}

/* A fault that a row expects; message and hint are parts of theirs, NULL: any. */
struct world_fault {
    const char *code;
    int line; /* of the first plugin */
    const char *message;
    const char *hint;
};

/* That the phase failed with this fault. */
static inline void world_expect_fault(const char *desc, const struct world *world,
                                      bool succeeded, struct world_fault want)
{
    const struct mg_err *err = &world->fault.err;
    mg_expect_true(desc, !succeeded);
    mg_expect_text(desc, err->code, want.code);
    mg_expect_text(desc, err->file, "plugins/a/plugin.lua");
    mg_expect_int(desc, err->line, want.line);
    if (want.message != NULL && strstr(err->message, want.message) == NULL) {
        fail_msg("%s: \"%s\" lacks \"%s\"", desc, err->message, want.message);
    }
    if (want.hint != NULL && strstr(err->hint, want.hint) == NULL) {
        fail_msg("%s: the hint \"%s\" lacks \"%s\"", desc, err->hint, want.hint);
    }
}

#endif
