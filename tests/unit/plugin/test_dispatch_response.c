/* test_dispatch_response.c - `res`: how response hooks edit the fields of an answer. */
#include "prng.h"
#include "world.h"

static const struct mg_plugin_field given[] = {
    {{"Content-Type", 12}, {"text/plain", 10}},
    {{"Set-Cookie", 10}, {"a=1", 3}},
    {{"X-A", 3}, {"1", 1}},
    {{"set-cookie", 10}, {"b=2", 3}},
    {{"Content-Length", 14}, {"5", 1}},
};

/* The answer that the rows edit; its fields are the caller's. */
static struct mg_plugin_response begin(struct world *world, struct mg_plugin_field *fields)
{
    memcpy(fields, given, sizeof(given));
    return (struct mg_plugin_response){.status = 201,
                                       .fields = fields,
                                       .field_count = MG_COUNT(given),
                                       .arena = &world->arena};
}

static bool dispatch(struct world *world, struct mg_plugin_response *response)
{
    return mg_dispatch_response(world->script, &world->list, &world->request, response,
                                &world->failed, &world->fault);
}

static struct mg_str written(const struct mg_plugin_response *response, struct mg_buf *out)
{
    out->len = 0;
    for (size_t i = 0; i < response->field_count; i++) {
        mg_buf_printf(out, "%s%.*s=%.*s", i > 0 ? "|" : "",
                      MG_STR_ARG(response->fields[i].name),
                      MG_STR_ARG(response->fields[i].value));
    }
    return mg_buf_str(out);
}

#define GIVEN "Content-Type=text/plain|Set-Cookie=a=1|X-A=1|set-cookie=b=2|Content-Length=5"

static const struct {
    const char *desc;
    const char *text;
    const char *want;
    bool is_changed;
} edits[] = {
    {"nothing", "", GIVEN, false},
    {"reading", "x:get 'X-A'", GIVEN, false},
    {"a new field", "x:set('X-B', '2')", GIVEN "|X-B=2", true},
    {"a field in its place", "x:set('x-a', '2')",
     "Content-Type=text/plain|Set-Cookie=a=1|x-a=2|set-cookie=b=2|Content-Length=5", true},
    {"one for several lines", "x:set('Set-Cookie', 'c=3')",
     "Content-Type=text/plain|Set-Cookie=c=3|X-A=1|Content-Length=5", true},
    {"one more line", "x:add('X-A', '2')", GIVEN "|X-A=2", true},
    {"removing one", "x:remove 'x-A'",
     "Content-Type=text/plain|Set-Cookie=a=1|set-cookie=b=2|Content-Length=5", true},
    {"removing several", "x:remove 'SET-COOKIE'",
     "Content-Type=text/plain|X-A=1|Content-Length=5", true},
    {"removing what is not there", "x:remove 'X-None'", GIVEN, false},
    {"several edits",
     "x:remove 'X-A' x:add('X-A', '2') x:set('Content-Type', 'a/b') x:add('X-A', '3') "
     "x:remove 'Set-Cookie'",
     "Content-Type=a/b|Content-Length=5|X-A=2|X-A=3", true},
    {"white space at the ends of a value", "x:set('X-A', '\\t a b ')",
     "Content-Type=text/plain|Set-Cookie=a=1|X-A=a b|set-cookie=b=2|Content-Length=5", true},
    {"many edits",
     "for i = 1, 100 do x:add('X-' .. i, '') end for i = 1, 100 do x:remove('X-' .. i) end",
     GIVEN, true},
};

static void edits_fields(void **state)
{
    (void)state;
    struct mg_buf out;
    mg_buf_init(&out, 1 << 16);
    for (size_t i = 0; i < MG_COUNT(edits); i++) {
        struct world *world = world_of("response", edits[i].text);
        struct mg_plugin_field fields[MG_COUNT(given)];
        struct mg_plugin_response response = begin(world, fields);
        mg_expect_true(edits[i].desc, dispatch(world, &response));
        mg_expect_str(edits[i].desc, written(&response, &out), mg_str_from(edits[i].want));
        mg_expect_int(edits[i].desc, response.is_changed, edits[i].is_changed);
        mg_expect_int(edits[i].desc, memcmp(fields, given, sizeof(given)), 0);
        world_free(world);
    }
    mg_buf_fini(&out);
}

static void shows_the_answer(void **state)
{
    (void)state;
    struct world *world =
        world_of("response", "say(x.status, x:get 'content-type', x:get 'Set-Cookie',\n"
                             "x:get 'X-None', x:get 'Content-Length', req.path)");
    struct mg_plugin_field fields[MG_COUNT(given)];
    struct mg_plugin_response response = begin(world, fields);
    mg_expect_true("it runs", dispatch(world, &response));
    mg_expect_str("all of it", world_said(),
                  MG_STR("201|text/plain|a=1|nil|5|/t/acme/a/b%2Fc"));
    world_free(world);
}

static void passes_edits_on(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "return { response = function(req, res) res:set('X-A', '2') end }",
        "return { response = function(req, res) say(res:get 'X-A') res:add('X-A', '3') end }"};
    struct world *world = world_new(texts, 2);
    struct mg_plugin_field fields[MG_COUNT(given)];
    struct mg_plugin_response response = begin(world, fields);
    mg_expect_true("they run", dispatch(world, &response));
    mg_expect_str("what the second sees", world_said(), MG_STR("2"));
    mg_expect_int("fields", response.field_count, MG_COUNT(given) + 1);
    world_free(world);
}

static const struct {
    const char *desc;
    const char *text;
    const char *code;
    const char *message;
} faults[] = {
    {"a CORS field", "\nx:set('access-control-allow-origin', '*')", "respond-cors-field",
     "access-control-allow-origin"},
    {"adding a CORS field", "\nx:add('Access-Control-Expose-Headers', '*')",
     "respond-cors-field", NULL},
    {"removing a CORS field", "\nx:remove 'Access-Control-Allow-Credentials'",
     "respond-cors-field", NULL},
    {"the timing field", "\nx:set('Timing-Allow-Origin', '*')", "respond-cors-field", NULL},
    {"the length", "\nx:set('Content-Length', '0')", "respond-framing-field", "Content-Length"},
    {"removing the coding", "\nx:remove 'transfer-encoding'", "respond-framing-field", NULL},
    {"the date", "\nx:set('Date', 'now')", "respond-framing-field", NULL},
    {"the connection", "\nx:add('Connection', 'close')", "respond-framing-field", NULL},
    {"a name that is none", "\nx:set('a b', '1')", "respond-field", "no token"},
    {"a value with a line end", "\nx:set('X', 'a\\r\\nb')", "respond-field", "of X"},
    {"a value with NUL", "\nx:add('X', '\\0')", "respond-field", "of X"},
    {"a value that is a number", "\nx:set('X', 1)", "field-type", "got number"},
    {"no value", "\nx:set('X')", "field-type", "got no value"},
    {"no name", "\nx:get()", "field-type", "got no value"},
    {"too many fields", "\nfor i = 1, 252 do x:add('X', '') end", "list-too-long", "255"},
    {"too many bytes", "\nfor i = 1, 9 do x:set('X', ('x'):rep(8192)) end", "list-too-long",
     "65536"},
    {"a name too long to be looked at", "\nx:set((' '):rep(65537), '')", "list-too-long",
     "65536"},
    {"a value too long to be looked at", "\nx:set('X', ('\\n'):rep(65537))", "list-too-long",
     "65536"},
    {"writing", "\nx.status = 200", "read-only", "res is read-only"},
    {"an unknown method", "\nx:delete 'X'", "field-unknown", "'delete'"},
};

/* A fault leaves the answer as it was, whatever was made of it before. */
static void refuses_misuse(void **state)
{
    (void)state;
    struct mg_buf out;
    mg_buf_init(&out, 1 << 16);
    for (size_t i = 0; i < MG_COUNT(faults); i++) {
        char text[256];
        (void)snprintf(text, sizeof(text), "x:remove 'X-A' %s", faults[i].text);
        struct world *world = world_of("response", text);
        struct mg_plugin_field fields[MG_COUNT(given)];
        struct mg_plugin_response response = begin(world, fields);
        bool succeeded = dispatch(world, &response);
        world_expect_fault(faults[i].desc, world, succeeded,
                           (struct world_fault){faults[i].code, 3, faults[i].message, NULL});
        mg_expect_str(faults[i].desc, written(&response, &out), MG_STR(GIVEN));
        mg_expect_true(faults[i].desc, !response.is_changed);
        world_free(world);
    }
    mg_buf_fini(&out);
}

static void fails_where_the_arena_is_full(void **state)
{
    (void)state;
    static const char *const texts[] = {"x:set('X-A', '2')", "x:remove 'X-A'"};
    for (size_t i = 0; i < MG_COUNT(texts); i++) {
        struct world *world = world_of("response", texts[i]);
        struct mg_plugin_field fields[MG_COUNT(given)];
        struct mg_plugin_response response = begin(world, fields);
        struct mg_arena empty;
        mg_arena_init(&empty, NULL, 0, 0);
        response.arena = &empty;
        bool succeeded = dispatch(world, &response);
        world_expect_fault(texts[i], world, succeeded,
                           (struct world_fault){"out-of-memory", 2, NULL, NULL});
        mg_arena_fini(&empty);
        world_free(world);
    }
}

/* A plain list of fields, and the script that edits it in the same way. */
struct model {
    struct mg_plugin_field fields[64];
    size_t count;
    struct mg_buf text;
};

enum edit {
    EDIT_ADD,
    EDIT_SET,
    EDIT_REMOVE,
    EDIT_COUNT
};

static void edit_model(struct model *model, enum edit edit, struct mg_plugin_field field)
{
    static const char *const methods[] = {"add", "set", "remove"};
    mg_buf_printf(&model->text, "x:%s('%.*s', '%.*s')\n", methods[edit], MG_STR_ARG(field.name),
                  MG_STR_ARG(field.value));
    size_t kept = 0;
    bool is_due = edit != EDIT_REMOVE;
    for (size_t i = 0; i < model->count; i++) {
        if (edit == EDIT_ADD || !mg_str_equal_nocase(model->fields[i].name, field.name)) {
            model->fields[kept++] = model->fields[i];
        } else if (is_due) {
            model->fields[kept++] = field;
            is_due = false;
        }
    }
    if (is_due) {
        model->fields[kept++] = field;
    }
    model->count = kept;
}

/* Any edits come to what they come to on a plain list. */
static void edits_as_a_list_is_edited(void **state)
{
    (void)state;
    static const char *const names[] = {"Set-Cookie", "X-A", "x-a", "X-B", "Link", "LINK"};
    static const char *const values[] = {"1", "2", "3"};
    struct mg_prng prng = mg_property_begin("edits");
    unsigned long rounds = mg_property_cases(300);
    struct mg_buf got;
    struct mg_buf want;
    mg_buf_init(&got, 1 << 16);
    mg_buf_init(&want, 1 << 16);
    for (unsigned long round = 0; round < rounds; round++) {
        struct model model = {.count = MG_COUNT(given)};
        memcpy(model.fields, given, sizeof(given));
        mg_buf_init(&model.text, 1 << 16);
        for (uint64_t n = mg_prng_below(&prng, 20); n > 0; n--) {
            struct mg_plugin_field field = {
                mg_str_from(names[mg_prng_below(&prng, MG_COUNT(names))]),
                mg_str_from(values[mg_prng_below(&prng, MG_COUNT(values))])};
            edit_model(&model, (enum edit)mg_prng_below(&prng, EDIT_COUNT), field);
        }
        mg_buf_add_char(&model.text, '\0');
        struct world *world = world_of("response", model.text.ptr);
        struct mg_plugin_field fields[MG_COUNT(given)];
        struct mg_plugin_response response = begin(world, fields);
        struct mg_plugin_response edited = {.fields = model.fields, .field_count = model.count};
        mg_expect_true(model.text.ptr, dispatch(world, &response));
        mg_expect_str(model.text.ptr, written(&response, &got), written(&edited, &want));
        mg_buf_fini(&model.text);
        world_free(world);
    }
    mg_buf_fini(&got);
    mg_buf_fini(&want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edits_fields),
        cmocka_unit_test(shows_the_answer),
        cmocka_unit_test(passes_edits_on),
        cmocka_unit_test(refuses_misuse),
        cmocka_unit_test(fails_where_the_arena_is_full),
        cmocka_unit_test(edits_as_a_list_is_edited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
