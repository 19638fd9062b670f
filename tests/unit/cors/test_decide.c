/* test_decide.c - decisions: the neutral vectors, and what they leave out. */
#include "cors/decide.h"
#include "fixture.h"

enum {
    MAX_FIELD_LINES = 8
};

/* A vector's policy as a rule: lists of strings. */
static struct mg_name_list vector_list(struct mg_arena *arena, const json_t *policy,
                                       const char *key)
{
    const json_t *array = json_object_get(policy, key);
    struct mg_str *items = mg_arena_calloc(arena, json_array_size(array) + 1, sizeof(*items));
    assert_non_null(items);
    for (size_t i = 0; i < json_array_size(array); i++) {
        items[i] = mg_str_from(json_string_value(json_array_get(array, i)));
    }
    return (struct mg_name_list){items, json_array_size(array)};
}

static const struct mg_rule *vector_rule(struct mg_arena *arena, const json_t *row)
{
    const json_t *policy = json_object_get(row, "policy");
    const json_t *resource = json_object_get(row, "resource");
    struct mg_name_list origins = vector_list(arena, policy, "origins");
    struct mg_origin_entry *entries =
        mg_arena_calloc(arena, origins.count + 1, sizeof(*entries));
    assert_non_null(entries);
    for (size_t i = 0; i < origins.count; i++) {
        mg_expect_true(origins.items[i].ptr,
                       mg_pattern_parse(origins.items[i], &entries[i].pattern, NULL));
    }
    const json_t *max_age = json_object_get(policy, "max_age");
    struct mg_str enforce = mg_vectors_str(policy, "enforce");
    struct mg_rule_spec spec = {
        .origins = mg_origin_set_build(entries, origins.count, arena, NULL, NULL),
        .resource_methods = resource == NULL
                                ? fixture_list(arena, "GET,POST,PUT,DELETE,PATCH,patch,PURGE")
                                : vector_list(arena, resource, "methods"),
        .methods = vector_list(arena, policy, "methods"),
        .has_methods = true,
        .headers = vector_list(arena, policy, "headers"),
        .expose = vector_list(arena, policy, "expose"),
        .credentials = json_is_true(json_object_get(policy, "credentials")),
        .max_age =
            json_is_number(max_age) ? (long long)json_number_value(max_age) : MG_MAX_AGE_ABSENT,
        .preflight_status = 204,
        .on_denied = mg_str_equal(enforce, MG_STR("reject")) ? MG_ON_DENIED_REJECT
                                                             : MG_ON_DENIED_WITHHOLD,
    };
    spec.any_method = fixture_has_star(spec.methods);
    spec.any_header = fixture_has_star(spec.headers);
    const struct mg_rule *rule = mg_rule_compile(&spec, arena);
    assert_non_null(rule);
    return rule;
}

struct vector_request {
    struct mg_cors_request request;
    struct mg_str lines[4][MAX_FIELD_LINES];
};

static void vector_request(const json_t *row, struct vector_request *out)
{
    const json_t *request = json_object_get(row, "request");
    const json_t *header;
    size_t i;
    memset(out, 0, sizeof(*out));
    out->request.method = mg_vectors_str(request, "method");
    out->request.scheme = MG_STR("https");
    struct {
        struct mg_str name;
        struct mg_lines *lines;
    } fields[4] = {{MG_STR("origin"), &out->request.origin},
                   {MG_STR("access-control-request-method"), &out->request.acrm},
                   {MG_STR("access-control-request-headers"), &out->request.acrh},
                   {MG_STR("content-type"), &out->request.content_type}};
    json_array_foreach(json_object_get(request, "headers"), i, header)
    {
        struct mg_str name = mg_str_from(json_string_value(json_array_get(header, 0)));
        const json_t *text = json_array_get(header, 1);
        struct mg_str value = {json_string_value(text), json_string_length(text)};
        for (size_t k = 0; k < MG_COUNT(fields); k++) {
            if (mg_str_equal_nocase(name, fields[k].name)) {
                assert_true(fields[k].lines->count < MAX_FIELD_LINES);
                fields[k].lines->items = out->lines[k];
                out->lines[k][fields[k].lines->count++] = value;
            }
        }
        if (mg_str_equal_nocase(name, MG_STR("host"))) {
            out->request.host = value;
        } else if (mg_str_equal_nocase(name, MG_STR("sec-fetch-site"))) {
            out->request.site = value;
        }
    }
}

/* Reasons that the caller gives: of the target, and of methods the resource lacks. */
static bool is_callers_reason(struct mg_str reason)
{
    static const char *const codes[] = {"options-asterisk", "asterisk-form",
                                        "method-not-allowed", "method-not-implemented"};
    for (size_t i = 0; i < MG_COUNT(codes); i++) {
        if (mg_str_equal(reason, mg_str_from(codes[i]))) {
            return true;
        }
    }
    return false;
}

static void check_list(const char *name, const json_t *lists, const char *field,
                       struct mg_str value, bool expected)
{
    const json_t *item;
    size_t i;
    json_array_foreach(json_object_get(lists, field), i, item)
    {
        mg_expect_int(name, fixture_contains(value, mg_str_from(json_string_value(item)), true),
                      expected);
    }
}

/* The fields of CORS and Vary that a vector speaks of. */
static void check_fields(const char *name, const json_t *expect,
                         const struct mg_decision *decision, struct mg_str fields)
{
    static const char *const names[] = {
        "Access-Control-Allow-Origin",  "Access-Control-Allow-Credentials",
        "Access-Control-Allow-Methods", "Access-Control-Allow-Headers",
        "Access-Control-Max-Age",       "Access-Control-Expose-Headers"};
    const json_t *absent = json_object_get(expect, "headers_absent");
    const json_t *contains = json_object_get(expect, "headers_list_contains");
    const json_t *excludes = json_object_get(expect, "headers_list_excludes");
    for (size_t i = 0; i < MG_COUNT(names); i++) {
        struct mg_str value;
        size_t found = fixture_field(fields, names[i], &value);
        struct mg_str equal =
            mg_vectors_str(json_object_get(expect, "headers_equal"), names[i]);
        if (equal.len > 0) {
            mg_expect_int(name, found, 1);
            mg_expect_str(name, value, equal);
        }
        check_list(name, contains, names[i], value, true);
        check_list(name, excludes, names[i], value, false);
        const json_t *item;
        size_t k;
        json_array_foreach(absent, k, item)
        {
            if (strcmp(json_string_value(item), names[i]) == 0) {
                mg_expect_int(name, found, 0);
            }
        }
    }
    check_list(name, contains, "Vary", mg_cors_vary(decision), true);
    check_list(name, excludes, "Vary", mg_cors_vary(decision), false);
}

/* A vector marked design_choice binds in its verdict only, but no choice of ours differs from
 * one in reason or fields. */
static void decide_agrees_with_the_vectors(void **state)
{
    json_t *file = fixture_vectors();
    const json_t *row;
    size_t i;
    size_t seen = 0;
    struct mg_arena arena;
    struct mg_buf fields;
    (void)state;
    mg_arena_init(&arena, NULL, 0, FIXTURE_ARENA_BYTES);
    mg_buf_init(&fields, 1 << 16);
    json_array_foreach(mg_vectors_group(file, "server"), i, row)
    {
        const char *name = json_string_value(json_object_get(row, "name"));
        const json_t *expect = json_object_get(row, "expect");
        struct mg_str reason = mg_vectors_str(expect, "reason");
        struct mg_str target = mg_vectors_str(json_object_get(row, "request"), "target");
        struct vector_request in;
        if (mg_str_equal(target, MG_STR("*"))) {
            continue;
        }
        vector_request(row, &in);
        struct mg_decision decision = fixture_decide(vector_rule(&arena, row), &in.request);
        mg_expect_str(name, mg_str_from(mg_verdict_name(decision.verdict)),
                      mg_vectors_str(expect, "verdict"));
        if (!is_callers_reason(reason)) {
            mg_expect_str(name, mg_str_from(decision.reason), reason);
        }
        const json_t *status = json_object_get(expect, "status");
        if (decision.status != 0 && json_is_number(status)) {
            mg_expect_int(name, decision.status, (int)json_number_value(status));
        }
        mg_buf_clear(&fields);
        mg_cors_write_fields(&decision, &fields);
        check_fields(name, expect, &decision, mg_buf_str(&fields));
        mg_arena_reset(&arena);
        seen++;
    }
    mg_expect_true("vectors seen", seen > 120);
    mg_buf_fini(&fields);
    mg_arena_fini(&arena);
    json_decref(file);
}

struct row {
    const char *desc;
    const struct fixture_rule *rule; /* NULL: none */
    const char *method;
    const char *origin;
    const char *acrm;
    const char *acrh;
    const char *site;
    const char *verdict;
    const char *reason;
    unsigned status;
    enum mg_allow_origin grant;
    const char *vary;
};

static const char PREFLIGHT_VARY[] =
    "Origin, Access-Control-Request-Method, Access-Control-Request-Headers";

static void check(struct mg_arena *arena, const struct row *row)
{
    struct mg_str origin;
    struct mg_str acrm;
    struct mg_str acrh;
    struct mg_cors_request request = {
        .method = mg_str_from(row->method),
        .origin = fixture_line(&origin, row->origin),
        .acrm = fixture_line(&acrm, row->acrm),
        .acrh = fixture_line(&acrh, row->acrh),
        .site = mg_str_from(row->site),
        .scheme = MG_STR("https"),
        .host = MG_STR("api.example"),
    };
    const struct mg_rule *rule = row->rule == NULL ? NULL : fixture_compile(arena, row->rule);
    struct mg_decision decision = fixture_decide(rule, &request);
    mg_expect_text(row->desc, mg_verdict_name(decision.verdict), row->verdict);
    mg_expect_text(row->desc, decision.reason, row->reason);
    mg_expect_int(row->desc, decision.status, row->status);
    mg_expect_int(row->desc, decision.allow_origin, row->grant);
    mg_expect_str(row->desc, mg_cors_vary(&decision), mg_str_from(row->vary));
    if (decision.allow_origin == MG_ALLOW_ORIGIN_ECHO) {
        mg_expect_str(row->desc, decision.origin, mg_str_from(row->origin));
    }
}

static void check_all(const struct row *rows, size_t count)
{
    struct mg_arena arena;
    mg_arena_init(&arena, NULL, 0, FIXTURE_ARENA_BYTES);
    for (size_t i = 0; i < count; i++) {
        check(&arena, &rows[i]);
    }
    mg_arena_fini(&arena);
}

static const char APP[] = "https://app.example";
static const char EVIL[] = "https://evil.example";
static const char OWN[] = "https://api.example";
#define ECHO MG_ALLOW_ORIGIN_ECHO
#define ANY  MG_ALLOW_ORIGIN_ANY
#define NONE MG_ALLOW_ORIGIN_NONE

static const struct fixture_rule LISTED = {
    .origins = "https://app.example", .methods = "PUT", .headers = "X-A", .credentials = true};
static const struct fixture_rule REJECTING = {
    .origins = "https://app.example", .methods = "PUT", .rejects = true};
static const struct fixture_rule PUBLIC = {.origins = "*", .rejects = true};

static void decide_without_a_rule_is_same_origin_only(void **state)
{
    static const struct row rows[] = {
        {"no Origin", NULL, "GET", NULL, NULL, NULL, NULL, "not-cors", "no-origin", 0, NONE,
         ""},
        {"own origin", NULL, "POST", OWN, NULL, NULL, NULL, "not-cors", "same-origin", 0, NONE,
         ""},
        {"foreign", NULL, "POST", APP, NULL, NULL, NULL, "deny", "no-rule", 0, NONE, ""},
        {"preflight", NULL, "OPTIONS", APP, "PUT", NULL, NULL, "deny", "no-rule", 403, NONE,
         PREFLIGHT_VARY},
        {"malformed preflight", NULL, "OPTIONS", APP, "", NULL, NULL, "deny", "acrm-malformed",
         400, NONE, PREFLIGHT_VARY},
        {"malformed names", NULL, "OPTIONS", APP, "PUT", "a b", NULL, "deny", "acrh-malformed",
         400, NONE, PREFLIGHT_VARY},
        {"OPTIONS", NULL, "OPTIONS", APP, NULL, NULL, NULL, "deny", "options-discovery", 0,
         NONE, ""},
    };
    (void)state;
    check_all(rows, MG_COUNT(rows));
}

static void decide_rejects_where_the_rule_does(void **state)
{
    static const struct row rows[] = {
        {"foreign", &REJECTING, "GET", EVIL, NULL, NULL, NULL, "deny", "origin-denied", 403,
         NONE, "Origin"},
        {"null", &REJECTING, "GET", "null", NULL, NULL, NULL, "deny", "origin-null-denied", 403,
         NONE, "Origin"},
        {"malformed", &REJECTING, "GET", "x", NULL, NULL, NULL, "deny", "origin-malformed", 403,
         NONE, "Origin"},
        {"Host is no proof", &REJECTING, "POST", OWN, NULL, NULL, NULL, "deny", "origin-denied",
         403, NONE, "Origin"},
        {"Sec-Fetch-Site is", &REJECTING, "POST", OWN, NULL, NULL, "same-origin", "not-cors",
         "same-origin", 0, NONE, "Origin"},
        {"a method of the rule", &REJECTING, "PUT", APP, NULL, NULL, NULL, "allow",
         "simple-allowed", 0, ECHO, "Origin"},
        {"a safelisted method", &REJECTING, "POST", APP, NULL, NULL, NULL, "allow",
         "simple-allowed", 0, ECHO, "Origin"},
        {"another method", &REJECTING, "DELETE", APP, NULL, NULL, NULL, "deny", "method-denied",
         403, ECHO, "Origin"},
        {"another method, not rejecting", &LISTED, "DELETE", APP, NULL, NULL, NULL, "allow",
         "simple-allowed", 0, ECHO, "Origin"},
        {"OPTIONS of an allowed origin", &REJECTING, "OPTIONS", APP, NULL, NULL, NULL, "allow",
         "options-discovery", 0, ECHO, "Origin"},
        {"OPTIONS of another", &REJECTING, "OPTIONS", EVIL, NULL, NULL, NULL, "deny",
         "origin-denied", 403, NONE, "Origin"},
        {"a public rule has nothing to reject", &PUBLIC, "DELETE", EVIL, NULL, NULL, NULL,
         "allow", "simple-allowed", 0, ANY, ""},
    };
    (void)state;
    check_all(rows, MG_COUNT(rows));
}

static void decide_answers_preflights_in_order(void **state)
{
    static const struct fixture_rule status = {.origins = "https://app.example", .status = 200};
    static const struct fixture_rule any = {
        .origins = "https://app.example", .methods = "*", .headers = "*"};
    static const struct fixture_rule any_credentials = {
        .origins = "https://app.example", .methods = "*", .headers = "*", .credentials = true};
    static const struct fixture_rule listed_auth = {
        .origins = "https://app.example", .headers = "*,Authorization", .credentials = true};
    static const struct row rows[] = {
        {"form before origin", &LISTED, "OPTIONS", EVIL, "P T", NULL, NULL, "deny",
         "acrm-malformed", 400, NONE, PREFLIGHT_VARY},
        {"names before origin", &LISTED, "OPTIONS", EVIL, "PUT", "a;b", NULL, "deny",
         "acrh-malformed", 400, NONE, PREFLIGHT_VARY},
        {"method form before names", &LISTED, "OPTIONS", APP, "", "a;b", NULL, "deny",
         "acrm-malformed", 400, NONE, PREFLIGHT_VARY},
        {"origin before method", &LISTED, "OPTIONS", EVIL, "DELETE", NULL, NULL, "deny",
         "origin-denied", 403, NONE, PREFLIGHT_VARY},
        {"method before names", &LISTED, "OPTIONS", APP, "DELETE", "x-b", NULL, "deny",
         "method-denied", 204, ECHO, PREFLIGHT_VARY},
        {"names", &LISTED, "OPTIONS", APP, "PUT", "x-a,x-b", NULL, "deny", "header-denied", 204,
         ECHO, PREFLIGHT_VARY},
        {"malformed behind denied", &LISTED, "OPTIONS", APP, "PUT", "x-b,a b", NULL, "deny",
         "acrh-malformed", 400, NONE, PREFLIGHT_VARY},
        {"malformed before denied", &LISTED, "OPTIONS", APP, "PUT", "a b,x-b", NULL, "deny",
         "acrh-malformed", 400, NONE, PREFLIGHT_VARY},
        {"own origin is no exception", &LISTED, "OPTIONS", OWN, "PUT", NULL, "same-origin",
         "deny", "origin-denied", 403, NONE, PREFLIGHT_VARY},
        {"POST without names", &LISTED, "OPTIONS", APP, "POST", NULL, NULL, "allow",
         "preflight-allowed", 204, ECHO, PREFLIGHT_VARY},
        {"OPTIONS is not listed", &LISTED, "OPTIONS", APP, "OPTIONS", NULL, NULL, "deny",
         "method-denied", 204, ECHO, PREFLIGHT_VARY},
        {"status 200", &status, "OPTIONS", APP, "PUT", NULL, NULL, "allow", "preflight-allowed",
         200, ECHO, PREFLIGHT_VARY},
        {"any method", &any, "OPTIONS", APP, "BREW", "x-z", NULL, "allow", "preflight-allowed",
         204, ECHO, PREFLIGHT_VARY},
        {"any but a forbidden one", &any, "OPTIONS", APP, "Trace", NULL, NULL, "deny",
         "method-denied", 204, ECHO, PREFLIGHT_VARY},
        {"any name but Authorization", &any, "OPTIONS", APP, "PUT", "AUTHORIZATION", NULL,
         "deny", "header-denied", 204, ECHO, PREFLIGHT_VARY},
        {"nor with credentials", &any_credentials, "OPTIONS", APP, "PUT", "authorization", NULL,
         "deny", "header-denied", 204, ECHO, PREFLIGHT_VARY},
        {"unless listed", &listed_auth, "OPTIONS", APP, "PUT", "authorization,x-z", NULL,
         "allow", "preflight-allowed", 204, ECHO, PREFLIGHT_VARY},
        {"public", &PUBLIC, "OPTIONS", "not an origin", "PUT", NULL, NULL, "allow",
         "preflight-allowed", 204, ANY, ""},
        {"public, malformed", &PUBLIC, "OPTIONS", APP, "P T", NULL, NULL, "deny",
         "acrm-malformed", 400, NONE, ""},
    };
    (void)state;
    check_all(rows, MG_COUNT(rows));
}

static void decide_looks_at_no_origin_for_a_public_rule(void **state)
{
    static const struct row rows[] = {
        {"no Origin", &PUBLIC, "GET", NULL, NULL, NULL, NULL, "not-cors", "no-origin", 0, ANY,
         ""},
        {"own origin", &PUBLIC, "POST", OWN, NULL, NULL, NULL, "not-cors", "same-origin", 0,
         ANY, ""},
        {"malformed", &PUBLIC, "GET", "https://a/", NULL, NULL, NULL, "allow", "simple-allowed",
         0, ANY, ""},
        {"null", &PUBLIC, "GET", "null", NULL, NULL, NULL, "allow", "simple-allowed", 0, ANY,
         ""},
        {"OPTIONS", &PUBLIC, "OPTIONS", NULL, NULL, NULL, NULL, "not-cors", "options-discovery",
         0, ANY, ""},
    };
    (void)state;
    check_all(rows, MG_COUNT(rows));
}

static void decide_options_as_a_method_where_it_is_one(void **state)
{
    static const struct fixture_rule own_options = {
        .origins = "https://app.example", .resource_methods = "GET,OPTIONS", .methods = "GET"};
    static const struct fixture_rule rejecting = {.origins = "https://app.example",
                                                  .resource_methods = "GET,OPTIONS",
                                                  .methods = "GET",
                                                  .rejects = true};
    static const struct row rows[] = {
        {"allowed", &own_options, "OPTIONS", APP, NULL, NULL, NULL, "allow", "simple-allowed",
         0, ECHO, "Origin"},
        {"denied", &own_options, "OPTIONS", EVIL, NULL, NULL, NULL, "deny", "origin-denied", 0,
         NONE, "Origin"},
        {"no Origin", &own_options, "OPTIONS", NULL, NULL, NULL, NULL, "not-cors", "no-origin",
         0, NONE, "Origin"},
        {"own origin", &own_options, "OPTIONS", OWN, NULL, NULL, NULL, "not-cors",
         "same-origin", 0, NONE, "Origin"},
        {"outside the rule, rejecting", &rejecting, "OPTIONS", APP, NULL, NULL, NULL, "deny",
         "method-denied", 403, ECHO, "Origin"},
        {"an answer of the engine: own origin", &LISTED, "OPTIONS", OWN, NULL, NULL, NULL,
         "not-cors", "options-discovery", 0, NONE, "Origin"},
    };
    (void)state;
    check_all(rows, MG_COUNT(rows));
}

/* Host may be wrong about who we are: a listed origin is granted even so. */
static void decide_grants_a_listed_origin_that_looks_like_ours(void **state)
{
    static const struct fixture_rule rule = {.origins = "https://api.example"};
    static const struct row rows[] = {
        {"listed, and at our host", &rule, "POST", OWN, NULL, NULL, NULL, "not-cors",
         "same-origin", 0, ECHO, "Origin"},
    };
    (void)state;
    check_all(rows, MG_COUNT(rows));
}

/* What a function says of the origin takes the place of the rule's origins, and of nothing
 * else. */
static void decide_by_what_is_given_of_the_origin(void **state)
{
    (void)state;
    static const struct {
        const char *desc;
        const char *origins; /* of the rule */
        bool rejects;
        const char *origin; /* of the request */
        enum mg_given_origin given;
        enum mg_kind kind;
        enum mg_verdict verdict;
        unsigned status;
        const char *reason;
        enum mg_allow_origin allow_origin;
    } rows[] = {
        {"allowed, though not listed", "https://b.example", false, "https://a.example",
         MG_GIVEN_ALLOWED, MG_KIND_SIMPLE, MG_VERDICT_ALLOW, 0, "simple-allowed",
         MG_ALLOW_ORIGIN_ECHO},
        {"denied, though listed", "https://a.example", false, "https://a.example",
         MG_GIVEN_DENIED, MG_KIND_SIMPLE, MG_VERDICT_DENY, 0, "origin-denied",
         MG_ALLOW_ORIGIN_NONE},
        {"denied and rejected", "https://a.example", true, "https://a.example", MG_GIVEN_DENIED,
         MG_KIND_PREFLIGHTED, MG_VERDICT_DENY, 403, "origin-denied", MG_ALLOW_ORIGIN_NONE},
        {"null allowed", "", false, "null", MG_GIVEN_ALLOWED, MG_KIND_SIMPLE, MG_VERDICT_ALLOW,
         0, "simple-allowed", MG_ALLOW_ORIGIN_ECHO},
        {"null denied", "null", false, "null", MG_GIVEN_DENIED, MG_KIND_SIMPLE, MG_VERDICT_DENY,
         0, "origin-null-denied", MG_ALLOW_ORIGIN_NONE},
        {"out of form stays denied", "", false, "https://a.example/", MG_GIVEN_ALLOWED,
         MG_KIND_SIMPLE, MG_VERDICT_DENY, 0, "origin-malformed", MG_ALLOW_ORIGIN_NONE},
        {"a preflight, allowed", "", false, "https://a.example", MG_GIVEN_ALLOWED,
         MG_KIND_PREFLIGHT, MG_VERDICT_ALLOW, 204, "preflight-allowed", MG_ALLOW_ORIGIN_ECHO},
        {"a preflight, denied", "https://a.example", false, "https://a.example",
         MG_GIVEN_DENIED, MG_KIND_PREFLIGHT, MG_VERDICT_DENY, 403, "origin-denied",
         MG_ALLOW_ORIGIN_NONE},
        {"same-origin, allowed", "", false, "https://a.example", MG_GIVEN_ALLOWED,
         MG_KIND_SAME_ORIGIN, MG_VERDICT_NOT_CORS, 0, "same-origin", MG_ALLOW_ORIGIN_ECHO},
        {"nothing given", "https://a.example", false, "https://a.example", MG_GIVEN_NOTHING,
         MG_KIND_SIMPLE, MG_VERDICT_ALLOW, 0, "simple-allowed", MG_ALLOW_ORIGIN_ECHO},
    };
    struct mg_arena arena;
    mg_arena_init(&arena, NULL, 0, FIXTURE_ARENA_BYTES);
    for (size_t i = 0; i < MG_COUNT(rows); i++) {
        const struct fixture_rule text = {.origins = rows[i].origins,
                                          .rejects = rows[i].rejects};
        struct mg_str origin = mg_str_from(rows[i].origin);
        struct mg_str method = MG_STR("PUT");
        const struct mg_cors_request request = {.method = MG_STR("GET"),
                                                .origin = {&origin, 1},
                                                .acrm = {&method, 1},
                                                .given_origin = rows[i].given};
        struct mg_decision decision;
        mg_cors_decide(fixture_compile(&arena, &text), &request, rows[i].kind, &decision);
        mg_expect_text(rows[i].desc, mg_verdict_name(decision.verdict),
                       mg_verdict_name(rows[i].verdict));
        mg_expect_int(rows[i].desc, decision.status, rows[i].status);
        mg_expect_text(rows[i].desc, decision.reason, rows[i].reason);
        mg_expect_int(rows[i].desc, decision.allow_origin, rows[i].allow_origin);
    }
    mg_arena_fini(&arena);
}

static void vary_names_origin_where_functions_took_part(void **state)
{
    (void)state;
    struct mg_arena arena;
    mg_arena_init(&arena, NULL, 0, FIXTURE_ARENA_BYTES);
    const struct fixture_rule text = {.origins = "*"};
    struct mg_decision decision = {.kind = MG_KIND_SIMPLE,
                                   .rule = fixture_compile(&arena, &text)};
    mg_expect_str("public", mg_cors_vary(&decision), MG_STR(""));
    decision.varies = true;
    mg_expect_str("public, with functions", mg_cors_vary(&decision), MG_STR("Origin"));
    decision.rule = NULL;
    mg_expect_str("no rule, with functions", mg_cors_vary(&decision), MG_STR("Origin"));
    decision.varies = false;
    mg_expect_str("no rule", mg_cors_vary(&decision), MG_STR(""));
    mg_arena_fini(&arena);
}

static void names_of_kinds_and_verdicts(void **state)
{
    (void)state;
    mg_expect_text("none", mg_kind_name(MG_KIND_NONE), "none");
    mg_expect_text("same-origin", mg_kind_name(MG_KIND_SAME_ORIGIN), "same-origin");
    mg_expect_text("simple", mg_kind_name(MG_KIND_SIMPLE), "simple");
    mg_expect_text("preflighted", mg_kind_name(MG_KIND_PREFLIGHTED), "preflighted");
    mg_expect_text("preflight", mg_kind_name(MG_KIND_PREFLIGHT), "preflight");
    mg_expect_text("options", mg_kind_name(MG_KIND_OPTIONS), "options");
    mg_expect_text("not-cors", mg_verdict_name(MG_VERDICT_NOT_CORS), "not-cors");
    mg_expect_text("allow", mg_verdict_name(MG_VERDICT_ALLOW), "allow");
    mg_expect_text("deny", mg_verdict_name(MG_VERDICT_DENY), "deny");
    mg_expect_text("bad-request", mg_verdict_name(MG_VERDICT_BAD_REQUEST), "bad-request");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decide_agrees_with_the_vectors),
        cmocka_unit_test(decide_without_a_rule_is_same_origin_only),
        cmocka_unit_test(decide_rejects_where_the_rule_does),
        cmocka_unit_test(decide_answers_preflights_in_order),
        cmocka_unit_test(decide_looks_at_no_origin_for_a_public_rule),
        cmocka_unit_test(decide_options_as_a_method_where_it_is_one),
        cmocka_unit_test(decide_grants_a_listed_origin_that_looks_like_ours),
        cmocka_unit_test(decide_by_what_is_given_of_the_origin),
        cmocka_unit_test(vary_names_origin_where_functions_took_part),
        cmocka_unit_test(names_of_kinds_and_verdicts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
