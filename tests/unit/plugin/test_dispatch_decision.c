/* test_dispatch_decision.c - `d`: what decision hooks see, narrow and widen. */
#include "../cors/fixture.h"
#include "prng.h"
#include "world.h"

#define PARTNER  "https://app.example"
#define STRANGER "https://other.example"

/* A request, and the decision by the declared rule. */
struct asked {
    struct mg_cors_request request;
    struct mg_str origin[2];
    struct mg_str acrm[1];
    struct mg_str acrh[1];
    struct mg_decision decision;
};

/* Decide the exchange's head by the rule. */
static void decide(struct world *world, const struct mg_rule *rule, enum mg_kind kind,
                   struct asked *asked)
{
    const struct mg_head *head = &world->head;
    memset(asked, 0, sizeof(*asked));
    for (unsigned i = 0; i < head->field_count; i++) {
        struct mg_str value = head->fields[i].value;
        if (head->fields[i].id == MG_FIELD_ORIGIN && asked->request.origin.count < 2) {
            asked->origin[asked->request.origin.count++] = value;
        } else if (head->fields[i].id == MG_FIELD_ACRM) {
            asked->acrm[asked->request.acrm.count++] = value;
        } else if (head->fields[i].id == MG_FIELD_ACRH) {
            asked->acrh[asked->request.acrh.count++] = value;
        }
    }
    asked->request.method = head->method_token;
    asked->request.origin.items = asked->origin;
    asked->request.acrm.items = asked->acrm;
    asked->request.acrh.items = asked->acrh;
    asked->request.scheme = MG_STR("https");
    asked->request.host = MG_STR("api.example");
    world->request.kind = kind;
    mg_cors_decide(rule, &asked->request, kind, &asked->decision);
}

static bool dispatch(struct world *world, struct mg_decision *decision)
{
    return mg_dispatch_decision(world->script, &world->list, &world->request, decision,
                                &world->failed, &world->fault);
}

/* Verdict, reason, status and fields of a decision, as text. */
static struct mg_str told(const struct mg_decision *decision, struct mg_buf *out)
{
    out->len = 0;
    mg_buf_printf(out, "%s %s %u\n", mg_verdict_name(decision->verdict), decision->reason,
                  decision->status);
    mg_cors_write_fields(decision, out);
    return mg_buf_str(out);
}

static const char head_simple[] =
    "GET / HTTP/1.1\r\nHost: api.example\r\nOrigin: " STRANGER "\r\n\r\n";

static void head_of(struct world *world, const char *method, const char *fields)
{
    char text[1024];
    (void)snprintf(text, sizeof(text), "%s / HTTP/1.1\r\nHost: api.example\r\n%s\r\n", method,
                   fields);
    world_head(world, text);
}

static const struct fixture_rule plain = {.origins = PARTNER, .headers = "X-A"};
static const struct fixture_rule credentialed = {
    .origins = PARTNER, .headers = "X-A", .expose = "ETag", .credentials = true, .max_age = 60};
static const struct fixture_rule rejecting = {
    .origins = PARTNER, .methods = "GET,PUT", .rejects = true};
static const struct fixture_rule public_rule = {.origins = "*"};
static const struct fixture_rule starred = {
    .origins = PARTNER, .methods = "*", .headers = "*", .credentials = true};

static const char preflight_of_stranger[] = "Origin: " STRANGER "\r\n"
                                            "Access-Control-Request-Method: PUT\r\n"
                                            "Access-Control-Request-Headers: x-a\r\n";

/* What a hook makes of a decision. */
static const struct {
    const char *desc;
    const struct fixture_rule *rule; /* NULL: none */
    enum mg_kind kind;
    const char *method;
    const char *fields;
    const char *text; /* of the hook: req and x, which is d */
    const char *said;
    const char *want;
} rows[] = {
    {"what it sees of a denial", &plain, MG_KIND_SIMPLE, "GET", "Origin: " STRANGER "\r\n",
     "say(x.kind, x.verdict, x.reason, x.status)", "simple|deny|origin-denied|0",
     "deny origin-denied 0\n"},
    {"what it sees of an allowance", &plain, MG_KIND_SIMPLE, "GET", "Origin: " PARTNER "\r\n",
     "say(x.kind, x.verdict, x.reason, x.status)", "simple|allow|simple-allowed|0",
     "allow simple-allowed 0\nAccess-Control-Allow-Origin: " PARTNER "\r\n"},
    {"an allowed request denied", &plain, MG_KIND_SIMPLE, "GET", "Origin: " PARTNER "\r\n",
     "x:deny 'quota-spent' say(x.verdict, x.reason, x.status)", "deny|quota-spent|403",
     "deny quota-spent 403\n"},
    {"a withheld one denied", &plain, MG_KIND_SIMPLE, "GET", "Origin: " STRANGER "\r\n",
     "x:deny 'no'", "", "deny no 403\n"},
    {"a request without Origin denied", &plain, MG_KIND_NONE, "GET", "", "x:deny 'no-2'", "",
     "deny no-2 403\n"},
    {"a preflight denied", &plain, MG_KIND_PREFLIGHT, "OPTIONS",
     "Origin: " PARTNER "\r\nAccess-Control-Request-Method: GET\r\n", "x:deny 'no'", "",
     "deny no 403\n"},
    {"a plain OPTIONS denied", &plain, MG_KIND_OPTIONS, "OPTIONS", "Origin: " PARTNER "\r\n",
     "x:deny 'no'", "", "deny no 403\n"},
    {"a public rule's request denied", &public_rule, MG_KIND_SIMPLE, "GET",
     "Origin: " STRANGER "\r\n", "x:deny 'no'", "", "deny no 403\n"},
    {"a malformed preflight stays malformed", &plain, MG_KIND_PREFLIGHT, "OPTIONS",
     "Origin: " PARTNER "\r\nAccess-Control-Request-Method: (\r\n",
     "x:deny 'no' say(x:allow())", "false", "deny acrm-malformed 400\n"},
    {"a denial twice", &plain, MG_KIND_SIMPLE, "GET", "Origin: " PARTNER "\r\n",
     "x:deny 'first' x:deny 'second'", "", "deny second 403\n"},

    {"widening a withheld one", &plain, MG_KIND_SIMPLE, "GET", "Origin: " STRANGER "\r\n",
     "say(x:allow(), x.verdict, x.reason)", "true|allow|simple-allowed",
     "allow simple-allowed 0\nAccess-Control-Allow-Origin: " STRANGER "\r\n"},
    {"widening takes the credentials away", &credentialed, MG_KIND_SIMPLE, "GET",
     "Origin: " STRANGER "\r\n", "say(x:allow())", "true",
     "allow simple-allowed 0\nAccess-Control-Allow-Origin: " STRANGER "\r\n"
     "Access-Control-Expose-Headers: ETag\r\n"},
    {"but not from whom the rule gives them", &credentialed, MG_KIND_SIMPLE, "GET",
     "Origin: " PARTNER "\r\n", "say(x:allow())", "true",
     "allow simple-allowed 0\nAccess-Control-Allow-Origin: " PARTNER "\r\n"
     "Access-Control-Allow-Credentials: true\r\nAccess-Control-Expose-Headers: ETag\r\n"},
    {"widening a rejected one", &rejecting, MG_KIND_SIMPLE, "GET", "Origin: " STRANGER "\r\n",
     "say(x:allow())", "true",
     "allow simple-allowed 0\nAccess-Control-Allow-Origin: " STRANGER "\r\n"},
    {"a rejected method stays rejected", &rejecting, MG_KIND_PREFLIGHTED, "DELETE",
     "Origin: " STRANGER "\r\n", "say(x:allow())", "true",
     "deny method-denied 403\nAccess-Control-Allow-Origin: " STRANGER "\r\n"},
    {"widening a preflight", &credentialed, MG_KIND_PREFLIGHT, "OPTIONS", preflight_of_stranger,
     "say(x:allow())", "true",
     "allow preflight-allowed 204\nAccess-Control-Allow-Origin: " STRANGER "\r\n"
     "Access-Control-Allow-Methods: GET, HEAD, POST, PUT, PATCH, DELETE\r\n"
     "Access-Control-Allow-Headers: X-A\r\nAccess-Control-Max-Age: 60\r\n"},
    {"a name that the rule lacks stays denied", &plain, MG_KIND_PREFLIGHT, "OPTIONS",
     "Origin: " STRANGER "\r\nAccess-Control-Request-Method: GET\r\n"
     "Access-Control-Request-Headers: x-b\r\n",
     "say(x:allow(), x.verdict, x.reason)", "true|deny|header-denied",
     "deny header-denied 204\nAccess-Control-Allow-Origin: " STRANGER "\r\n"
     "Access-Control-Allow-Methods: GET, HEAD, POST, PUT, PATCH, DELETE\r\n"
     "Access-Control-Allow-Headers: X-A\r\n"},
    {"a preflight by a rule of stars", &starred, MG_KIND_PREFLIGHT, "OPTIONS",
     preflight_of_stranger, "say(x:allow())", "true",
     "allow preflight-allowed 204\nAccess-Control-Allow-Origin: " STRANGER "\r\n"
     "Access-Control-Allow-Methods: GET, HEAD, POST, PUT, PATCH, DELETE\r\n"
     "Access-Control-Allow-Headers: x-a\r\n"},
    {"widening where there is no rule", NULL, MG_KIND_SIMPLE, "GET", "Origin: " STRANGER "\r\n",
     "say(x:allow())", "true",
     "allow simple-allowed 0\nAccess-Control-Allow-Origin: " STRANGER "\r\n"},
    {"a preflight where there is no rule", NULL, MG_KIND_PREFLIGHT, "OPTIONS",
     "Origin: " STRANGER "\r\nAccess-Control-Request-Method: GET\r\n", "say(x:allow())", "true",
     "allow preflight-allowed 204\nAccess-Control-Allow-Origin: " STRANGER "\r\n"},
    {"more than forms can do where there is no rule", NULL, MG_KIND_PREFLIGHT, "OPTIONS",
     preflight_of_stranger, "say(x:allow(), x.verdict)", "true|deny",
     "deny method-denied 204\nAccess-Control-Allow-Origin: " STRANGER "\r\n"},
    {"widening a plain OPTIONS", &plain, MG_KIND_OPTIONS, "OPTIONS", "Origin: " STRANGER "\r\n",
     "say(x:allow())", "true",
     "allow options-discovery 0\nAccess-Control-Allow-Origin: " STRANGER "\r\n"},
    {"a public rule's answer stays public", &public_rule, MG_KIND_SIMPLE, "GET",
     "Origin: " STRANGER "\r\n", "say(x:allow())", "true",
     "allow simple-allowed 0\nAccess-Control-Allow-Origin: *\r\n"},
    {"an opaque origin is not widened", &plain, MG_KIND_SIMPLE, "GET", "Origin: null\r\n",
     "say(x:allow())", "false", "deny origin-null-denied 0\n"},
    {"nor where there is no rule", NULL, MG_KIND_SIMPLE, "GET", "Origin: null\r\n",
     "say(x:allow())", "false", "deny no-rule 0\n"},
    {"a malformed origin is not widened", &plain, MG_KIND_SIMPLE, "GET",
     "Origin: https://A.example\r\n", "say(x:allow())", "false", "deny origin-malformed 0\n"},
    {"nor where there is no rule, malformed", NULL, MG_KIND_SIMPLE, "GET",
     "Origin: https://a.example/\r\n", "say(x:allow())", "false", "deny no-rule 0\n"},
    {"two origins are not widened", NULL, MG_KIND_SIMPLE, "GET",
     "Origin: " STRANGER "\r\nOrigin: " STRANGER "\r\n", "say(x:allow())", "false",
     "deny no-rule 0\n"},
    {"no origin is not widened", &plain, MG_KIND_NONE, "GET", "", "say(x:allow())", "false",
     "not-cors no-origin 0\n"},
    {"what was narrowed is not widened", &plain, MG_KIND_SIMPLE, "GET",
     "Origin: " STRANGER "\r\n", "x:deny 'origin-denied' say(x:allow())", "false",
     "deny origin-denied 403\n"},
    {"what was widened is narrowed", &plain, MG_KIND_SIMPLE, "GET", "Origin: " STRANGER "\r\n",
     "x:allow() x:deny 'no'", "", "deny no 403\n"},
};

static void makes_of_decisions(void **state)
{
    (void)state;
    struct mg_buf out;
    mg_buf_init(&out, 1 << 16);
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        struct world *world = world_of("decision", rows[i].text);
        struct asked asked;
        world->plugins[0].capabilities = MG_CAPABILITY_WIDEN;
        head_of(world, rows[i].method, rows[i].fields);
        decide(world,
               rows[i].rule == NULL ? NULL : fixture_compile(&world->arena, rows[i].rule),
               rows[i].kind, &asked);
        mg_expect_true(rows[i].desc, dispatch(world, &asked.decision));
        mg_expect_str(rows[i].desc, told(&asked.decision, &out), mg_str_from(rows[i].want));
        mg_expect_str(rows[i].desc, world_said(), mg_str_from(rows[i].said));
        mg_expect_int(rows[i].desc, asked.decision.kind, rows[i].kind);
        world_free(world);
    }
    mg_buf_fini(&out);
}

static const struct {
    const char *desc;
    const char *text;
    const char *code;
    const char *message;
    const char *hint;
} faults[] = {
    {"widening without the capability", "\nx:allow()", "plugin-capability", "'widen'", "widen"},
    {"denying without a reason", "\nx:deny()", "reason-invalid", NULL, "d:deny"},
    {"a reason that is a number", "\nx:deny(1)", "reason-invalid", NULL, NULL},
    {"an empty reason", "\nx:deny ''", "reason-invalid", NULL, NULL},
    {"a reason in upper case", "\nx:deny 'No'", "reason-invalid", NULL, NULL},
    {"a reason with a space", "\nx:deny 'not now'", "reason-invalid", NULL, NULL},
    {"a reason with a line end", "\nx:deny 'a\\n'", "reason-invalid", NULL, NULL},
    {"a reason with NUL", "\nx:deny 'a\\0b'", "reason-invalid", NULL, NULL},
    {"a reason that begins with a hyphen", "\nx:deny '-a'", "reason-invalid", NULL, NULL},
    {"a reason that ends with a hyphen", "\nx:deny 'a-'", "reason-invalid", NULL, NULL},
    {"a reason with two hyphens", "\nx:deny 'a--b'", "reason-invalid", NULL, NULL},
    {"a reason that begins with a digit", "\nx:deny '2a'", "reason-invalid", NULL, NULL},
    {"a reason that is too long", "\nx:deny(('a'):rep(65))", "reason-invalid", NULL, NULL},
    {"writing", "\nx.status = 200", "read-only", "d is read-only", "d:deny"},
    {"an unknown field", "\nsay(x.resaon)", "field-unknown", "d has no field 'resaon'",
     "'reason'"},
};

/* A fault leaves the decision as it was, whatever was made of it before. */
static void refuses_misuse(void **state)
{
    (void)state;
    struct mg_buf out;
    mg_buf_init(&out, 1 << 16);
    for (size_t i = 0; i < MG_COUNT(faults); i++) {
        char text[256];
        (void)snprintf(text, sizeof(text), "x:deny 'first' %s", faults[i].text);
        struct world *world = world_of("decision", text);
        struct asked asked;
        world_head(world, head_simple);
        decide(world, fixture_compile(&world->arena, &plain), MG_KIND_SIMPLE, &asked);
        bool succeeded = dispatch(world, &asked.decision);
        world_expect_fault(
            faults[i].desc, world, succeeded,
            (struct world_fault){faults[i].code, 3, faults[i].message, faults[i].hint});
        mg_expect_str(faults[i].desc, told(&asked.decision, &out),
                      MG_STR("deny origin-denied 0\n"));
        world_free(world);
    }
    mg_buf_fini(&out);
}

static void takes_the_longest_reason(void **state)
{
    (void)state;
    struct world *world = world_of("decision", "x:deny(('a'):rep(64))");
    struct asked asked;
    world_head(world, head_simple);
    decide(world, NULL, MG_KIND_SIMPLE, &asked);
    mg_expect_true("64 bytes", dispatch(world, &asked.decision));
    mg_expect_int("64 bytes", strlen(asked.decision.reason), 64);
    world_free(world);
}

/* However often a hook denies, the exchange keeps one reason, and the steps end. */
static void denying_again_and_again_is_bounded(void **state)
{
    (void)state;
    struct world *world =
        world_of("decision", "for i = 1, 9999 do x:deny(('a'):rep(64)) end x:deny 'last'");
    struct mg_arena small;
    struct asked asked;
    world_head(world, head_simple);
    decide(world, NULL, MG_KIND_SIMPLE, &asked);
    mg_arena_init(&small, NULL, 0, 4096);
    world->request.arena = &small;
    mg_expect_true("often", dispatch(world, &asked.decision));
    mg_expect_text("often", asked.decision.reason, "last");
    mg_arena_fini(&small);
    world_free(world);

    world = world_of("decision", "while pcall(x.deny, x, 'a') do end");
    world_head(world, head_simple);
    decide(world, NULL, MG_KIND_SIMPLE, &asked);
    bool succeeded = dispatch(world, &asked.decision);
    world_expect_fault("for ever", world, succeeded,
                       (struct world_fault){"budget-steps", 2, NULL, NULL});
    world_free(world);
}

static void fails_where_the_arena_is_full(void **state)
{
    (void)state;
    static const char *const texts[] = {"x:deny 'no'", "x:allow()"};
    for (size_t i = 0; i < MG_COUNT(texts); i++) {
        struct world *world = world_of("decision", texts[i]);
        struct mg_arena empty;
        struct asked asked;
        world->plugins[0].capabilities = MG_CAPABILITY_WIDEN;
        world_head(world, head_simple);
        decide(world, NULL, MG_KIND_SIMPLE, &asked);
        mg_arena_init(&empty, NULL, 0, 0);
        world->request.arena = &empty;
        bool succeeded = dispatch(world, &asked.decision);
        world_expect_fault(texts[i], world, succeeded,
                           (struct world_fault){"out-of-memory", 2, NULL, NULL});
        mg_arena_fini(&empty);
        world_free(world);
    }
}

static void asks_each_plugin_for_its_own_capability(void **state)
{
    (void)state;
    static const char *const texts[] = {"return { decision = function(req, d) d:allow() end }",
                                        "return { decision = function(req, d) d:allow() end }"};
    struct world *world = world_new(texts, 2);
    struct asked asked;
    world->plugins[0].capabilities = MG_CAPABILITY_WIDEN;
    world_head(world, head_simple);
    for (unsigned owners = 0; owners < 1U << 2; owners++) {
        world_budgets(world, owners);
        decide(world, NULL, MG_KIND_SIMPLE, &asked);
        mg_expect_true("the second has none", !dispatch(world, &asked.decision));
        mg_expect_true("the second has none", world->failed == &world->plugins[1]);
        mg_expect_int("left as it was", asked.decision.verdict, MG_VERDICT_DENY);
    }
    world_free(world);
}

static void shows_each_plugin_what_those_before_it_did(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "return { decision = function(req, d) d:deny 'first' end }",
        "return { decision = function(req, d) say(d.verdict, d.reason) d:deny 'second' end }",
        "return { decision = function(req, d) say(d.verdict, d.reason) end }"};
    struct world *world = world_new(texts, MG_COUNT(texts));
    struct asked asked;
    world_head(world, head_simple);
    for (unsigned owners = 0; owners < 1U << MG_COUNT(texts); owners++) {
        char desc[32];
        (void)snprintf(desc, sizeof(desc), "with budgets %u", owners);
        world_budgets(world, owners);
        decide(world, NULL, MG_KIND_SIMPLE, &asked);
        mg_expect_true(desc, dispatch(world, &asked.decision));
        mg_expect_str(desc, world_said(), MG_STR("deny|first|deny|second"));
        mg_expect_text(desc, asked.decision.reason, "second");
    }
    world_free(world);
}

static void tells_that_the_origin_was_used(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool want;
    } uses[] = {{"", false},
                {"x:deny 'no'", false},
                {"say(x.verdict)", true},
                {"say(x.kind)", true},
                {"x:allow()", true}};
    for (size_t i = 0; i < MG_COUNT(uses); i++) {
        struct world *world = world_of("decision", uses[i].text);
        struct asked asked;
        world->plugins[0].capabilities = MG_CAPABILITY_WIDEN;
        world_head(world, head_simple);
        decide(world, NULL, MG_KIND_SIMPLE, &asked);
        mg_expect_true(uses[i].text, dispatch(world, &asked.decision));
        mg_expect_int(uses[i].text, world->request.has_used_origin, uses[i].want);
        mg_expect_int(uses[i].text, world->request.has_read_origin, false);
        world_free(world);
    }
}

/* Widening comes to what the same rule without credentials says that lists the origin. */
static void widens_to_a_rule_that_lists_the_origin(void **state)
{
    (void)state;
    static const char *const methods[] = {NULL, "GET", "PUT,DELETE", ""};
    static const char *const headers[] = {"", "X-A", "X-A,Content-Type,Authorization"};
    static const char *const asked_methods[] = {"GET", "PUT", "PURGE", "put"};
    static const char *const asked_names[] = {"", "x-a", "authorization,x-a", "x-z"};
    struct world *world = world_of("decision", "x:allow()");
    struct mg_buf got;
    struct mg_buf want;
    struct mg_prng prng = mg_property_begin("widen");
    unsigned long rounds = mg_property_cases(500);
    mg_buf_init(&got, 1 << 16);
    mg_buf_init(&want, 1 << 16);
    world->plugins[0].capabilities = MG_CAPABILITY_WIDEN;
    for (unsigned long round = 0; round < rounds; round++) {
        struct fixture_rule rule = {.origins = PARTNER,
                                    .methods = methods[mg_prng_below(&prng, MG_COUNT(methods))],
                                    .headers = headers[mg_prng_below(&prng, MG_COUNT(headers))],
                                    .expose = mg_prng_below(&prng, 2) == 0 ? "" : "ETag,X-B",
                                    .credentials = mg_prng_below(&prng, 2) == 0,
                                    .max_age = (long long)mg_prng_below(&prng, 2) * 600,
                                    .rejects = mg_prng_below(&prng, 2) == 0,
                                    .timing = mg_prng_below(&prng, 2) == 0,
                                    .status = mg_prng_below(&prng, 2) == 0 ? 200 : 204};
        bool is_preflight = mg_prng_below(&prng, 2) == 0;
        const char *method = asked_methods[mg_prng_below(&prng, MG_COUNT(asked_methods))];
        const char *names = asked_names[mg_prng_below(&prng, MG_COUNT(asked_names))];
        char fields[256];
        (void)snprintf(fields, sizeof(fields),
                       is_preflight ? "Origin: " STRANGER
                                      "\r\nAccess-Control-Request-Method: %s\r\n"
                                      "Access-Control-Request-Headers: %s\r\n"
                                    : "Origin: " STRANGER "\r\nX-Method: %s\r\nX-Names: %s\r\n",
                       method, names);
        head_of(world, is_preflight ? "OPTIONS" : method, fields);
        enum mg_kind kind = is_preflight ? MG_KIND_PREFLIGHT : MG_KIND_PREFLIGHTED;
        struct asked asked;
        struct asked listed;
        struct fixture_rule wider = rule;
        wider.origins = PARTNER "," STRANGER;
        wider.credentials = false;
        decide(world, fixture_compile(&world->arena, &rule), kind, &asked);
        decide(world, fixture_compile(&world->arena, &wider), kind, &listed);
        mg_expect_true(fields, dispatch(world, &asked.decision));
        mg_expect_str(fields, told(&asked.decision, &got), told(&listed.decision, &want));
    }
    mg_buf_fini(&got);
    mg_buf_fini(&want);
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_of_decisions),
        cmocka_unit_test(refuses_misuse),
        cmocka_unit_test(takes_the_longest_reason),
        cmocka_unit_test(denying_again_and_again_is_bounded),
        cmocka_unit_test(fails_where_the_arena_is_full),
        cmocka_unit_test(asks_each_plugin_for_its_own_capability),
        cmocka_unit_test(shows_each_plugin_what_those_before_it_did),
        cmocka_unit_test(tells_that_the_origin_was_used),
        cmocka_unit_test(widens_to_a_rule_that_lists_the_origin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
