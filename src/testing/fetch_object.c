/* fetch_object.c - see the header. What the browser does is cors/browser_fetch.h; here it is
 * only driven, by the gate's clock.
 */
#include "testing/fetch_object.h"

#include <stdlib.h>

#include "core/alloc.h"
#include "cors/browser_fetch.h"
#include "server/gate_browser.h"
#include "testing/gate_object.h"
#include "testing/push.h"

enum {
    CACHE_ENTRIES = 1024,
    CACHE_TEXT_BYTES = 1 << 20,
    MAX_EXCHANGES = 2 * MG_BROWSER_MAX_HOPS
};

static const char CLASS[] = "moongate.browser";

struct browser {
    enum mg_browser kind;
    struct mg_preflight_cache cache;
    struct mg_arena text;
    struct mg_preflight_entry *entries;
};

/* ---- the browser ---- */

static int browser_free(lua_State *L)
{
    struct browser *browser = luaL_checkudata(L, 1, CLASS);
    mg_arena_fini(&browser->text);
    free(browser->entries);
    browser->entries = NULL;
    return 0;
}

void mg_fetch_object_open(lua_State *L)
{
    if (luaL_newmetatable(L, CLASS)) { /* +1 */
        lua_pushcfunction(L, browser_free);
        lua_setfield(L, -2, "__gc");
    }
    lua_pop(L, 1);
}

int mg_fetch_object_browser(lua_State *L)
{
    struct mg_str name;
    name.ptr = luaL_optlstring(L, 1, "standard", &name.len);
    struct browser *browser = lua_newuserdatauv(L, sizeof(*browser), 0); /* +1 */
    *browser = (struct browser){.kind = MG_BROWSER_STANDARD};
    mg_arena_init(&browser->text, NULL, 0, CACHE_TEXT_BYTES);
    luaL_setmetatable(L, CLASS);
    luaL_argcheck(L, mg_browser_from_name(name, &browser->kind), 1,
                  "standard, chromium, firefox or webkit");
    browser->entries = mg_calloc(CACHE_ENTRIES, sizeof(*browser->entries));
    if (browser->entries == NULL) {
        return luaL_error(L, "memory is out");
    }
    mg_preflight_cache_init(&browser->cache, browser->entries, CACHE_ENTRIES, &browser->text);
    return 1;
}

/* ---- reading what the page does ---- */

/* The place of the text at field `name` among `words`, or 0 where it is nil. */
static int read_word(lua_State *L, const char *name, const char *const *words)
{
    if (lua_getfield(L, 2, name) == LUA_TNIL) { /* +1 */
        lua_pop(L, 1);
        return 0;
    }
    const char *word = lua_type(L, -1) == LUA_TSTRING ? lua_tostring(L, -1) : "";
    int at = 0;
    while (words[at] != NULL && strcmp(words[at], word) != 0) {
        at++;
    }
    if (words[at] == NULL) {
        luaL_Buffer list;
        luaL_buffinit(L, &list);
        for (int i = 0; words[i] != NULL; i++) {
            luaL_addstring(&list, i == 0 ? "" : ", ");
            luaL_addstring(&list, words[i]);
        }
        luaL_pushresult(&list); /* +1 */
        (void)luaL_error(L, "'%s' is none of %s", name, lua_tostring(L, -1));
    }
    lua_pop(L, 1);
    return at;
}

/* The URL, relative to the page where it has no scheme. */
static struct mg_str resolve(struct mg_str url, struct mg_str origin, struct mg_arena *arena)
{
    struct mg_browser_url page;
    struct mg_browser_url whole;
    const char *wrong = mg_browser_url_parse(url, NULL, arena, &whole);
    bool is_relative = wrong != NULL && strcmp(wrong, "url-relative") == 0;
    if (is_relative && mg_browser_url_parse(origin, NULL, arena, &page) == NULL &&
        mg_browser_url_parse(url, &page, arena, &whole) == NULL) {
        return whole.href;
    }
    return url;
}

static void read_spec(lua_State *L, struct mg_browser_spec *spec, struct mg_str *content,
                      struct mg_arena *arena)
{
    static const char *const modes[] = {"cors", "no-cors", "same-origin", NULL};
    static const char *const credentials[] = {"same-origin", "omit", "include", NULL};
    static const char *const redirects[] = {"follow", "error", "manual", NULL};
    static const char *const bodies[] = {
        "none", "string", "url-search-params", "form-data", "blob", "buffer", "stream", NULL};
    static const char *const initiators[] = {"fetch",        "xhr",    "beacon",
                                             "event-source", "script", "stylesheet",
                                             "font",         "image",  NULL};
    spec->origin = mg_take_text(L, 2, "from", arena);
    spec->url = resolve(mg_take_text(L, 2, "url", arena), spec->origin, arena);
    spec->method = mg_take_text(L, 2, "method", arena);
    spec->mode = (enum mg_browser_mode)read_word(L, "mode", modes);
    spec->credentials = (enum mg_browser_credentials)read_word(L, "credentials", credentials);
    spec->redirect = (enum mg_browser_redirect)read_word(L, "redirect", redirects);
    spec->body = (enum mg_browser_body)read_word(L, "body_kind", bodies);
    spec->initiator = (enum mg_browser_initiator)read_word(L, "initiator", initiators);
    spec->blob_type = mg_take_text(L, 2, "body_type", arena);
    spec->upload_listeners = mg_take_flag(L, 2, "upload_listeners");
    spec->headers = mg_take_fields(L, 2, "headers", arena, &spec->header_count);
    *content = mg_take_text(L, 2, "body", arena);
    if (content->ptr != NULL && spec->body == MG_BODY_NONE) {
        spec->body = MG_BODY_STRING;
    }
}

/* ---- running it ---- */

struct exchange {
    struct mg_browser_request request;
    struct mg_gate_reply reply;
    size_t hop;
};

/* Kept in the gate's arena: nothing of it has to be freed. */
struct run {
    struct mg_gate_object *object;
    struct mg_browser_spec spec;
    struct mg_str content;
    struct mg_browser_fetch fetch;
    struct exchange exchanges[MAX_EXCHANGES];
    size_t count;
};

/* Send one request. Returns: false when memory is out. */
static bool exchange_one(struct run *run, enum mg_turn *turn, uint64_t now_ms)
{
    struct exchange *exchange = &run->exchanges[run->count++];
    struct mg_arena *arena = &run->object->scratch;
    exchange->request = run->fetch.request;
    exchange->hop = run->fetch.hop_count - 1;
    if (!mg_browser_request_complete(&exchange->request, run->content, arena) ||
        !mg_gate_send(run->object->gate, &exchange->request, run->content, arena,
                      &exchange->reply)) {
        return false;
    }
    const struct mg_covered_request covered = {
        .has_credentials = exchange->request.credentials,
        .has_null_origin = mg_str_equal(exchange->request.origin, MG_STR("null"))};
    mg_coverage_count(run->object->coverage, &exchange->reply.answer, &covered);
    *turn = mg_browser_fetch_answer(&run->fetch, &exchange->reply.response, now_ms);
    return true;
}

static bool run_fetch(struct run *run, struct browser *browser)
{
    struct mg_gate_object *object = run->object;
    uint64_t now_ms = object->clock.monotonic_ms;
    enum mg_turn turn = mg_browser_fetch_begin(&run->fetch, &run->spec, &object->scratch,
                                               &browser->cache, now_ms);
    bool ok = true;
    while (ok && turn == MG_TURN_SEND && run->count < MAX_EXCHANGES) {
        ok = exchange_one(run, &turn, now_ms);
    }
    return ok && run->fetch.judgement.outcome != MG_OUTCOME_OUT_OF_MEMORY;
}

/* ---- telling of it ---- */

static void push_request(lua_State *L, const struct mg_browser_request *request)
{
    lua_createtable(L, 0, 6); /* +1 */
    mg_push_text_field(L, "method", request->method);
    mg_push_text_field(L, "target", request->url->target);
    mg_push_text_field(L, "base", request->url->origin);
    mg_push_boolean_field(L, "preflight", request->preflight);
    mg_push_boolean_field(L, "credentials", request->credentials);
    mg_push_fields(L, request->fields, request->field_count); /* +1 */
    lua_setfield(L, -2, "fields");
}

static void push_exchanges(lua_State *L, const struct run *run)
{
    lua_createtable(L, (int)run->count, 0); /* +1 */
    for (size_t i = 0; i < run->count; i++) {
        const struct exchange *exchange = &run->exchanges[i];
        const struct mg_browser_response *response = &exchange->reply.response;
        lua_createtable(L, 0, 20); /* +1 */
        mg_gate_object_set_answer(L, &exchange->reply.answer);
        mg_push_text_field(L, "status_line", exchange->reply.status_line);
        mg_push_text_field(L, "body", exchange->reply.body);
        mg_push_integer_field(L, "hop", exchange->hop + 1);
        mg_push_fields(L, response->fields, response->field_count); /* +1 */
        lua_setfield(L, -2, "fields");
        push_request(L, &exchange->request); /* +1 */
        lua_setfield(L, -2, "request");
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, "exchanges");
}

static void push_steps(lua_State *L, const struct mg_browser_step *step)
{
    lua_createtable(L, 8, 0); /* +1 */
    for (lua_Integer i = 1; step != NULL; step = step->next, i++) {
        lua_createtable(L, 0, 5); /* +1 */
        mg_push_text_field(L, "section", mg_str_from(step->section));
        mg_push_text_field(L, "what", mg_str_from(step->what));
        mg_push_text_field(L, "detail", step->detail);
        mg_push_boolean_field(L, "passed", step->passed);
        mg_push_integer_field(L, "hop", step->hop + 1);
        lua_rawseti(L, -2, i);
    }
    lua_setfield(L, -2, "steps");
}

static void push_names(lua_State *L, const char *field, struct mg_browser_names names)
{
    lua_createtable(L, (int)names.count, 0); /* +1 */
    for (size_t i = 0; names.items != NULL && i < names.count; i++) {
        (void)lua_pushlstring(L, names.items[i].ptr, names.items[i].len); /* +1 */
        lua_rawseti(L, -2, (lua_Integer)i + 1);
    }
    lua_setfield(L, -2, field);
}

/* The names of the last answer's fields that the script can read. */
static struct mg_browser_names readable_names(const struct run *run)
{
    const struct mg_browser_names none = {NULL, 0};
    if (run->fetch.verdict != MG_FETCH_READABLE || run->count == 0) {
        return none;
    }
    const struct mg_browser_response *response = &run->exchanges[run->count - 1].reply.response;
    if (run->fetch.tainting == MG_TAINTING_CORS) {
        return mg_browser_exposed_names(
            response, run->spec.credentials == MG_CREDENTIALS_INCLUDE, &run->object->scratch);
    }
    struct mg_browser_name_set set = {mg_arena_calloc(&run->object->scratch,
                                                      response->field_count + 1,
                                                      sizeof(struct mg_str)),
                                      0};
    for (size_t i = 0; set.items != NULL && i < response->field_count; i++) {
        mg_browser_add_name(&set, response->fields[i].name, &run->object->scratch);
    }
    return (struct mg_browser_names){set.items, set.count};
}

static void push_fetch(lua_State *L, const struct run *run)
{
    const struct mg_browser_fetch *fetch = &run->fetch;
    const struct mg_browser_class *fetch_class = &fetch->classification;
    luaL_checkstack(L, 10, NULL);
    lua_createtable(L, 0, 16); /* +1 */
    mg_push_text_field(L, "verdict", mg_str_from(mg_fetch_verdict_name(fetch->verdict)));
    mg_push_text_field(L, "outcome", mg_str_from(mg_outcome_name(fetch->judgement.outcome)));
    mg_push_text_field(L, "console", fetch->console);
    mg_push_text_field(L, "culprit", fetch->judgement.culprit);
    mg_push_text_field(L, "kind", mg_str_from(mg_fetch_kind_name(fetch_class->kind)));
    mg_push_text_field(L, "forbidden", mg_str_from(fetch_class->reason));
    mg_push_text_field(L, "url", run->spec.url);
    mg_push_text_field(L, "from", run->spec.origin);
    mg_push_text_field(L, "method", fetch_class->method);
    bool is_sent = fetch->hop_count > 0;
    static const char *const preflights[] = {[MG_PREFLIGHT_NONE] = "none",
                                             [MG_PREFLIGHT_SENT] = "sent",
                                             [MG_PREFLIGHT_CACHED] = "cached"};
    mg_push_text_field(L, "preflight",
                       mg_str_from(is_sent ? preflights[fetch->hops[0].preflight] : "none"));
    push_names(L, "dropped", fetch_class->dropped_names);
    push_names(L, "readable_fields", readable_names(run));
    push_steps(L, fetch->steps);
    push_exchanges(L, run);
    mg_gate_object_set_log(L, run->object);
}

int mg_fetch_object_run(lua_State *L)
{
    struct mg_gate_object *object = mg_gate_object_check(L, 1);
    luaL_checktype(L, 2, LUA_TTABLE);
    struct browser *browser = luaL_checkudata(L, 3, CLASS);
    struct mg_browser_spec spec = {.browser = browser->kind};
    struct mg_str content;
    mg_gate_object_reset(object);
    read_spec(L, &spec, &content, &object->scratch);
    struct run *run = mg_arena_calloc(&object->scratch, 1, sizeof(*run));
    if (run == NULL) {
        return luaL_error(L, "memory is out");
    }
    run->object = object;
    run->spec = spec;
    run->content = content;
    mg_gate_object_begin(L, object);
    bool ok = run_fetch(run, browser);
    mg_gate_object_end(L, object);
    if (!ok) {
        return luaL_error(L, "memory is out");
    }
    push_fetch(L, run); /* +1 */
    return 1;
}
