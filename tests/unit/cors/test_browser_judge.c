/* test_browser_judge.c - responses and what a browser concludes from them. */
#include <stdio.h>

#include "cors/browser_judge.h"
#include "cors/browser_message.h"
#include "test_browser_vectors.h"

/* Replace {acao}, {acac}, {method} and {header} in a vector's sentence by what was judged. */
static struct mg_str fill_in(struct mg_str sentence, struct mg_str culprit)
{
    struct mg_str rest = sentence;
    struct mg_str head = take_until(&rest, '{');
    if (head.len == sentence.len) {
        return sentence;
    }
    (void)take_until(&rest, '}');
    return mg_arena_printf(&test_arena, "%.*s%.*s%.*s", MG_STR_ARG(head), MG_STR_ARG(culprit),
                           MG_STR_ARG(rest));
}

static bool has_text(struct mg_str text, struct mg_str part)
{
    return memmem(text.ptr, text.len, part.ptr, part.len) != NULL;
}

/* Chromium's sentence has what the vector says; where the vector leaves it open, any will
 * do. */
static void expect_sentence(const char *name, const json_t *expect,
                            const struct mg_browser_check *check,
                            const struct mg_judgement *judgement)
{
    struct mg_str want = fill_in(vector_member(expect, "chromium"), judgement->culprit);
    struct mg_browser_message message = {.origin = check->origin,
                                         .url = MG_STR("https://api.example/r"),
                                         .first_url = MG_STR("https://api.example/r")};
    struct mg_str got = mg_browser_message(&message, judgement, &test_arena);
    if (want.len == 0) {
        return;
    }
    mg_expect_true(name, got.len > 0);
    if (!mg_str_starts_with(want, MG_STR("either ")) && !has_text(got, want)) {
        mg_expect_str(name, got, want);
    }
}

static void vectors_are_judged(void **state)
{
    (void)state;
    json_t *file = load_browser_vectors();
    size_t index;
    const json_t *row;
    json_array_foreach(vector_group(file, "browser_judgement"), index, row)
    {
        const char *name = json_string_value(json_object_get(row, "name"));
        const json_t *request = json_object_get(row, "request");
        const json_t *answer = json_object_get(row, "response");
        const json_t *expect = json_object_get(row, "expect");
        struct mg_browser_field fields[TEST_MAX_FIELDS];
        struct mg_judgement judgement;
        mg_arena_reset(&test_arena);
        struct mg_browser_check check = {
            .origin = vector_member(request, "origin"),
            .include = mg_str_equal(vector_member(request, "credentials"), MG_STR("include")),
            .method = vector_member(request, "method"),
            .unsafe_names = vector_names(json_object_get(request, "unsafe_headers")),
            .forced = json_is_true(json_object_get(request, "use_cors_preflight")),
        };
        struct mg_browser_response response = {
            .status = (unsigned)json_number_value(json_object_get(answer, "status")),
            .fields = fields,
            .field_count =
                vector_fields(json_object_get(answer, "headers"), fields, TEST_MAX_FIELDS),
        };
        judgement = mg_str_equal(vector_member(row, "phase"), MG_STR("preflight"))
                        ? mg_browser_judge_preflight(&check, &response, &test_arena)
                        : mg_browser_cors_check(&check, &response, &test_arena);
        mg_expect_str(name, mg_str_from(mg_outcome_name(judgement.outcome)),
                      vector_member(expect, "outcome"));
        expect_sentence(name, expect, &check, &judgement);
    }
    json_decref(file);
}

static void vectors_of_max_age_are_read(void **state)
{
    (void)state;
    json_t *file = load_browser_vectors();
    size_t index;
    const json_t *row;
    json_array_foreach(vector_group(file, "max_age"), index, row)
    {
        const char *name = json_string_value(json_object_get(row, "name"));
        const json_t *expect = json_object_get(row, "expect");
        const json_t *values = json_object_get(row, "header_values");
        struct mg_browser_field fields[TEST_MAX_FIELDS];
        struct mg_browser_response response = {200, fields, json_array_size(values)};
        assert_true(response.field_count <= TEST_MAX_FIELDS);
        for (size_t i = 0; i < response.field_count; i++) {
            fields[i] = (struct mg_browser_field){MG_STR("Access-Control-Max-Age"),
                                                  vector_item(values, i)};
        }
        double standard = json_number_value(json_object_get(expect, "spec_seconds"));
        double chromium = json_number_value(json_object_get(expect, "chromium_seconds"));
        uint64_t want = standard < 1.8e19 ? (uint64_t)standard : UINT64_MAX;
        mg_expect_u64(name, mg_browser_max_age(MG_BROWSER_STANDARD, &response), want);
        mg_expect_u64(name, mg_browser_max_age(MG_BROWSER_CHROMIUM, &response),
                      (uint64_t)chromium);
        mg_expect_true(name, (double)mg_browser_max_age(MG_BROWSER_FIREFOX, &response) <=
                                 json_number_value(json_object_get(expect, "firefox_cap")));
    }
    json_decref(file);
}

static void max_age_differs_between_browsers(void **state)
{
    (void)state;
    static const struct {
        const char *lines;
        uint64_t seconds[4]; /* in the order of enum mg_browser */
    } ROWS[] = {
        {"", {5, 5, 5, 5}},
        {"Access-Control-Max-Age: 0", {0, 0, 0, 0}},
        {"access-control-max-age: 600", {600, 600, 600, 600}},
        {"Access-Control-Max-Age: 601", {601, 601, 601, 600}},
        {"Access-Control-Max-Age: 7201", {7201, 7200, 7201, 600}},
        {"Access-Control-Max-Age: 86401", {86401, 7200, 86400, 600}},
        {"Access-Control-Max-Age: 007", {7, 7, 7, 7}},
        {"Access-Control-Max-Age: -1", {5, 0, 0, 5}},
        {"Access-Control-Max-Age: +60", {5, 60, 0, 5}},
        {"Access-Control-Max-Age: abc", {5, 5, 0, 5}},
        {"Access-Control-Max-Age: 60s", {5, 5, 0, 5}},
        {"Access-Control-Max-Age: 6 0", {5, 5, 0, 5}},
        {"Access-Control-Max-Age: 1.5", {5, 5, 0, 5}},
        {"Access-Control-Max-Age:", {5, 5, 5, 5}},
        {"Access-Control-Max-Age: 60\nAccess-Control-Max-Age: 60", {5, 5, 0, 5}},
        {"Access-Control-Max-Age: 9223372036854775807",
         {9223372036854775807U, 7200, 86400, 600}},
        {"Access-Control-Max-Age: 9223372036854775808", {9223372036854775808U, 5, 86400, 600}},
        {"Access-Control-Max-Age: -9223372036854775808", {5, 0, 0, 5}},
        {"Access-Control-Max-Age: -9223372036854775809", {5, 5, 0, 5}},
    };
    for (size_t i = 0; i < MG_COUNT(ROWS); i++) {
        for (unsigned browser = 0; browser < MG_COUNT(ROWS[i].seconds); browser++) {
            struct test_response response;
            char desc[120];
            (void)snprintf(desc, sizeof(desc), "%s: %s",
                           mg_browser_profile((enum mg_browser)browser)->name, ROWS[i].lines);
            mg_expect_u64(desc,
                          mg_browser_max_age((enum mg_browser)browser,
                                             make_response(&response, 204, ROWS[i].lines)),
                          ROWS[i].seconds[browser]);
        }
    }
}

#define ORIGIN       "https://app.example"
#define ACAO_OK      "Access-Control-Allow-Origin: " ORIGIN "\n"
#define WITH_COOKIES ACAO_OK "Access-Control-Allow-Credentials: true\n"
#define METHODS      "Access-Control-Allow-Methods: "
#define HEADERS      "Access-Control-Allow-Headers: "

/* A preflight's answer. Unsafe names are joined with ",". */
struct row {
    const char *desc;
    const char *method;
    const char *unsafe;
    const char *lines;
    enum mg_outcome outcome;
    const char *culprit;
    unsigned status; /* 0: 204 */
    enum mg_browser browser;
    bool include;
    bool forced;
};

static struct mg_judgement judge_row(const struct row *row)
{
    struct mg_str names[TEST_MAX_FIELDS];
    struct test_response response;
    struct mg_browser_check check = {
        .browser = row->browser,
        .origin = MG_STR(ORIGIN),
        .include = row->include,
        .method = mg_str_from(row->method),
        .unsafe_names = {names, 0},
        .forced = row->forced,
    };
    struct mg_str rest = mg_str_from(row->unsafe);
    while (rest.len > 0) {
        names[check.unsafe_names.count++] = take_until(&rest, ',');
    }
    return mg_browser_judge_preflight(
        &check, make_response(&response, row->status == 0 ? 204 : row->status, row->lines),
        &test_arena);
}

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        mg_arena_reset(&test_arena);
        struct mg_judgement judgement = judge_row(&rows[i]);
        mg_expect_text(rows[i].desc, mg_outcome_name(judgement.outcome),
                       mg_outcome_name(rows[i].outcome));
        mg_expect_str(rows[i].desc, judgement.culprit, mg_str_from(rows[i].culprit));
        mg_expect_true(rows[i].desc, judgement.preflight);
    }
}

static void preflights_are_judged_in_order(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"nothing fits: the origin is named", "PUT", "x-a", METHODS "(\n" HEADERS "(",
         MG_OUTCOME_ACAO_MISSING, NULL, .status = 500},
        {"then the status", "PUT", "x-a", ACAO_OK METHODS "(\n" HEADERS "(",
         MG_OUTCOME_PREFLIGHT_STATUS, NULL, .status = 500},
        {"then the methods' syntax", "PUT", "x-a", ACAO_OK METHODS "(\n" HEADERS "(",
         MG_OUTCOME_ACAM_UNPARSEABLE, NULL, .status = 299},
        {"then the headers' syntax", "PUT", "x-a", ACAO_OK METHODS "GET\n" HEADERS "(",
         MG_OUTCOME_ACAH_UNPARSEABLE, NULL, .status = 204},
        {"then the method", "PUT", "authorization,x-a", ACAO_OK METHODS "GET",
         MG_OUTCOME_METHOD_DENIED, "PUT", .status = 204},
        {"then Authorization", "PUT", "a-a,authorization,x-a", ACAO_OK METHODS "PUT",
         MG_OUTCOME_AUTHORIZATION_NOT_LISTED, "authorization", .status = 204},
        {"then the first header", "PUT", "a-a,authorization,x-a",
         ACAO_OK METHODS "PUT\n" HEADERS "Authorization", MG_OUTCOME_HEADER_DENIED, "a-a",
         .status = 204},
        {"all of them fit", "PUT", "a-a,authorization,x-a",
         ACAO_OK METHODS "PUT\n" HEADERS "Authorization,A-A\n" HEADERS ",X-A,", MG_OUTCOME_OK,
         NULL, .status = 204},
        {"status 199", "GET", "", ACAO_OK, MG_OUTCOME_PREFLIGHT_STATUS, NULL, .status = 199},
        {"status 300", "GET", "", ACAO_OK, MG_OUTCOME_PREFLIGHT_STATUS, NULL, .status = 300},
        {"a header that is a prefix of a listed one", "GET", "x-a", ACAO_OK HEADERS "x-ab",
         MG_OUTCOME_HEADER_DENIED, "x-a", .status = 204},
        {"ACAO twice", "GET", "", ACAO_OK ACAO_OK, MG_OUTCOME_ACAO_MISMATCH, ORIGIN ", " ORIGIN,
         .status = 204},
        {"ACAO empty is there, and wrong", "GET", "",
         "Access-Control-Allow-Origin:", MG_OUTCOME_ACAO_MISMATCH, "", .status = 204},
        {"credentials without ACAC", "GET", "", ACAO_OK, MG_OUTCOME_ACAC_NOT_TRUE, "",
         .include = true},
        {"credentials with True", "GET", "", ACAO_OK "Access-Control-Allow-Credentials: True",
         MG_OUTCOME_ACAC_NOT_TRUE, "True", .include = true},
        {"an unsafe method that only a safelisted one's case differs from", "pOST", "", ACAO_OK,
         MG_OUTCOME_METHOD_DENIED, "pOST", .status = 204},
    };
    check_rows(ROWS, MG_COUNT(ROWS));
}

static void wildcards_count_without_credentials_only(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"any method", "PUT", "", ACAO_OK METHODS "*", MG_OUTCOME_OK, NULL, .status = 204},
        {"with credentials it is a name", "PUT", "", WITH_COOKIES METHODS "*",
         MG_OUTCOME_METHOD_DENIED, "PUT", .include = true},
        {"which a method may have", "*", "", WITH_COOKIES METHODS "*", MG_OUTCOME_OK, NULL,
         .include = true},
        {"any header", "GET", "x-a,x-b", ACAO_OK HEADERS "*", MG_OUTCOME_OK, NULL,
         .status = 204},
        {"with credentials it is a name", "GET", "x-a", WITH_COOKIES HEADERS "*",
         MG_OUTCOME_HEADER_DENIED, "x-a", .include = true},
        {"which a header may have", "GET", "*", WITH_COOKIES HEADERS "*", MG_OUTCOME_OK, NULL,
         .include = true},
        {"any header but Authorization", "GET", "authorization", ACAO_OK HEADERS "*",
         MG_OUTCOME_AUTHORIZATION_NOT_LISTED, "authorization", .status = 204},
        {"Chromium lets it through", "GET", "authorization", ACAO_OK HEADERS "*", MG_OUTCOME_OK,
         NULL, .browser = MG_BROWSER_CHROMIUM},
        {"Firefox too", "GET", "authorization", ACAO_OK HEADERS "*", MG_OUTCOME_OK, NULL,
         .browser = MG_BROWSER_FIREFOX},
        {"WebKit too", "GET", "authorization", ACAO_OK HEADERS "*", MG_OUTCOME_OK, NULL,
         .browser = MG_BROWSER_WEBKIT},
        {"not with credentials", "GET", "authorization", WITH_COOKIES HEADERS "*",
         MG_OUTCOME_AUTHORIZATION_NOT_LISTED, "authorization", .browser = MG_BROWSER_CHROMIUM,
         .include = true},
    };
    check_rows(ROWS, MG_COUNT(ROWS));
}

static void browsers_differ_where_their_profile_says_so(void **state)
{
    (void)state;
    static const struct row ROWS[] = {
        {"the flag alone allows its method", "PUT", "", ACAO_OK, MG_OUTCOME_OK, NULL,
         .forced = true},
        {"but not against a list", "PUT", "", ACAO_OK METHODS "", MG_OUTCOME_METHOD_DENIED,
         "PUT", .forced = true},
        {"nor in Chromium", "PUT", "", ACAO_OK, MG_OUTCOME_METHOD_DENIED, "PUT",
         .browser = MG_BROWSER_CHROMIUM, .forced = true},
        {"a redirect is not an ok status", "GET", "", ACAO_OK "Location: /",
         MG_OUTCOME_PREFLIGHT_STATUS, "/", .status = 301},
        {"Chromium names it", "GET", "", ACAO_OK "Location: /", MG_OUTCOME_PREFLIGHT_REDIRECT,
         NULL, .status = 308, .browser = MG_BROWSER_CHROMIUM},
        {"before it looks at ACAO", "GET", "", "Location: /", MG_OUTCOME_PREFLIGHT_REDIRECT,
         NULL, .status = 302, .browser = MG_BROWSER_CHROMIUM},
        {"but not without Location", "GET", "", "", MG_OUTCOME_ACAO_MISSING, NULL,
         .status = 302, .browser = MG_BROWSER_CHROMIUM},
        {"nor for 304", "GET", "", ACAO_OK "Location: /", MG_OUTCOME_PREFLIGHT_STATUS, NULL,
         .status = 304, .browser = MG_BROWSER_CHROMIUM},
    };
    check_rows(ROWS, MG_COUNT(ROWS));
}

static void headers_are_exposed(void **state)
{
    (void)state;
    static const struct {
        const char *desc;
        const char *lines;
        const char *plain;   /* exposed names without credentials */
        const char *include; /* with */
    } ROWS[] = {
        {"the safelisted ones", "ETag: 1\nContent-Type: a\nSet-Cookie: a", "content-type",
         "content-type"},
        {"listed ones in any case, over several lines",
         "ETag: 1\nX-A: 2\nAccess-Control-Expose-Headers: eTAG\nAccess-Control-Expose-Headers: "
         "x-a",
         "etag,x-a", "etag,x-a"},
        {"all by *", "X-B: 1\nX-A: 2\nAuthorization: 3\nAccess-Control-Expose-Headers: *",
         "access-control-expose-headers,authorization,x-a,x-b", ""},
        {"never Set-Cookie",
         "Set-Cookie: a\nSet-Cookie2: b\nAccess-Control-Expose-Headers: "
         "set-cookie, set-cookie2, *",
         "access-control-expose-headers", ""},
        {"nothing by a list that cannot be parsed",
         "ETag: 1\nAccess-Control-Expose-Headers: etag, x y", "", ""},
        {"a header called * with credentials", "*: 1\nAccess-Control-Expose-Headers: *",
         "*,access-control-expose-headers", "*"},
    };
    for (size_t i = 0; i < MG_COUNT(ROWS); i++) {
        struct test_response response;
        const struct mg_browser_response *head = make_response(&response, 200, ROWS[i].lines);
        mg_expect_str(ROWS[i].desc, joined(mg_browser_exposed_names(head, false, &test_arena)),
                      mg_str_from(ROWS[i].plain));
        mg_expect_str(ROWS[i].desc, joined(mg_browser_exposed_names(head, true, &test_arena)),
                      mg_str_from(ROWS[i].include));
    }
}

/* What a random answer of a preflight says. */
struct answer {
    struct mg_str origin;
    struct mg_str acac;
    struct mg_str methods[2];
    struct mg_str headers[2];
};

static struct answer random_answer(struct mg_prng *prng)
{
    static const char *const ORIGINS[] = {ORIGIN, "*", "null", "https://b.example", ""};
    static const char *const ACAC[] = {"true", "True", ""};
    static const char *const TOKENS[] = {"*", "PUT", "put", "x-a", "X-B", "authorization",
                                         "(", "",    "GET", "x-c"};
    struct answer answer = {
        .origin = pick(prng, ORIGINS, MG_COUNT(ORIGINS)),
        .acac = pick(prng, ACAC, MG_COUNT(ACAC)),
    };
    for (size_t i = 0; i < 2; i++) {
        answer.methods[i] = pick(prng, TOKENS, MG_COUNT(TOKENS));
        answer.headers[i] = pick(prng, TOKENS, MG_COUNT(TOKENS));
    }
    return answer;
}

static const char *plain_lines(const struct answer *answer)
{
    return mg_arena_printf(&test_arena,
                           "Access-Control-Allow-Origin: %.*s\n"
                           "Access-Control-Allow-Credentials: %.*s\n" METHODS
                           "%.*s,%.*s\n" HEADERS "%.*s, %.*s",
                           MG_STR_ARG(answer->origin), MG_STR_ARG(answer->acac),
                           MG_STR_ARG(answer->methods[0]), MG_STR_ARG(answer->methods[1]),
                           MG_STR_ARG(answer->headers[0]), MG_STR_ARG(answer->headers[1]))
        .ptr;
}

/* The same with names in another case, lists over several lines in another order, and fields in
 * between that have nothing to do with it. */
static const char *odd_lines(struct mg_prng *prng, const struct answer *answer)
{
    struct mg_str acam = shuffle_case(prng, MG_STR("Access-Control-Allow-Methods"));
    struct mg_str acah = shuffle_case(prng, MG_STR("Access-Control-Allow-Headers"));
    struct mg_str acao = shuffle_case(prng, MG_STR("Access-Control-Allow-Origin"));
    return mg_arena_printf(&test_arena,
                           "%.*s: %.*s\nX: 1\n%.*s: %.*s\n%.*s: %.*s\nVary: a\n%.*s: %.*s\n"
                           "%.*s: %.*s\naccess-control-allow-CREDENTIALS:%.*s",
                           MG_STR_ARG(acah), MG_STR_ARG(answer->headers[0]), MG_STR_ARG(acam),
                           MG_STR_ARG(answer->methods[0]), MG_STR_ARG(acah),
                           MG_STR_ARG(answer->headers[1]), MG_STR_ARG(acam),
                           MG_STR_ARG(answer->methods[1]), MG_STR_ARG(acao),
                           MG_STR_ARG(answer->origin), MG_STR_ARG(answer->acac))
        .ptr;
}

static void judging_does_not_depend_on_how_fields_are_written(void **state)
{
    (void)state;
    static const char *const UNSAFE[] = {"", "x-a", "x-a,x-b", "authorization,x-c"};
    struct mg_prng prng =
        mg_property_begin("judging does not depend on how fields are written");
    unsigned long seen[MG_OUTCOME_OUT_OF_MEMORY + 1] = {0};
    for (unsigned long i = mg_property_cases(10000); i > 0; i--) {
        mg_arena_reset(&test_arena);
        struct answer answer = random_answer(&prng);
        struct row row = {
            .desc = "random",
            .method = mg_prng_below(&prng, 2) == 0 ? "PUT" : "GET",
            .unsafe = UNSAFE[mg_prng_below(&prng, MG_COUNT(UNSAFE))],
            .lines = plain_lines(&answer),
            .status = mg_prng_below(&prng, 8) == 0 ? 404 : 204,
            .browser = (enum mg_browser)mg_prng_below(&prng, 4),
            .include = mg_prng_below(&prng, 2) == 0,
            .forced = mg_prng_below(&prng, 4) == 0,
        };
        struct mg_judgement plain = judge_row(&row);
        row.lines = odd_lines(&prng, &answer);
        struct mg_judgement odd = judge_row(&row);
        mg_expect_text(row.lines, mg_outcome_name(odd.outcome), mg_outcome_name(plain.outcome));
        mg_expect_str(row.lines, odd.culprit, plain.culprit);
        seen[plain.outcome]++;
    }
    mg_expect_true("allowed", seen[MG_OUTCOME_OK] > 0);
    mg_expect_true("a method denied", seen[MG_OUTCOME_METHOD_DENIED] > 0);
    mg_expect_true("a header denied", seen[MG_OUTCOME_HEADER_DENIED] > 0);
    mg_expect_true("Authorization denied", seen[MG_OUTCOME_AUTHORIZATION_NOT_LISTED] > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_are_judged),
        cmocka_unit_test(vectors_of_max_age_are_read),
        cmocka_unit_test(max_age_differs_between_browsers),
        cmocka_unit_test(preflights_are_judged_in_order),
        cmocka_unit_test(wildcards_count_without_credentials_only),
        cmocka_unit_test(browsers_differ_where_their_profile_says_so),
        cmocka_unit_test(headers_are_exposed),
        cmocka_unit_test(judging_does_not_depend_on_how_fields_are_written),
    };
    return cmocka_run_group_tests_name("browser_judge", tests, set_up_arena, tear_down_arena);
}
