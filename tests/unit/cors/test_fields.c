/* test_fields.c - the text of answers, whole: rules as they are compiled and written. */
#include "fixture.h"

static const char APP[] = "https://app.example";

struct row {
    const char *desc;
    struct fixture_rule rule;
    const char *origin;
    const char *acrm; /* NULL: a GET */
    const char *acrh;
    const char *want;
};

static void check_all(const struct row *rows, size_t count)
{
    struct mg_arena arena;
    struct mg_buf out;
    mg_arena_init(&arena, NULL, 0, FIXTURE_ARENA_BYTES);
    mg_buf_init(&out, 1 << 16);
    for (size_t i = 0; i < count; i++) {
        struct mg_str lines[3];
        struct mg_cors_request request = {
            .method = rows[i].acrm == NULL ? MG_STR("GET") : MG_STR("OPTIONS"),
            .origin = fixture_line(&lines[0], rows[i].origin),
            .acrm = fixture_line(&lines[1], rows[i].acrm),
            .acrh = fixture_line(&lines[2], rows[i].acrh),
        };
        struct mg_decision decision =
            fixture_decide(fixture_compile(&arena, &rows[i].rule), &request);
        mg_buf_clear(&out);
        mg_buf_add(&out, MG_STR("before\r\n"));
        mg_cors_write_fields(&decision, &out);
        struct mg_str got = mg_str_from_offset(mg_buf_str(&out), 8);
        mg_expect_str(rows[i].desc, got, mg_str_from(rows[i].want));
    }
    mg_buf_fini(&out);
    mg_arena_fini(&arena);
}

static void fields_of_actual_answers(void **state)
{
    static const struct row rows[] = {
        {"allowed",
         {.origins = APP},
         APP,
         NULL,
         NULL,
         "Access-Control-Allow-Origin: https://app.example\r\n"},
        {"everything",
         {.origins = APP, .credentials = true, .expose = "ETag,X-Id,etag", .timing = true},
         APP,
         NULL,
         NULL,
         "Access-Control-Allow-Origin: https://app.example\r\n"
         "Access-Control-Allow-Credentials: true\r\n"
         "Access-Control-Expose-Headers: ETag, X-Id\r\n"
         "Timing-Allow-Origin: https://app.example\r\n"},
        {"expose all",
         {.origins = APP, .expose = "*,ETag"},
         APP,
         NULL,
         NULL,
         "Access-Control-Allow-Origin: https://app.example\r\n"
         "Access-Control-Expose-Headers: *, ETag\r\n"},
        {"never all with credentials",
         {.origins = APP, .expose = "*", .credentials = true},
         APP,
         NULL,
         NULL,
         "Access-Control-Allow-Origin: https://app.example\r\n"
         "Access-Control-Allow-Credentials: true\r\n"},
        {"public",
         {.origins = "*", .expose = "ETag", .timing = true},
         APP,
         NULL,
         NULL,
         "Access-Control-Allow-Origin: *\r\n"
         "Access-Control-Expose-Headers: ETag\r\n"
         "Timing-Allow-Origin: *\r\n"},
        {"public without Origin",
         {.origins = "*"},
         NULL,
         NULL,
         NULL,
         "Access-Control-Allow-Origin: *\r\n"},
        {"public never has credentials",
         {.origins = "*", .credentials = true},
         APP,
         NULL,
         NULL,
         "Access-Control-Allow-Origin: *\r\n"},
        {"null",
         {.origins = "null"},
         "null",
         NULL,
         NULL,
         "Access-Control-Allow-Origin: null\r\n"},
        {"denied",
         {.origins = APP, .credentials = true, .timing = true},
         "https://evil.example",
         NULL,
         NULL,
         ""},
        {"without Origin", {.origins = APP, .expose = "ETag"}, NULL, NULL, NULL, ""},
    };
    (void)state;
    check_all(rows, MG_COUNT(rows));
}

#define ACAO "Access-Control-Allow-Origin: https://app.example\r\n"
#define ACAC "Access-Control-Allow-Credentials: true\r\n"
#define ACAM "Access-Control-Allow-Methods: "
#define ACAH "Access-Control-Allow-Headers: "

static const struct row PREFLIGHTS[] = {
    {"the resource's methods",
     {.origins = APP, .resource_methods = "PUT,GET,OPTIONS"},
     APP,
     "PUT",
     NULL,
     ACAO ACAM "PUT, GET, OPTIONS, HEAD\r\n"},
    {"the rule's, and safelisted ones of the resource",
     {.origins = APP, .resource_methods = "GET,POST,PUT,DELETE", .methods = "DELETE,PUT"},
     APP,
     "PUT",
     NULL,
     ACAO ACAM "DELETE, PUT, GET, POST, HEAD\r\n"},
    {"OPTIONS only where listed",
     {.origins = APP, .resource_methods = "GET,OPTIONS", .methods = "GET"},
     APP,
     "GET",
     NULL,
     ACAO ACAM "GET, HEAD\r\n"},
    {"methods once",
     {.origins = APP, .resource_methods = "PUT", .methods = "PUT,PUT"},
     APP,
     "PUT",
     NULL,
     ACAO ACAM "PUT\r\n"},
    {"no method at all",
     {.origins = APP, .resource_methods = "PUT", .methods = ""},
     APP,
     "GET",
     NULL,
     ACAO},
    {"whole lists, whatever is asked",
     {.origins = APP,
      .resource_methods = "PUT",
      .headers = "X-B,Content-Type,x-b",
      .credentials = true,
      .max_age = 600,
      .expose = "ETag",
      .timing = true},
     APP,
     "PUT",
     "content-type",
     ACAO ACAC ACAM "PUT\r\n" ACAH "X-B, Content-Type\r\n"
                    "Access-Control-Max-Age: 600\r\n"},
    {"method refused: the true list",
     {.origins = APP, .resource_methods = "PUT"},
     APP,
     "DELETE",
     NULL,
     ACAO ACAM "PUT\r\n"},
    {"name refused: the true list",
     {.origins = APP, .resource_methods = "PUT", .headers = "X-A"},
     APP,
     "PUT",
     "x-b",
     ACAO ACAM "PUT\r\n" ACAH "X-A\r\n"},
    {"origin refused", {.origins = APP, .max_age = 5}, "https://evil.example", "PUT", NULL, ""},
    {"malformed", {.origins = APP}, APP, "P T", NULL, ""},
    {"stars without credentials",
     {.origins = APP, .methods = "*", .headers = "*,Authorization"},
     APP,
     "BREW",
     "x-z",
     ACAO ACAM "*\r\n" ACAH "*, Authorization\r\n"},
    {"public",
     {.origins = "*", .resource_methods = "GET", .headers = "X-A", .max_age = 1},
     APP,
     "GET",
     NULL,
     "Access-Control-Allow-Origin: *\r\n" ACAM "GET, HEAD\r\n" ACAH "X-A\r\n"
     "Access-Control-Max-Age: 1\r\n"},
};

static void fields_of_preflights(void **state)
{
    (void)state;
    check_all(PREFLIGHTS, MG_COUNT(PREFLIGHTS));
}

static void fields_resolve_stars_with_credentials(void **state)
{
    static const struct row rows[] = {
        {"the asked method joins",
         {.origins = APP, .resource_methods = "GET", .methods = "*", .credentials = true},
         APP,
         "BREW",
         NULL,
         ACAO ACAC ACAM "GET, HEAD, BREW\r\n"},
        {"unless it is there",
         {.origins = APP,
          .resource_methods = "GET,PUT",
          .methods = "*",
          .headers = "X-A",
          .credentials = true,
          .max_age = 7},
         APP,
         "PUT",
         "x-a",
         ACAO ACAC ACAM "GET, PUT, HEAD\r\n" ACAH "X-A\r\n"
                        "Access-Control-Max-Age: 7\r\n"},
        {"alone",
         {.origins = APP, .resource_methods = "", .methods = "*", .credentials = true},
         APP,
         "BREW",
         NULL,
         ACAO ACAC ACAM "BREW\r\n"},
        {"a forbidden one does not",
         {.origins = APP, .resource_methods = "GET", .methods = "*", .credentials = true},
         APP,
         "TRACK",
         NULL,
         ACAO ACAC ACAM "GET, HEAD\r\n"},
        {"the asked names are the list",
         {.origins = APP, .resource_methods = "GET", .headers = "*", .credentials = true},
         APP,
         "GET",
         " X-A ,, x-b",
         ACAO ACAC ACAM "GET, HEAD\r\n" ACAH "X-A, x-b\r\n"},
        {"but for Authorization",
         {.origins = APP, .resource_methods = "GET", .headers = "*", .credentials = true},
         APP,
         "GET",
         "authorization,x-a",
         ACAO ACAC ACAM "GET, HEAD\r\n" ACAH "x-a\r\n"},
        {"which may be listed",
         {.origins = APP,
          .resource_methods = "GET",
          .headers = "*,Authorization",
          .credentials = true},
         APP,
         "GET",
         "authorization,x-a",
         ACAO ACAC ACAM "GET, HEAD\r\n" ACAH "authorization, x-a\r\n"},
        {"no names asked for",
         {.origins = APP, .resource_methods = "GET", .headers = "*", .credentials = true},
         APP,
         "GET",
         NULL,
         ACAO ACAC ACAM "GET, HEAD\r\n"},
    };
    (void)state;
    check_all(rows, MG_COUNT(rows));
}

static void fields_need_room(void **state)
{
    static const struct fixture_rule rule = {.origins = APP};
    struct mg_arena arena;
    struct mg_str origin;
    struct mg_cors_request request = {.method = MG_STR("GET"),
                                      .origin = fixture_line(&origin, APP)};
    (void)state;
    mg_arena_init(&arena, NULL, 0, FIXTURE_ARENA_BYTES);
    struct mg_decision decision = fixture_decide(fixture_compile(&arena, &rule), &request);
    struct mg_buf out;
    mg_buf_init(&out, 20);
    mg_cors_write_fields(&decision, &out);
    mg_expect_int("the buffer says so", out.overflowed, true);
    mg_expect_int("and holds nothing", out.len, 0);
    mg_buf_fini(&out);
    mg_arena_fini(&arena);
}

/* With any bound of the arena there is a whole rule or none. */
static void rule_survives_a_full_arena(void **state)
{
    struct mg_arena lasting;
    bool was_compiled = false;
    (void)state;
    mg_arena_init(&lasting, NULL, 0, FIXTURE_ARENA_BYTES);
    struct mg_rule_spec spec = {.origins = fixture_set(&lasting, APP),
                                .resource_methods = fixture_list(&lasting, "GET,PUT"),
                                .headers = fixture_list(&lasting, "X-A,X-B"),
                                .expose = fixture_list(&lasting, "X-C"),
                                .max_age = 1,
                                .preflight_status = 204};
    for (size_t bytes = 0; bytes < 8192; bytes += 16) {
        struct mg_arena arena;
        mg_arena_init(&arena, NULL, 0, bytes);
        const struct mg_rule *rule = mg_rule_compile(&spec, &arena);
        mg_expect_true("once there is room, there is", rule != NULL || !was_compiled);
        was_compiled = rule != NULL;
        mg_arena_fini(&arena);
    }
    mg_expect_true("there was room at last", was_compiled);
    mg_arena_fini(&lasting);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_of_actual_answers),
        cmocka_unit_test(fields_of_preflights),
        cmocka_unit_test(fields_resolve_stars_with_credentials),
        cmocka_unit_test(fields_need_room),
        cmocka_unit_test(rule_survives_a_full_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
