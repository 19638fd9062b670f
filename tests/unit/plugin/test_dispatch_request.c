/* test_dispatch_request.c - request hooks and handlers: the answers that they give. */
#include "prng.h"
#include "world.h"

/* The answer as text: status, lines, body. */
static struct mg_str written(const struct mg_plugin_answer *answer, struct mg_buf *out)
{
    out->len = 0;
    if (!answer->is_given) {
        mg_buf_add(out, MG_STR("none"));
        return mg_buf_str(out);
    }
    mg_buf_add_u64(out, answer->status);
    for (size_t i = 0; i < answer->field_count; i++) {
        mg_buf_printf(out, "|%.*s=%.*s", MG_STR_ARG(answer->fields[i].name),
                      MG_STR_ARG(answer->fields[i].value));
    }
    mg_buf_add(out, MG_STR("||"));
    mg_buf_add(out, answer->body);
    return mg_buf_str(out);
}

static bool dispatch(struct world *world, enum mg_hook hook, const char *body,
                     struct mg_plugin_answer *answer)
{
    const struct mg_str content = mg_str_from(body);
    if (hook == MG_HOOK_REQUEST) {
        return mg_dispatch_request_hooks(world->script, &world->list, &world->request, answer,
                                         &world->failed, &world->fault);
    }
    world->request.body = &content;
    bool succeeded = mg_dispatch_handler(world->script, &world->list, &world->request, answer,
                                         &world->failed, &world->fault);
    world->request.body = NULL;
    return succeeded;
}

static void allow_answers(struct world *world)
{
    for (size_t i = 0; i < WORLD_MAX_PLUGINS; i++) {
        world->plugins[i].capabilities = MG_CAPABILITY_RESPOND;
    }
}

static const struct {
    const char *desc;
    const char *text;
    const char *want;
} answers[] = {
    {"nothing", "", "none"},
    {"nil", "return nil", "none"},
    {"an empty answer", "return {}", "200||"},
    {"a status", "return { status = 429 }", "429||"},
    {"a status that is a whole float", "return { status = 404.0 }", "404||"},
    {"the least status", "return { status = 200 }", "200||"},
    {"the greatest status", "return { status = 599 }", "599||"},
    {"a body", "return { body = 'text' }", "200||text"},
    {"a body with any bytes", "return { body = '\\r\\n\\1\\xff' }", "200||\r\n\1\xff"},
    {"an empty body where none may be", "return { status = 204, body = '' }", "204||"},
    {"named fields in byte order",
     "return { fields = { b = '1', A = '2', a = '3', B = '4', ab = '5' } }",
     "200|A=2|B=4|a=3|ab=5|b=1||"},
    {"a name with several values", "return { fields = { b = { '2', '1', '2' }, a = '0' } }",
     "200|a=0|b=2|b=1|b=2||"},
    {"a name with no values", "return { fields = { b = {} } }", "200||"},
    {"pairs as they stand", "return { fields = { { 'b', '1' }, { 'a', '2' }, { 'b', '1' } } }",
     "200|b=1|a=2|b=1||"},
    {"pairs, then names", "return { fields = { { 'b', '1' }, a = '2' } }", "200|b=1|a=2||"},
    {"no fields", "return { fields = {} }", "200||"},
    {"white space at the ends of a value", "return { fields = { a = ' \\tx y\\t ' } }",
     "200|a=x y||"},
    {"an empty value", "return { fields = { a = '' } }", "200|a=||"},
    {"bytes that are no text", "return { fields = { a = '\\xe9\\x01\\x7f' } }",
     "200|a=\xe9\x01\x7f||"},
    {"CORS fields, which the server replaces",
     "return { fields = { ['Access-Control-Allow-Origin'] = '*' } }",
     "200|Access-Control-Allow-Origin=*||"},
    {"an answer made of what is frozen", "return frozen", "503|Link=<a>|Link=<b>|X=1||later"},
    {"an answer with a frozen part", "return { fields = frozen.fields }",
     "200|Link=<a>|Link=<b>|X=1||"},
};

static void takes_answers(void **state)
{
    (void)state;
    struct mg_buf out;
    mg_buf_init(&out, 1 << 20);
    for (size_t i = 0; i < MG_COUNT(answers); i++) {
        char chunk[1024];
        const char *const texts[] = {chunk};
        (void)snprintf(chunk, sizeof(chunk),
                       "local frozen = { status = 503, body = 'later',\n"
                       "fields = { { 'Link', '<a>' }, { 'Link', '<b>' }, X = '1' } }\n"
                       "local function answer(req) %s end\n"
                       "return { request = answer }",
                       answers[i].text);
        struct world *world = world_new(texts, 1);
        allow_answers(world);
        struct mg_plugin_answer answer;
        mg_expect_true(answers[i].desc, dispatch(world, MG_HOOK_REQUEST, "", &answer));
        mg_expect_str(answers[i].desc, written(&answer, &out), mg_str_from(answers[i].want));
        world_free(world);
    }
    mg_buf_fini(&out);
}

static const struct {
    const char *desc;
    const char *text;
    const char *code;
    const char *message; /* a part of it */
    const char *hint;
} faults[] = {
    {"a string", "return 'no'", "field-type", "a string, not a table", "return {"},
    {"false", "return false", "field-type", "a boolean", NULL},
    {"req", "return req", "field-type", "a userdata", NULL},
    {"an unknown field", "return { header = {} }", "field-unknown", "'header'", NULL},
    {"a field misspelt", "return { stauts = 200 }", "field-unknown", "'stauts'",
     "did you mean 'status'?"},
    {"a list", "return { 200 }", "field-unknown", "a key that is a number", NULL},
    {"a status below", "return { status = 199 }", "respond-status", NULL, "status = 200"},
    {"a status above", "return { status = 600 }", "respond-status", NULL, NULL},
    {"a status that is no integer", "return { status = 200.5 }", "respond-status", NULL, NULL},
    {"a status that is a string", "return { status = '200' }", "respond-status", NULL, NULL},
    {"a body that is a number", "return { body = 1 }", "field-type", "a number", NULL},
    {"a body with 204", "return { body = 'x', status = 204 }", "respond-body-forbidden", "204",
     NULL},
    {"a body with 205", "return { body = 'x', status = 205 }", "respond-body-forbidden", "205",
     NULL},
    {"a body with 304", "return { body = 'x', status = 304 }", "respond-body-forbidden", "304",
     NULL},
    {"a body that is too large", "return { body = ('x'):rep(1024 * 1024 * 8 + 1) }",
     "respond-body-too-large", "8388609", NULL},
    {"fields that are a string", "return { fields = 'X: 1' }", "field-type", "a string", NULL},
    {"a value that is a number", "return { fields = { X = 1 } }", "field-type", "X is a number",
     NULL},
    {"a value that is nothing", "return { fields = { X = { '1', false } } }", "field-type",
     "X is a boolean", NULL},
    {"a name with a colon", "return { fields = { ['X:'] = '1' } }", "respond-field", "no token",
     NULL},
    {"an empty name", "return { fields = { [''] = '1' } }", "respond-field", "no token", NULL},
    {"a name with a line end", "return { fields = { { 'X\\r\\nY', '1' } } }", "respond-field",
     "no token", NULL},
    {"a value with CR", "return { fields = { X = 'a\\rb' } }", "respond-field", "of X", NULL},
    {"a value with LF", "return { fields = { X = 'a\\nY: b' } }", "respond-field", "of X",
     NULL},
    {"a value with NUL", "return { fields = { X = { 'a', '\\0' } } }", "respond-field", "of X",
     NULL},
    {"a length", "return { fields = { ['content-LENGTH'] = '5' } }", "respond-framing-field",
     "content-LENGTH", "leave it out"},
    {"a coding", "return { fields = { { 'Transfer-Encoding', 'chunked' } } }",
     "respond-framing-field", "Transfer-Encoding", NULL},
    {"a connection", "return { fields = { Connection = { 'close' } } }",
     "respond-framing-field", "Connection", NULL},
    {"a date", "return { fields = { Date = 'now' } }", "respond-framing-field", "Date", NULL},
    {"a pair of one", "return { fields = { { 'X' } } }", "respond-field", "pair", NULL},
    {"a pair of three", "return { fields = { { 'X', '1', '2' } } }", "respond-field", "pair",
     NULL},
    {"a pair without name", "return { fields = { { 1, 'X' } } }", "respond-field", "pair",
     NULL},
    {"an element that is no pair", "return { fields = { 'X' } }", "respond-field", "pair",
     NULL},
    {"a list with a hole", "return { fields = { [3] = { 'X', '1' } } }", "respond-field",
     "neither a name nor a place", NULL},
    {"a key that is a boolean", "return { fields = { [true] = '1' } }", "respond-field",
     "neither a name nor a place", NULL},
    {"too many fields",
     "local f = {} for i = 1, 65 do f[i] = { 'X', '1' } end return { fields = f }",
     "list-too-long", "64", NULL},
    {"too many bytes", "return { fields = { X = ('x'):rep(65536) } }", "list-too-long", "65536",
     NULL},
    {"a value too long to be looked at", "return { fields = { X = ('\\n'):rep(65536) } }",
     "list-too-long", "65536", NULL},
};

static void refuses_what_is_no_answer(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(faults); i++) {
        char chunk[1024];
        const char *const texts[] = {chunk};
        (void)snprintf(chunk, sizeof(chunk), "return {\n request = function(req)\n%s\nend }",
                       faults[i].text);
        struct world *world = world_new(texts, 1);
        allow_answers(world);
        struct mg_plugin_answer answer;
        bool succeeded = dispatch(world, MG_HOOK_REQUEST, "", &answer);
        world_expect_fault(
            faults[i].desc, world, succeeded,
            (struct world_fault){faults[i].code, 2, faults[i].message, faults[i].hint});
        world_free(world);
    }
}

static void takes_as_much_as_there_is_room_for(void **state)
{
    (void)state;
    static const struct {
        const char *desc;
        const char *text;
        size_t fields;
        size_t body;
    } rows[] = {
        {"fields",
         "local f = {} for i = 1, 64 do f[i] = { 'X', '1' } end return { fields = f }", 64, 0},
        {"bytes of fields", "return { fields = { X = ('x'):rep(65535) } }", 1, 0},
        {"body", "return { body = ('x'):rep(1024 * 1024 * 3) }", 0, 3 << 20},
    };
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct world *world = world_of("request", rows[i].text);
        allow_answers(world);
        struct mg_plugin_answer answer;
        mg_expect_true(rows[i].desc, dispatch(world, MG_HOOK_REQUEST, "", &answer));
        mg_expect_int(rows[i].desc, answer.field_count, rows[i].fields);
        mg_expect_int(rows[i].desc, answer.body.len, rows[i].body);
        world_free(world);
    }
}

static void fails_where_the_arena_is_full(void **state)
{
    (void)state;
    static const char *const texts[] = {"return { body = ('x'):rep(1000) }",
                                        "return { fields = { X = '1' } }"};
    for (size_t i = 0; i < MG_COUNT(texts); i++) {
        struct world *world = world_of("request", texts[i]);
        struct mg_arena small;
        char storage[64];
        allow_answers(world);
        mg_arena_init(&small, storage, sizeof(storage), 0);
        world->request.arena = &small;
        struct mg_plugin_answer answer;
        bool succeeded = dispatch(world, MG_HOOK_REQUEST, "", &answer);
        world_expect_fault(texts[i], world, succeeded,
                           (struct world_fault){"out-of-memory", 1, NULL, NULL});
        mg_arena_fini(&small);
        world_free(world);
    }
}

static void needs_the_capability_to_answer(void **state)
{
    (void)state;
    struct world *world = world_of("request", "return { status = 200 }");
    struct mg_plugin_answer answer;
    bool succeeded = dispatch(world, MG_HOOK_REQUEST, "", &answer);
    world_expect_fault("without it", world, succeeded,
                       (struct world_fault){"plugin-capability", 1, "'respond'", "respond"});
    world_free(world);
    world = world_of("handler", "return { status = 200 }");
    mg_expect_true("a handler needs none", dispatch(world, MG_HOOK_HANDLER, "", &answer));
    mg_expect_int("a handler needs none", answer.status, 200);
    world_free(world);
}

static void runs_in_order_until_one_answers(void **state)
{
    (void)state;
    enum {
        SETS = 1 << 4
    };
    static const char *const texts[] = {
        "return { request = function() say 'a' end }", "return { log = function() end }",
        "return { request = function() say 'c' return { status = 418 } end }",
        "return { request = function() say 'd' end }"};
    struct world *world = world_new(texts, 4);
    struct mg_plugin_answer answer;
    allow_answers(world);
    for (unsigned owners = 0; owners < SETS; owners++) {
        world_budgets(world, owners);
        mg_expect_true("it runs", dispatch(world, MG_HOOK_REQUEST, "", &answer));
        mg_expect_str("in order", world_said(), MG_STR("a|c"));
        mg_expect_int("the answer", answer.status, 418);
    }
    world->list.count = 2;
    mg_expect_true("it runs", dispatch(world, MG_HOOK_REQUEST, "", &answer));
    mg_expect_str("the others", world_said(), MG_STR("a"));
    mg_expect_true("none answers", !answer.is_given);
    world->list.count = 0;
    mg_expect_true("none at all", dispatch(world, MG_HOOK_REQUEST, "", &answer));
    mg_expect_true("none answers", !answer.is_given);
    world_free(world);
}

static void names_the_plugin_that_fails(void **state)
{
    (void)state;
    enum {
        SETS = 1 << 3,
        BEHIND = 1 << 1 | 1 << 2 /* that part the last plugin from the one before */
    };
    static const struct {
        const char *desc;
        const char *text;
        const char *code;
        int line;
        const char *said;
    } rows[] = {{"an error", "error 'no'", "script-error", 3, "a|b"},
                {"an answer it may not give", "return {}", "plugin-capability", 2, "a|b"},
                {"what is found when all have run", "n = n + 1", "state-kept", 3, "a|b|c"}};
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        char second[256];
        (void)snprintf(second, sizeof(second),
                       "local n = 0\nreturn { request = function()\nsay 'b' %s end }",
                       rows[i].text);
        const char *const texts[] = {"local n = 0 return { request = function() say 'a' end,\n"
                                     "log = function() n = 1 end }",
                                     second, "return { request = function() say 'c' end }"};
        struct world *world = world_new(texts, 3);
        for (unsigned owners = 0; owners < SETS; owners++) {
            const char *said = (owners & BEHIND) != 0 ? "a|b" : rows[i].said;
            struct mg_plugin_answer answer;
            world_budgets(world, owners);
            mg_expect_true(rows[i].desc, !dispatch(world, MG_HOOK_REQUEST, "", &answer));
            mg_expect_str(rows[i].desc, world_said(), mg_str_from(said));
            mg_expect_true(rows[i].desc, world->failed == &world->plugins[1]);
            mg_expect_text(rows[i].desc, world->fault.err.code, rows[i].code);
            mg_expect_text(rows[i].desc, world->fault.err.file, "plugins/b/plugin.lua");
            mg_expect_int(rows[i].desc, world->fault.err.line, rows[i].line);
        }
        world_free(world);
    }
}

static const struct {
    const char *desc;
    uint64_t steps[3]; /* of the plugins' budgets, 0: they have none */
    unsigned takes[3]; /* steps that their hooks take */
    int failing;       /* the plugin that is stopped, -1: none */
    const char *message;
    const char *said; /* by those that were not */
} budgets[] = {
    {"one for all", {0, 0, 0}, {400000, 400000, 200000}, -1, "", "a|b|c"},
    {"one for all, used up", {0, 0, 0}, {600000, 600000, 0}, 1, "than 1000000 steps", "a"},
    {"one of its own", {0, 100, 0}, {0, 100, 0}, -1, "", "a|b|c"},
    {"one of its own, used up", {0, 100, 0}, {101, 101, 101}, 1, "than 100 steps", "a"},
    {"the first's", {100, 0, 0}, {101, 0, 0}, 0, "than 100 steps", ""},
    {"the last's", {0, 0, 100}, {101, 101, 101}, 2, "than 100 steps", "a|b"},
    {"is not the others'", {100, 0, 0}, {100, 500000, 500000}, -1, "", "a|b|c"},
    {"another one behind it", {0, 100, 0}, {900000, 100, 900000}, -1, "", "a|b|c"},
    {"another one, used up", {100, 0, 0}, {1, 600000, 600000}, 2, "than 1000000 steps", "a|b"},
    {"one for each", {100, 200, 300}, {100, 200, 300}, -1, "", "a|b|c"},
    {"one for each, used up", {100, 200, 300}, {100, 200, 301}, 2, "than 300 steps", "a|b"},
    {"not above the server's", {0, 2000000, 0}, {0, 1000001, 0}, 1, "than 1000000 steps", "a"},
};

/* Run the hooks of a row's plugins. */
static void expect_bounds(size_t row, struct world *world)
{
    const char *desc = budgets[row].desc;
    int failing = budgets[row].failing;
    mg_expect_int(desc, world_request(world), failing < 0);
    mg_expect_str(desc, world_said(), mg_str_from(budgets[row].said));
    if (failing >= 0) {
        mg_expect_true(desc, world->failed == &world->plugins[failing]);
        mg_expect_text(desc, world->fault.err.code, "budget-steps");
        if (strstr(world->fault.err.message, budgets[row].message) == NULL) {
            mg_expect_text(desc, world->fault.err.message, budgets[row].message);
        }
    }
}

static void bounds_plugins_by_their_budgets(void **state)
{
    (void)state;
    for (size_t i = 0; i < MG_COUNT(budgets); i++) {
        char chunks[MG_COUNT(budgets[0].steps)][128];
        const char *texts[MG_COUNT(chunks)];
        for (size_t j = 0; j < MG_COUNT(chunks); j++) {
            (void)snprintf(chunks[j], sizeof(chunks[j]),
                           "return { request = function() charge(%u) say '%c' end }",
                           budgets[i].takes[j], "abc"[j]);
            texts[j] = chunks[j];
        }
        struct world *world = world_new(texts, MG_COUNT(texts));
        for (size_t j = 0; j < MG_COUNT(chunks); j++) {
            world->plugins[j].budget.max_steps = budgets[i].steps[j];
        }
        expect_bounds(i, world);
        expect_bounds(i, world);
        world_free(world);
    }
}

static void gives_handlers_the_content(void **state)
{
    (void)state;
    struct world *world =
        world_of("handler", "return { body = req.method .. ' ' .. req:body() .. #req:body() }");
    struct mg_plugin_answer answer;
    struct mg_buf out;
    mg_buf_init(&out, 4096);
    mg_expect_true("with content", dispatch(world, MG_HOOK_HANDLER, "a=1", &answer));
    mg_expect_str("with content", written(&answer, &out), MG_STR("200||GET a=13"));
    mg_expect_true("without", dispatch(world, MG_HOOK_HANDLER, "", &answer));
    mg_expect_str("without", written(&answer, &out), MG_STR("200||GET 0"));
    mg_expect_true("it is gone afterwards", world->request.body == NULL);
    mg_buf_fini(&out);
    world_free(world);
}

static void wants_an_answer_of_handlers(void **state)
{
    (void)state;
    struct world *world = world_of("handler", "say(req.path)");
    struct mg_plugin_answer answer;
    bool succeeded = dispatch(world, MG_HOOK_HANDLER, "", &answer);
    world_expect_fault("none", world, succeeded,
                       (struct world_fault){"respond-missing", 1, NULL, "return {"});
    world_free(world);
}

/* Random tables as answers: each is either taken whole or refused with a code, and what is
 * taken holds nothing that could leave its line or frame the message. */
static void takes_nothing_that_breaks_framing(void **state)
{
    (void)state;
    static const char *const keys[] = {
        "status", "fields", "body",   "'X-A'", "'Content-Length'",
        "1",      "'a b'",  "'Date'", "2",     "'te'"};
    static const char *const values[] = {
        "200",  "204",          "'v'",          "'a\\r\\nb'",     "{}",
        "true", "'\\0'",        "{ 'n', 'v' }", "{ 'n', '\\n' }", "req",
        "600",  "{ 'v', 'w' }", "frozen"};
    struct mg_prng prng = mg_property_begin("answers");
    unsigned long rounds = mg_property_cases(400);
    unsigned long taken = 0;
    for (unsigned long round = 0; round < rounds; round++) {
        struct mg_buf text;
        mg_buf_init(&text, 4096);
        mg_buf_add(&text, MG_STR("local frozen = { { 'n', 'v' } } return { request = "
                                 "function(req) return { fields = {"));
        for (uint64_t n = mg_prng_below(&prng, 3); n > 0; n--) {
            mg_buf_printf(&text, "[%s] = %s,", keys[3 + mg_prng_below(&prng, 7)],
                          values[mg_prng_below(&prng, MG_COUNT(values))]);
        }
        mg_buf_add(&text, MG_STR("},"));
        for (uint64_t n = mg_prng_below(&prng, 2); n > 0; n--) {
            mg_buf_printf(&text, "%s = %s,", keys[mg_prng_below(&prng, 3)],
                          values[mg_prng_below(&prng, MG_COUNT(values))]);
        }
        mg_buf_add(&text, MG_STR("} end }"));
        mg_buf_add_char(&text, '\0');
        const char *const texts[] = {text.ptr};
        struct world *world = world_new(texts, 1);
        struct mg_plugin_answer answer;
        allow_answers(world);
        if (dispatch(world, MG_HOOK_REQUEST, "", &answer)) {
            taken++;
            mg_expect_true(text.ptr, answer.status >= 200 && answer.status <= 599);
            mg_expect_true(text.ptr, answer.status != 204 || answer.body.len == 0);
            for (size_t i = 0; i < answer.field_count; i++) {
                struct mg_str value = answer.fields[i].value;
                mg_expect_true(text.ptr, mg_str_is_token(answer.fields[i].name));
                mg_expect_true(text.ptr, memchr(value.ptr, '\n', value.len) == NULL &&
                                             memchr(value.ptr, '\r', value.len) == NULL &&
                                             memchr(value.ptr, '\0', value.len) == NULL);
            }
        } else {
            mg_expect_true(text.ptr, world->fault.err.code != NULL);
            mg_expect_int(text.ptr, world->fault.err.line, 1);
        }
        mg_buf_fini(&text);
        world_free(world);
    }
    mg_expect_true("some were taken and some refused", taken > 0 && taken < rounds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_answers),
        cmocka_unit_test(refuses_what_is_no_answer),
        cmocka_unit_test(takes_as_much_as_there_is_room_for),
        cmocka_unit_test(fails_where_the_arena_is_full),
        cmocka_unit_test(needs_the_capability_to_answer),
        cmocka_unit_test(runs_in_order_until_one_answers),
        cmocka_unit_test(names_the_plugin_that_fails),
        cmocka_unit_test(bounds_plugins_by_their_budgets),
        cmocka_unit_test(gives_handlers_the_content),
        cmocka_unit_test(wants_an_answer_of_handlers),
        cmocka_unit_test(takes_nothing_that_breaks_framing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
