/* test_request.c - `req`: what it shows, what it remembers for Vary, and when it is over. */
#include "prng.h"
#include "world.h"

static const char head_full[] = "PUT /t/acme/a/b%2Fc?q=1&q=2 HTTP/1.1\r\n"
                                "Host: api.example.com:8443\r\n"
                                "Origin: https://app.example\r\n"
                                "X-Tenant: one\r\n"
                                "Access-Control-Request-Method: PATCH\r\n"
                                "Access-Control-Request-Headers: X-A, content-TYPE,,\r\n"
                                "x-tenant: two\r\n"
                                "Sec-Fetch-Site: cross-site\r\n"
                                "Sec-Fetch-Mode: cors\r\n"
                                "Sec-Fetch-Dest: empty\r\n"
                                "Access-Control-Request-Headers: X-b\r\n"
                                "Cookie: a=1\r\n"
                                "Cookie: b=2\r\n"
                                "Authorization: Basic Zm9v\r\n"
                                "X-Odd: \xe9~x\r\n"
                                "X-Empty:\r\n"
                                "\r\n";

static const struct {
    const char *desc;
    const char *expression;
    const char *want;
} shown[] = {
    {"the method", "req.method", "PUT"},
    {"the path in normal form", "req.path", "/t/acme/a/b%2Fc"},
    {"the query without its question mark", "req.query", "q=1&q=2"},
    {"a parameter", "req.params.tenant", "acme"},
    {"a parameter as it is encoded", "req.params.rest", "a/b%2Fc"},
    {"a parameter that is not there", "req.params.other", "nil"},
    {"the host", "req.host", "api.example.com:8443"},
    {"the scheme", "req.scheme", "https"},
    {"the client's address", "req.remote_addr", "192.0.2.7"},
    {"the kind", "req.kind", "simple"},
    {"the origin", "req.origin", "https://app.example"},
    {"the requested method", "req.requested_method", "PATCH"},
    {"the requested names", "table.concat(req.requested_headers, ' ')", "x-a content-type x-b"},
    {"the resource", "req.resource", "/t/{tenant}/{rest...}"},
    {"the generation", "req.generation", "7"},
    {"the generation is an integer", "math.type(req.generation)", "integer"},
    {"the site", "req.site", "cross-site"},
    {"the mode", "req.mode", "cors"},
    {"the destination", "req.dest", "empty"},
    {"a known field", "req:header('Sec-Fetch-Site')", "cross-site"},
    {"a known field in another case", "req:header 'COOKIE'", "a=1"},
    {"all lines of a known field", "table.concat(req:headers 'cookie', ';')", "a=1;b=2"},
    {"the first line of another field", "req:header 'x-TENANT'", "one"},
    {"all lines of another field", "table.concat(req:headers 'X-Tenant', ',')", "one,two"},
    {"credentials", "req:header 'authorization'", "Basic Zm9v"},
    {"a value that is not UTF-8", "req:header 'x-odd'", "\xe9~x"},
    {"an empty value", "#req:header 'x-empty'", "0"},
    {"a field that is not there", "req:header 'x-none'", "nil"},
    {"a known field that is not there", "req:header 'Accept'", "nil"},
    {"no lines of a field", "#req:headers 'x-none'", "0"},
    {"a context", "type(req.ctx)", "table"},
    {"the same table twice", "req.params == req.params and req.ctx == req.ctx", "true"},
    {"the same list twice", "req.requested_headers == req.requested_headers", "true"},
    {"what it is", "type(req) .. tostring(req)", "userdatauserdata"},
};

static void shows_the_exchange(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(shown); i++) {
        char text[256];
        (void)snprintf(text, sizeof(text), "say(%s)", shown[i].expression);
        struct world *world = world_of("request", text);
        world_head(world, head_full);
        mg_expect_true(world->fault.err.message, world_request(world));
        mg_expect_str(shown[i].desc, world_said(), mg_str_from(shown[i].want));
        world_free(world);
    }
}

static void shows_what_is_absent_as_nil(void **state)
{
    (void)state;
    struct world *world = world_of(
        "request", "say(req.origin, req.requested_method, req.site, req.mode, req.dest)\n"
                   "say(#req.requested_headers, '[' .. req.query .. ']', next(req.params))");
    world->request.query = (struct mg_str){NULL, 0};
    world->request.param_count = 0;
    mg_expect_true("it runs", world_request(world));
    mg_expect_str("all of it", world_said(), MG_STR("nil|nil|nil|nil|nil|0|[]|nil"));
    world_free(world);
}

static const struct {
    const char *desc;
    const char *text;
    const char *reads; /* joined by spaces */
    bool origin;       /* whether it was read */
    bool used;         /* whether it was used */
} vary[] = {
    {"nothing read", "return nil", "", false, false},
    {"what is no field", "say(req.method, req.path, req.host, req.params, req.remote_addr)", "",
     false, false},
    {"header", "req:header 'X-Tenant'", "X-Tenant", false, false},
    {"headers", "req:headers 'X-Tenant'", "X-Tenant", false, false},
    {"a field that is not there", "req:header 'X-None'", "X-None", false, false},
    {"one field twice, in two cases", "req:header 'X-A' req:headers 'x-a'", "X-A", false,
     false},
    {"a known field twice", "req:header 'Cookie' req:header 'cookie'", "Cookie", false, false},
    {"two fields", "req:header 'b' req:header 'A'", "b A", false, false},
    {"the three of fetch", "say(req.site, req.mode, req.dest, req.site)",
     "Sec-Fetch-Site Sec-Fetch-Mode Sec-Fetch-Dest", false, false},
    {"site, by name and by field", "say(req.site) req:header 'sec-fetch-site'",
     "Sec-Fetch-Site", false, false},
    {"the origin", "say(req.origin)", "", true, true},
    {"the origin by its name", "req:header 'ORIGIN'", "", true, true},
    {"the kind, which follows from it", "say(req.kind)", "", false, true},
    {"what a preflight asks for", "say(req.requested_method, req.requested_headers)", "", false,
     false},
    {"the same by their names",
     "req:header 'access-control-request-method' req:headers 'Access-Control-Request-Headers'",
     "", false, false},
};

static void remembers_what_was_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(vary); i++) {
        struct world *world = world_of("request", vary[i].text);
        mg_expect_true(vary[i].desc, world_request(world));
        struct mg_buf reads;
        mg_buf_init(&reads, 4096);
        for (unsigned j = 0; j < world->request.read_count; j++) {
            mg_buf_add(&reads, j > 0 ? MG_STR(" ") : MG_STR(""));
            mg_buf_add(&reads, world->request.reads[j]);
        }
        mg_expect_str(vary[i].desc, mg_buf_str(&reads), mg_str_from(vary[i].reads));
        mg_expect_int(vary[i].desc, world->request.has_read_origin, vary[i].origin);
        mg_expect_int(vary[i].desc, world->request.has_used_origin, vary[i].used);
        mg_buf_fini(&reads);
        world_free(world);
    }
}

/* Whoever clears the flag is told again. */
static void notes_the_origin_each_time(void **state)
{
    (void)state;
    static const char *const texts[] = {"say(req.origin)", "req:header 'origin'",
                                        "req:headers 'Origin'"};
    for (size_t i = 0; i < MG_COUNT(texts); i++) {
        struct world *world = world_of("request", texts[i]);
        for (int round = 0; round < 3; round++) {
            world->request.has_read_origin = false;
            mg_expect_true(texts[i], world_request(world));
            mg_expect_true(texts[i], world->request.has_read_origin);
        }
        world_free(world);
    }
}

/* Each name that the program knows is remembered as itself. */
static void remembers_known_names(void **state)
{
    (void)state;
    static const char *const names[] = {
        "host",           "content-type",     "content-length",  "transfer-encoding",
        "connection",     "expect",           "upgrade",         "sec-fetch-site",
        "sec-fetch-mode", "sec-fetch-dest",   "x-forwarded-for", "x-forwarded-proto",
        "forwarded",      "x-forwarded-host", "cookie",          "authorization",
        "accept",
    };
    for (size_t i = 0; i < MG_COUNT(names); i++) {
        char text[64];
        (void)snprintf(text, sizeof(text), "req:header '%s'", names[i]);
        struct world *world = world_of("request", text);
        mg_expect_true(names[i], world_request(world));
        mg_expect_int(names[i], world->request.read_count, 1);
        mg_expect_true(names[i], mg_field_id_from(mg_str_from(names[i])) != MG_FIELD_OTHER);
        mg_expect_true(names[i],
                       mg_str_equal_nocase(world->request.reads[0], mg_str_from(names[i])));
        world_free(world);
    }
}

static void counts_too_many_reads(void **state)
{
    (void)state;
    static const struct {
        const char *desc;
        int names;
        unsigned want;
    } rows[] = {{"as many as there is room for", MG_REQUEST_MAX_READS, MG_REQUEST_MAX_READS},
                {"one more", MG_REQUEST_MAX_READS + 1, MG_REQUEST_MAX_READS + 1},
                {"many more", 1000, MG_REQUEST_MAX_READS + 1}};
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        char text[128];
        (void)snprintf(text, sizeof(text),
                       "for i = 1, %d do req:header('x-' .. i) req:header('X-' .. i) end",
                       rows[i].names);
        struct world *world = world_of("request", text);
        mg_expect_true(rows[i].desc, world_request(world));
        mg_expect_int(rows[i].desc, world->request.read_count, rows[i].want);
        world_free(world);
    }
}

static void counts_a_read_that_finds_no_memory_as_too_many(void **state)
{
    (void)state;
    struct world *world = world_of("request", "say(req:header 'X-Tenant')");
    struct mg_arena empty;
    mg_arena_init(&empty, NULL, 0, 0);
    world->request.arena = &empty;
    mg_expect_true("it runs", world_request(world));
    mg_expect_int("reads", world->request.read_count, MG_REQUEST_MAX_READS + 1);
    mg_arena_fini(&empty);
    world_free(world);
}

static const struct {
    const char *desc;
    const char *text; /* the fault is in its second line */
    const char *code;
    const char *message;
    const char *hint;
} faults[] = {
    {"an unknown field", "\nsay(req.pathh)", "field-unknown", "req has no field 'pathh'",
     "did you mean 'path'?"},
    {"an unknown method", "\nreq:heder 'x'", "field-unknown", "'heder'",
     "did you mean 'header'?"},
    {"a name like no other", "\nsay(req.zzzzzz)", "field-unknown", "'zzzzzz'", NULL},
    {"a field that is a number", "\nsay(req[1])", "field-unknown", "a number", NULL},
    {"a field that is req", "\nsay(req[req])", "field-unknown", "a userdata", NULL},
    {"writing a field", "\nreq.path = '/'", "read-only", "req is read-only",
     "req.ctx is a table for you"},
    {"writing a new field", "\nreq.mine = 1", "read-only", "req is read-only", NULL},
    {"a method without its object", "\nreq.header('x')", "field-type", "got no value",
     "req:header"},
    {"a name that is nil", "\nreq:header(nil)", "field-type", "got nil", "req:header"},
    {"no name", "\nreq:headers()", "field-type", "got no value", NULL},
    {"a name that is a table", "\nreq:header {}", "field-type", "got table", NULL},
    {"a name with a colon", "\nreq:header 'Origin:'", "header-invalid", NULL, NULL},
    {"a name with a line end", "\nreq:headers 'a\\r\\nb'", "header-invalid", NULL, NULL},
    {"a known name with a CR for its hyphen", "\nreq:header 'Content\\rType'", "header-invalid",
     NULL, NULL},
    {"an empty name", "\nreq:header ''", "header-invalid", NULL, NULL},
    {"content in a request hook", "\nreq:body()", "body-missing", NULL, "handler"},
};

static void refuses_misuse(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(faults); i++) {
        struct world *world = world_of("request", faults[i].text);
        world_expect_fault(
            faults[i].desc, world, world_request(world),
            (struct world_fault){faults[i].code, 3, faults[i].message, faults[i].hint});
        mg_expect_true(faults[i].desc, world->failed == &world->plugins[0]);
        world_free(world);
    }
}

static void gives_no_way_in(void **state)
{
    (void)state;
    static const char *const tries[] = {
        "(function() for k in pairs(req) do end end)()",
        "next(req)",
        "#req",
        "ipairs(req)(req, 0)",
        "req()",
        "req + 1",
        "req .. ''",
        "table.concat(req)",
        "table.unpack(req, 1, 1)",
        "req < req",
        "req.__index",
        "req.__gc",
        "table.insert(req, 1)",
        "table.sort(req)",
        "req.header.x",
        "req.__name",
        "req.__metatable",
        "string.len(req)",
    };
    for (size_t i = 0; i < MG_COUNT(tries); i++) {
        char text[256];
        (void)snprintf(text, sizeof(text), "say(pcall(function() return %s end))", tries[i]);
        struct world *world = world_of("request", text);
        mg_expect_true(tries[i], world_request(world));
        mg_expect_true(tries[i], mg_str_starts_with(world_said(), MG_STR("false|")));
        world_free(world);
    }
}

/* Exchanges under way that keep much leave room for those that keep nothing. */
static void bounds_what_exchanges_keep_together(void **state)
{
    (void)state;
    enum {
        EXCHANGES = 64
    };
    static const char *const texts[] = {
        "return { request = function(req) req.ctx.kept = ('x'):rep(2000000) end,\n"
        "log = function(record) say(('y'):rep(3)) end }"};
    struct world *world = world_new(texts, 1);
    int contexts[EXCHANGES] = {0};
    int count = 0;
    while (count < EXCHANGES && world_request(world)) {
        contexts[count++] = world->request.ctx;
        world->request.ctx = 0;
    }
    mg_expect_true("many can", count >= 8);
    mg_expect_true("not all can", count < 20);
    mg_expect_text("why", world->fault.err.code, "budget-memory");
    mg_expect_int("its own is not there", world->request.ctx, 0);
    struct mg_plugin_record record = {.ctx = contexts[0]};
    mg_expect_true("others go on",
                   mg_dispatch_log(world->script, &world->list, &record, &world->request.meter,
                                   &world->failed, &world->fault));
    mg_expect_str("others go on", world_said(), MG_STR("yyy"));
    while (count > 0) {
        world->request.ctx = contexts[--count];
        mg_request_release(world->script, &world->request);
    }
    (void)lua_gc(mg_script_lua(world->script), LUA_GCCOLLECT);
    mg_expect_true("and there is room again", world_request(world));
    mg_request_release(world->script, &world->request);
    world_free(world);
}

static void is_over_after_its_hook(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "return { request = function(req) req.ctx.kept = req end,\n"
        "log = function(record)\n"
        "local req = record.ctx.kept\n"
        "say(pcall(function() return req.path end))\n"
        "say(pcall(function() return req:header 'x' end))\n"
        "req:headers 'x' end }"};
    struct world *world = world_new(texts, 1);
    mg_expect_true("the hook", world_request(world));
    struct mg_plugin_record record = {.ctx = world->request.ctx};
    bool succeeded = mg_dispatch_log(world->script, &world->list, &record,
                                     &world->request.meter, &world->failed, &world->fault);
    world_expect_fault("later", world, succeeded,
                       (struct world_fault){"hook-over", 6, "req is over", NULL});
    struct mg_str said = world_said();
    mg_expect_true("the field", mg_str_starts_with(said, MG_STR("false|")));
    mg_expect_true("both", memmem(said.ptr, said.len, "|false|", 7) != NULL);
    world_free(world);
}

static void is_over_after_a_hook_that_failed(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "return { request = function(req) req.ctx.kept = req error 'no' end,\n"
        "log = function(record) say(record.ctx.kept.path) end }"};
    struct world *world = world_new(texts, 1);
    mg_expect_true("the hook", !world_request(world));
    struct mg_plugin_record record = {.ctx = world->request.ctx};
    bool succeeded = mg_dispatch_log(world->script, &world->list, &record,
                                     &world->request.meter, &world->failed, &world->fault);
    world_expect_fault("later", world, succeeded,
                       (struct world_fault){"hook-over", 2, "req is over", NULL});
    world_free(world);
}

static void gives_each_plugin_tables_of_its_own(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "return { request = function(req)\n"
        "req.params.tenant = 'forged'\n"
        "req.requested_headers[1] = 'forged'\n"
        "req.ctx.seen = 'yes' end }",
        "return { request = function(req)\n"
        "say(req.params.tenant, #req.requested_headers, req.ctx.seen) end }"};
    struct world *world = world_new(texts, 2);
    mg_expect_true("they run", world_request(world));
    mg_expect_str("only ctx is shared", world_said(), MG_STR("acme|0|yes"));
    world_free(world);
}

/* Exchanges begin and end in any order: each finds its own context and none of another's. */
static void keeps_contexts_apart(void **state)
{
    (void)state;
    enum {
        EXCHANGES = 40,
        ROUNDS = 3000
    };
    struct world *world =
        world_of("request", "local mine = tostring(req.generation)\n"
                            "say(req.ctx[1] == nil or req.ctx[1] == mine, #req.ctx)\n"
                            "req.ctx[1] = mine");
    struct mg_request requests[EXCHANGES];
    bool is_open[EXCHANGES] = {false};
    int largest = 0;
    struct mg_prng prng = mg_property_begin("contexts");
    unsigned long rounds = mg_property_cases(ROUNDS);
    for (unsigned long round = 0; round < rounds; round++) {
        size_t i = mg_prng_below(&prng, EXCHANGES);
        if (is_open[i] && mg_prng_below(&prng, 3) == 0) {
            mg_request_release(world->script, &requests[i]);
            mg_expect_int("released", requests[i].ctx, 0);
            is_open[i] = false;
            continue;
        }
        if (!is_open[i]) {
            requests[i] = world->request;
            requests[i].generation = round;
        }
        struct mg_plugin_answer answer;
        mg_expect_true("it runs",
                       mg_dispatch_request_hooks(world->script, &world->list, &requests[i],
                                                 &answer, &world->failed, &world->fault));
        mg_expect_str("its own, and empty at first", world_said(),
                      is_open[i] ? MG_STR("true|1") : MG_STR("true|0"));
        is_open[i] = true;
        largest = requests[i].ctx > largest ? requests[i].ctx : largest;
    }
    mg_expect_true("places are used again", largest <= EXCHANGES);
    world_free(world);
}

static void releases_what_was_never_asked_for(void **state)
{
    (void)state;
    struct world *world = world_of("request", "return nil");
    mg_expect_true("it runs", world_request(world));
    mg_expect_int("no context", world->request.ctx, 0);
    mg_request_release(world->script, &world->request);
    mg_expect_true("it runs again", world_request(world));
    world_free(world);
}

/* A random name over few letters, so that names meet; `known` is one the program knows. */
static void random_name(struct mg_prng *prng, char name[static 16])
{
    static const char *const KNOWN[] = {"Accept", "Cookie", "Forwarded", "Sec-Fetch-Site"};
    if (mg_prng_below(prng, 3) == 0) {
        (void)snprintf(name, 16, "%s", KNOWN[mg_prng_below(prng, MG_COUNT(KNOWN))]);
    } else {
        size_t length = 1 + mg_prng_below(prng, 2);
        for (size_t i = 0; i < length; i++) {
            name[i] = "ab"[mg_prng_below(prng, 2)];
        }
        name[length] = '\0';
    }
    for (size_t i = 0; name[i] != '\0'; i++) {
        bool changes = mg_prng_below(prng, 2) == 0 && name[i] >= 'a' && name[i] <= 'z';
        name[i] = changes ? (char)(name[i] - 'a' + 'A') : name[i];
    }
}

/* A random head, whose field Wanted holds `name`. */
static void random_head(struct mg_prng *prng, const char *name, struct mg_buf *head)
{
    head->len = 0;
    mg_buf_printf(head, "GET / HTTP/1.1\r\nHost: h\r\nWanted: %s\r\n", name);
    unsigned lines = (unsigned)mg_prng_below(prng, 20);
    for (unsigned i = 0; i < lines; i++) {
        char other[16];
        random_name(prng, other);
        mg_buf_printf(head, "%s: %u\r\n", other, i);
    }
    mg_buf_add(head, MG_STR("\r\n"));
    mg_buf_add_char(head, '\0');
}

/* What is to be said of the field: its first value or "nil", then all of them. */
static void search_plainly(const struct mg_head *head, struct mg_str name, struct mg_buf *out)
{
    struct mg_str first = MG_STR("nil");
    size_t count = 0;
    for (unsigned i = 0; i < head->field_count; i++) {
        const struct mg_field *field = &head->fields[i];
        if (mg_str_equal_nocase(field->name, name) && count++ == 0) {
            first = field->value;
        }
    }
    out->len = 0;
    mg_buf_add(out, first);
    for (unsigned i = 0; i < head->field_count; i++) {
        if (mg_str_equal_nocase(head->fields[i].name, name)) {
            mg_buf_printf(out, "|%.*s", MG_STR_ARG(head->fields[i].value));
        }
    }
}

/* header and headers agree with a plain search through the lines, for any head and any name. */
static void finds_what_a_plain_search_finds(void **state)
{
    (void)state;
    struct world *world = world_of("request", "local name = req:header 'wanted'\n"
                                              "say(req:header(name) or 'nil')\n"
                                              "for _, v in ipairs(req:headers(name)) do "
                                              "say(v) end");
    struct mg_prng prng = mg_property_begin("fields");
    unsigned long rounds = mg_property_cases(2000);
    struct mg_buf head;
    struct mg_buf want;
    mg_buf_init(&head, 4096);
    mg_buf_init(&want, 4096);
    for (unsigned long round = 0; round < rounds; round++) {
        char name[16];
        random_name(&prng, name);
        random_head(&prng, name, &head);
        world_head(world, head.ptr);
        world->request.read_count = 0;
        world->request.known_reads = 0;
        mg_expect_true("it runs", world_request(world));
        search_plainly(&world->head, mg_str_from(name), &want);
        mg_expect_str(head.ptr, world_said(), mg_buf_str(&want));
    }
    mg_buf_fini(&head);
    mg_buf_fini(&want);
    world_free(world);
}

static void bounds_the_requested_names(void **state)
{
    (void)state;
    static const struct {
        const char *desc;
        size_t names;
        size_t bytes; /* of each */
        const char *want;
    } rows[] = {{"as many as are read", 256, 3, "256"},
                {"one more", 257, 3, "256"},
                {"more bytes than are read", 200, 60, "0"}};
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct world *world = world_of("request", "say(#req.requested_headers)");
        struct mg_buf value;
        mg_buf_init(&value, 1 << 20);
        for (size_t j = 0; j < rows[i].names; j++) {
            mg_buf_add(&value, j > 0 ? MG_STR(",") : MG_STR(""));
            mg_buf_printf(&value, "%0*zu", (int)rows[i].bytes, j);
        }
        world->head.fields[0] = (struct mg_field){MG_STR("Access-Control-Request-Headers"),
                                                  mg_buf_str(&value), MG_FIELD_ACRH};
        world->head.first[MG_FIELD_ACRH] = 1;
        world->head.lines[MG_FIELD_ACRH] = 1;
        mg_expect_true(rows[i].desc, world_request(world));
        mg_expect_str(rows[i].desc, world_said(), mg_str_from(rows[i].want));
        mg_buf_fini(&value);
        world_free(world);
    }
}

/* Names that differ from small letters in one byte, of every length and at every place. */
static void lowers_the_requested_names(void **state)
{
    (void)state;
    static const char odd[] = "AZMaz@[`{~09-\xc1\xda"; /* the letters' neighbours too */
    struct world *world = world_of("request", "say(req.requested_headers[1])");
    for (size_t len = 1; len <= 41; len++) {
        for (size_t at = 0; at < len; at++) {
            char name[41];
            memset(name, 'x', len);
            name[at] = odd[(len + at) % (sizeof(odd) - 1)];
            struct mg_str value = {name, len};
            world->head.fields[0] = (struct mg_field){MG_STR("Access-Control-Request-Headers"),
                                                      value, MG_FIELD_ACRH};
            world->head.first[MG_FIELD_ACRH] = 1;
            world->head.lines[MG_FIELD_ACRH] = 1;
            mg_expect_true("it runs", world_request(world));
            name[at] = mg_ascii_lower(name[at]);
            mg_expect_str("the name", world_said(), value);
        }
    }
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shows_the_exchange),
        cmocka_unit_test(shows_what_is_absent_as_nil),
        cmocka_unit_test(remembers_what_was_read),
        cmocka_unit_test(notes_the_origin_each_time),
        cmocka_unit_test(remembers_known_names),
        cmocka_unit_test(counts_too_many_reads),
        cmocka_unit_test(counts_a_read_that_finds_no_memory_as_too_many),
        cmocka_unit_test(refuses_misuse),
        cmocka_unit_test(gives_no_way_in),
        cmocka_unit_test(is_over_after_its_hook),
        cmocka_unit_test(is_over_after_a_hook_that_failed),
        cmocka_unit_test(gives_each_plugin_tables_of_its_own),
        cmocka_unit_test(keeps_contexts_apart),
        cmocka_unit_test(releases_what_was_never_asked_for),
        cmocka_unit_test(finds_what_a_plain_search_finds),
        cmocka_unit_test(bounds_the_requested_names),
        cmocka_unit_test(bounds_what_exchanges_keep_together),
        cmocka_unit_test(lowers_the_requested_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
